"""What vendors sell us to order, at what cost. Whoever may not know a cost does not see this screen."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from accounts.states import Role
from core import clock
from core.access import allow
from core.console import ServiceAdmin, actor_of
from core.lists import typed
from core.quantity import plain
from inventory.admin.pools import PoolForm
from inventory.models import VendorOffer
from inventory.services.save_vendor_offer import save_vendor_offer

KEEPERS = {Role.PLANNER, Role.OPERATOR}
LOOKERS = {Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR}


@admin.register(VendorOffer)
class VendorOfferAdmin(ServiceAdmin):
    access = allow(view=LOOKERS, act=KEEPERS)
    form = PoolForm
    list_display = ("product", "site", "vendor_sku", "cost", "most", "state")
    list_filter = ("site", typed("SKU", "product__sku"), "is_active", "out_since")
    search_fields = ("product__sku", "product__name", "vendor_sku", "site__code")
    search_help_text = "SKU, vendor's number or vendor"
    list_select_related = ("product", "site", "balance")
    ordering = ("site__code", "product__sku")
    autocomplete_fields = ("product",)
    fields = ("site", "product", "vendor_sku", "unit_cost", "currency", "most_qty", "is_active")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """An offer of another vendor or product is another offer."""
        return ("site", "product") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: VendorOffer, form: Any, change: bool) -> None:
        save_vendor_offer(row=obj, actor=actor_of(request), now=clock.now())

    @display(description="Cost")
    def cost(self, row: VendorOffer) -> str:
        return f"{plain(row.unit_cost)} {row.currency}"

    @display(description="At most at once", ordering="most_qty")
    def most(self, row: VendorOffer) -> str:
        return plain(row.most_qty)

    @display(description="Now")
    def state(self, row: VendorOffer) -> str:
        if not row.is_active:
            return "not offered"
        if row.out_since is not None:
            return f"out since {row.out_since:%d %b %Y}: save it when the vendor has it again"
        b = row.balance
        asked = Decimal(0) if b is None else b.reserved_qty + b.allocated_qty + b.released_qty + b.picked_qty
        return f"{plain(asked)} on order" if asked else "can be asked for"
