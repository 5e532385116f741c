"""How goods travel, as data: carriers' services, the rules that choose one, label numbers, what customers chose."""

from decimal import Decimal

from django.contrib import admin

from accounts.states import STAFF, Role
from core.access import allow
from core.console import ReferenceAdmin
from core.quantity import plain
from fulfillment.models import CarrierService, LabelNumbering, ShippingChoice, ShippingRule

KEEP = {Role.WAREHOUSE, Role.OPERATOR}


@admin.register(CarrierService)
class CarrierServiceAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act=KEEP)
    list_display = ("code", "carrier", "name", "mode", "is_active")
    list_filter = ("mode", "is_active")
    search_fields = ("code", "carrier", "name")
    ordering = ("code",)


@admin.register(ShippingRule)
class ShippingRuleAdmin(ReferenceAdmin):
    """In the order in which they are asked: the first that fits takes the shipment."""

    access = allow(view=STAFF, act=KEEP)
    list_display = ("priority", "service", "account", "site", "region", "weight", "is_active")
    list_display_links = ("priority", "service")
    list_filter = ("is_active", "service", "site", "country")
    search_fields = ("service__code", "account__code", "account__name", "region")
    list_select_related = ("service", "account", "site")
    autocomplete_fields = ("service", "account", "site")
    ordering = ("priority", "pk")

    @admin.display(description="weight, kg")
    def weight(self, row: ShippingRule) -> str:
        least, most = row.min_weight_kg, row.max_weight_kg
        if least is None and most is None:
            return "any"
        if most is None:
            return f"from {plain(least or Decimal(0))}"
        return f"{plain(least or Decimal(0))} to {plain(most)}"


@admin.register(LabelNumbering)
class LabelNumberingAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act={Role.OPERATOR})
    list_display = ("company_prefix", "extension_digit", "where")
    list_select_related = ("site",)
    search_fields = ("company_prefix", "site__code")
    ordering = ("pk",)

    @admin.display(description="site")
    def where(self, row: LabelNumbering) -> str:
        return str(row.site) if row.site else "all others"


@admin.register(ShippingChoice)
class ShippingChoiceAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act={Role.CS, Role.CS_LEAD, Role.OPERATOR})
    list_display = ("account", "is_consolidated")
    list_filter = ("is_consolidated",)
    search_fields = ("account__code", "account__name")
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    ordering = ("account__code",)
