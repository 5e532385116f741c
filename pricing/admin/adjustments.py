"""What comes off or onto prices, tiers of members, and the tables of tax and freight."""

from django.contrib import admin

from core.access import allow
from core.console import ReferenceAdmin
from pricing.admin.sources import DESK, LOOK
from pricing.models import FreightRate, PriceAdjustment, TaxRate, TierActivation


@admin.register(PriceAdjustment)
class PriceAdjustmentAdmin(ReferenceAdmin):
    """Rows of one code are its tiers; how several adjustments go together is said by each."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("code", "kind", "value", "method", "combination", "valid_from", "valid_to")
    list_filter = ("kind", "method", "combination", "is_active", "valid_from", "valid_to")
    search_fields = ("code", "name")
    autocomplete_fields = ("source", "account", "group", "territory", "product", "category")
    ordering = ("code", "min_qty", "valid_from")
    fieldsets = (
        (None, {"fields": (("code", "name"), ("kind", "is_active"), ("method", "value"), "currency")}),
        ("When", {"fields": (("valid_from", "valid_to"), ("min_qty", "counts"))}),
        ("With others", {"fields": (("combination", "sequence"),)}),
        ("For whom", {"fields": (("account", "group"), "territory")}),
        ("On what", {"fields": (("product", "category"), "source")}),
    )


@admin.register(TierActivation)
class TierActivationAdmin(ReferenceAdmin):
    """Which tier of a group's contract a member is on."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("account", "source", "tier", "valid_from", "valid_to")
    list_filter = ("tier", "valid_from", "valid_to")
    search_fields = ("account__code", "account__name", "source__code")
    list_select_related = ("account", "source")
    autocomplete_fields = ("account", "source")
    ordering = ("account__code", "source__code", "valid_from")


@admin.register(TaxRate)
class TaxRateAdmin(ReferenceAdmin):
    access = allow(view=LOOK, act=DESK)
    list_display = ("region", "percent", "valid_from", "valid_to")
    list_display_links = ("region", "percent")
    list_filter = ("valid_from", "valid_to")
    search_fields = ("region",)
    ordering = ("region", "valid_from")


@admin.register(FreightRate)
class FreightRateAdmin(ReferenceAdmin):
    access = allow(view=LOOK, act=DESK)
    list_display = ("region", "percent", "free_from_amount", "valid_from", "valid_to")
    list_display_links = ("region", "percent")
    list_filter = ("valid_from", "valid_to")
    search_fields = ("region",)
    ordering = ("region", "valid_from")
