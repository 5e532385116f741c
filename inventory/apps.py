from collections.abc import Callable
from functools import partial

from django.apps import AppConfig

KINDS = {
    "site": ("Site", "site"),
    "demand": ("Demand", "demand"),
    "stock_balance": ("Stock", "stockbalance"),
    "inbound_supply": ("Inbound supply", "inboundsupply"),
    "sourcing_rule": ("Sourcing rule", "sourcingrule"),
    "transit_lane": ("Transit lane", "transitlane"),
    "allocation_run": ("Allocation run", "allocationrun"),
    "allocation_policy": ("Allocation policy", "allocationpolicy"),
    "pool": ("Pool", "pool"),
    "safety_stock": ("Safety stock", "safetystock"),
    "order_cap": ("Order cap", "ordercap"),
}
FIELD_KINDS = {
    "field_usage": ("Usage", "fieldusage", ""),
    "fill_up": ("Fill-up", "fillup", "fill_up"),
    "transfer_offer": ("Offer", "transferoffer", "transfer_offer"),
    "transfer_dispute": ("Dispute", "transferdispute", "transfer_dispute"),
}


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = "Inventory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import panels, refs
        from inventory import checks, pool_checks, pool_sheets, sheets, sourcing_sheets, vendor_sheets
        from inventory.field_papers import paper_numbers
        from inventory.field_queries import usage_numbers
        from inventory.lot_queries import transfer_numbers
        from inventory.movement_papers import count_numbers, lot_codes
        from inventory.panels import stock_panel
        from inventory.vendor_queries import offer_names

        checks.register()
        pool_checks.register()
        panels.register("product", panels.Panel("Stock", 10, stock_panel))
        sheets.register()
        sourcing_sheets.register()
        pool_sheets.register()
        vendor_sheets.register()
        for kind, (label, model) in KINDS.items():
            refs.register(kind, label, _console_page(model))
        for kind, (label, model, numbers) in FIELD_KINDS.items():
            refs.register(
                kind, label, _console_page(model), partial(paper_numbers, numbers) if numbers else usage_numbers
            )
        refs.register("vendor_offer", "Vendor's offer", _console_page("vendoroffer"), offer_names)
        refs.register("lot", "Lot", _console_page("lot"), lot_codes)
        refs.register("stock_count", "Count", _console_page("stockcount"), count_numbers)
        refs.register("transfer", "Transfer", _console_page("transfer"), transfer_numbers)


def _console_page(model: str) -> Callable[[int], str]:
    from django.urls import reverse

    return lambda pk: reverse(f"admin:inventory_{model}_change", args=[pk])
