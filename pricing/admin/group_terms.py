"""What is agreed with buying groups beside prices: rebates of their members, chargebacks of distributors."""

from django.contrib import admin

from core.access import allow
from core.console import ReferenceAdmin
from pricing.admin.sources import DESK, LOOK
from pricing.models import ChargebackTerms, RebateProgram


@admin.register(RebateProgram)
class RebateProgramAdmin(ReferenceAdmin):
    """Billing accrues it per invoice line; what is owed is paid from the list of rebates."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("code", "group", "product", "category", "percent", "valid_from", "valid_to")
    list_filter = ("group", "valid_from", "valid_to")
    list_select_related = ("group", "product", "category")
    autocomplete_fields = ("group", "product", "category")
    search_fields = ("code", "name", "group__code")
    ordering = ("code",)


@admin.register(ChargebackTerms)
class ChargebackTermsAdmin(ReferenceAdmin):
    """A group without a row: 90 days, the contract's price to the last place."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("group", "claim_days", "price_tolerance", "valid_from", "valid_to")
    list_filter = ("valid_from", "valid_to")
    list_select_related = ("group",)
    autocomplete_fields = ("group",)
    search_fields = ("group__code", "group__name")
    ordering = ("group__code", "valid_from")
