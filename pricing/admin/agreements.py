"""Prices agreed for one document, and volumes promised on contracts."""

from decimal import Decimal

from django.contrib import admin

from core import clock
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, ReferenceAdmin
from pricing.admin.sources import DESK, LOOK
from pricing.models import Commitment, CommitmentUse, PriceAgreement, PriceAgreementRow
from pricing.rules.commitments import Standing, standing
from pricing.rules.numbers import plain

WHOLE = Decimal(1)


class AgreedRows(ReadOnlyInline):
    model = PriceAgreementRow
    fields = ("product", "min_qty", "unit_price")
    ordering = ("product__sku", "min_qty")
    verbose_name_plural = "agreed prices"


@admin.register(PriceAgreement)
class AgreementAdmin(LedgerAdmin):
    """Written by quotes and deals; pricing honours it until it runs out."""

    access = allow(view=LOOK | DESK)
    list_display = ("__str__", "account", "currency", "valid_until", "created_at")
    list_filter = ("ref_kind", "currency", "valid_until", "created_at")
    search_fields = ("ref_number", "account__code", "account__name")
    list_select_related = ("account",)
    inlines = (AgreedRows,)
    ordering = ("-pk",)


class Uses(ReadOnlyInline):
    model = CommitmentUse
    fields = ("ref_kind", "ref_id", "qty", "on")
    ordering = ("-pk",)
    verbose_name_plural = "called off"


@admin.register(Commitment)
class CommitmentAdmin(ReferenceAdmin):
    """What is called off is counted by orders, never typed."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("source", "product", "valid_to", "committed_qty", "consumed_qty", "forecast", "missing")
    list_filter = ("valid_from", "valid_to")
    search_fields = ("source__code", "product__sku", "product__name")
    list_select_related = ("source", "product")
    autocomplete_fields = ("source", "product")
    readonly_fields = ("consumed_qty",)
    inlines = (Uses,)
    ordering = ("valid_to", "source__code")

    @admin.display(description="at this pace")
    def forecast(self, row: Commitment) -> str:
        return plain(_standing(row).forecast.quantize(WHOLE))

    @admin.display(description="would be missing")
    def missing(self, row: Commitment) -> str:
        at = _standing(row)
        return plain(at.shortfall.quantize(WHOLE)) if at.is_short else "–"


def _standing(row: Commitment) -> Standing:
    on = clock.now().date()
    return standing(row.committed_qty, row.consumed_qty, start=row.valid_from, end=row.valid_to, on=on)
