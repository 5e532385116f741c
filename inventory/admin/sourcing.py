"""Who may serve what, and how goods get there: sourcing rules and transit lanes."""

from django.contrib import admin
from unfold.decorators import display

from accounts.states import STAFF, Role
from core.access import allow
from core.console import ReferenceAdmin
from core.lists import typed
from inventory.models import SourcingRule, TransitLane
from inventory.states import Hardness

KEEPERS = {Role.PLANNER, Role.OPERATOR}


@admin.register(SourcingRule)
class SourcingRuleAdmin(ReferenceAdmin):
    access = allow(view=set(STAFF), act=KEEPERS)
    list_display = ("name", "scope", "candidates", "max_shipments", "constraints", "is_active")
    list_filter = (
        "is_active", typed("account code", "account__code"), typed("SKU", "product__sku"), "region", "fulfilment",
        "max_shipments", "joins_inbound", "distance", "cutoff", "capacity",
    )  # fmt: skip
    search_fields = ("name", "account__code", "product__sku", "category__code")
    search_help_text = "Name, account, SKU or category"
    list_select_related = ("account", "product", "category")
    ordering = ("name",)
    raw_id_fields = ("account", "product", "category")
    fieldsets = (
        (None, {"fields": ("name", "is_active")}),
        ("Which demand", {"fields": ("account", "product", "category", "region", "fulfilment")}),
        ("Which sites", {"fields": ("sites",)}),
        ("How an order ships", {"fields": ("max_shipments", "ship_complete", "joins_inbound", "min_shelf_life_days")}),
        ("What keeps a site out", {"fields": ("max_distance_km", "distance", "cutoff", "capacity")}),
    )

    @display(description="For")
    def scope(self, row: SourcingRule) -> str:
        parts = [str(p) for p in (row.account, row.product, row.category) if p is not None]
        parts += [f"to {row.region}"] if row.region else []
        parts += [row.get_fulfilment_display()] if row.fulfilment else []
        return ", ".join(parts) or "everything else"

    @display(description="Keeps out")
    def constraints(self, row: SourcingRule) -> str:
        parts = (("distance", row.distance), ("cut-off", row.cutoff), ("capacity", row.capacity))
        return ", ".join(f"{how} {name}" for name, how in parts if how != Hardness.OFF)

    @display(description="Sites")
    def candidates(self, row: SourcingRule) -> str:
        return ", ".join(row.sites) or "every DC, hub and third party"


@admin.register(TransitLane)
class TransitLaneAdmin(ReferenceAdmin):
    access = allow(view=set(STAFF), act=KEEPERS)
    list_display = ("site", "to", "transit_days", "calendar", "costs", "distance_km")
    list_display_links = ("site", "to")
    list_filter = ("site", "region", "calendar", "transit_days")
    search_fields = ("site__code", "region")
    search_help_text = "Site or region"
    list_select_related = ("site", "calendar")
    ordering = ("site__code", "region")

    @display(description="To", ordering="region")
    def to(self, row: TransitLane) -> str:
        return row.region or "everywhere else"

    @display(description="Shipment, kg, unit", ordering="cost_per_shipment")
    def costs(self, row: TransitLane) -> str:
        return f"{row.cost_per_shipment:,.2f} + {row.cost_per_kg:,.2f} a kg + {row.cost_per_unit:,.2f} a unit"
