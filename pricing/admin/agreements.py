"""Prices agreed for one document, and volumes promised on contracts."""

from decimal import Decimal

from django.contrib import admin

from core import clock
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, ReferenceAdmin
from pricing.admin.sources import DESK, LOOK
from pricing.models import Commitment, CommitmentUse, PriceAgreement, PriceAgreementRow
from pricing.rules.commitments import Standing, standing

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
    fields = ("ref_kind", "ref_id", "qty", "amount", "on")
    ordering = ("-pk",)
    verbose_name_plural = "called off"


@admin.register(Commitment)
class CommitmentAdmin(ReferenceAdmin):
    """What is called off is counted by orders, never typed."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("source", "about", "valid_to", "promised", "called_off", "forecast", "missing")
    list_filter = ("measure", "valid_from", "valid_to")
    search_fields = ("source__code", "product__sku", "product__name")
    list_select_related = ("source", "product")
    autocomplete_fields = ("source", "product")
    fields = (
        ("source", "product"),
        ("valid_from", "valid_to"),
        ("measure", "committed_qty", "committed_amount"),
        ("called_off", "forecast", "missing"),
    )
    readonly_fields = ("called_off", "forecast", "missing")
    inlines = (Uses,)
    ordering = ("valid_to", "source__code")

    @admin.display(description="of")
    def about(self, row: Commitment) -> str:
        return str(row.product or "everything")

    @admin.display(description="promised")
    def promised(self, row: Commitment) -> str:
        return _told(row, row.committed)

    @admin.display(description="called off")
    def called_off(self, row: Commitment) -> str:
        return "–" if row._state.adding else _told(row, row.consumed)

    @admin.display(description="at this pace")
    def forecast(self, row: Commitment) -> str:
        return "–" if row._state.adding else _told(row, _standing(row).forecast)

    @admin.display(description="would be missing")
    def missing(self, row: Commitment) -> str:
        if row._state.adding or not (at := _standing(row)).is_short:
            return "–"
        return _told(row, at.shortfall)


def _told(row: Commitment, number: Decimal) -> str:
    whole = number.quantize(WHOLE)
    if row.is_money:
        return f"{whole:,} {row.source.currency}"
    return f"{whole:,} {row.product.base_unit}" if row.product else f"{whole:,}"


def _standing(row: Commitment) -> Standing:
    on = clock.now().date()
    return standing(row.committed, row.consumed, start=row.valid_from, end=row.valid_to, on=on)
