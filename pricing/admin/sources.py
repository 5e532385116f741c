"""Price lists and contracts with their prices, and the page that explains a price."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action

from accounts.states import Role
from core.access import allow
from core.console import ReferenceAdmin
from pricing.admin.explain import explain_price
from pricing.models import PriceRow, PriceSource

LOOK = {Role.CS, Role.CS_LEAD, Role.FINANCE, Role.FINANCE_APPROVER, Role.PLANNER, Role.AUDITOR, Role.OPERATOR}
DESK = {Role.PRICING}


@admin.register(PriceSource)
class PriceSourceAdmin(ReferenceAdmin):
    """A list, a group's or segment's prices, or an account's contract; its prices are a list of their own."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("code", "name", "level", "for_whom", "currency", "valid_from", "valid_to")
    list_filter = ("level", "currency", "is_active", "valid_from", "valid_to", "contract")
    search_fields = ("code", "name", "account__code", "account__name", "group__code", "group__name")
    list_select_related = ("account", "group", "territory")
    autocomplete_fields = ("account", "group", "territory", "contract")
    readonly_fields = ("prices",)
    ordering = ("code",)
    actions_list = ("explain",)
    fieldsets = (
        (None, {"fields": (("code", "name"), ("level", "currency"), "prices")}),
        ("For whom", {"fields": (("account", "group"), ("territory", "covers_children"), "needs_activation")}),
        ("When", {"fields": (("valid_from", "valid_to"), ("date_policy", "is_active"), "contract")}),
        ("How it ranks", {"fields": (("priority", "margin_floor_percent"), "converts")}),
    )

    @admin.display(description="for")
    def for_whom(self, row: PriceSource) -> str:
        named = [str(party) for party in (row.account, row.group, row.territory) if party]
        return ", ".join(named) or "everybody"

    @admin.display(description="prices")
    def prices(self, row: PriceSource) -> str:
        if row._state.adding:
            return "Save the list first."
        url = reverse("admin:pricing_pricerow_changelist")
        return format_html('<a href="{}?source__id__exact={}">{} prices</a>', url, row.pk, row.rows.count())

    @action(description="Explain a price", url_path="explain", permissions=["view"])
    def explain(self, request: HttpRequest) -> HttpResponse:
        return explain_price(request, self)


@admin.register(PriceRow)
class PriceRowAdmin(ReferenceAdmin):
    """One unit price per base unit, from a quantity on, over a half-open period."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("product", "source", "min_qty", "unit_price", "tier", "valid_from", "valid_to")
    list_filter = ("source__level", "source__currency", "tier", "valid_from", "valid_to")
    search_fields = ("product__sku", "product__name", "source__code")
    list_select_related = ("product", "source")
    autocomplete_fields = ("source", "product")
    ordering = ("product__sku", "source__code", "min_qty")
