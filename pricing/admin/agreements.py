"""Prices agreed for one document, and volumes promised on contracts."""

from decimal import Decimal

from django.contrib import admin

from core import clock, refs
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, ReferenceAdmin
from core.refs import DocumentRef
from pricing.admin.sources import DESK, LOOK
from pricing.models import Commitment, CommitmentUse, PriceAgreement, PriceAgreementRow
from pricing.rules.commitments import Standing, standing

WHOLE = Decimal(1)
NEWEST = 1_000


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
    fields = ("document", "qty", "amount", "on")
    readonly_fields = ("document",)
    ordering = ("-pk",)
    verbose_name_plural = "called off"

    @admin.display(description="by")
    def document(self, row: CommitmentUse) -> str:
        known = self.__dict__.setdefault("named", {})  # an inline is made for one page
        if row.commitment_id not in known:
            known[row.commitment_id] = _named(row.commitment_id)
        return str(known[row.commitment_id].get(row.pk) or DocumentRef(row.ref_kind, row.ref_id))


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
        "measure",
        ("committed_qty", "committed_amount"),
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


def _named(commitment_id: int) -> dict[int, DocumentRef]:
    """What called it off, the newest, as people call it. 2 SQL."""
    uses = list(CommitmentUse.objects.filter(commitment=commitment_id).order_by("-pk")[:NEWEST])
    named = refs.numbered(DocumentRef(u.ref_kind, u.ref_id) for u in uses)
    return dict(zip((u.pk for u in uses), named, strict=True))


def _told(row: Commitment, number: Decimal) -> str:
    whole = number.quantize(WHOLE)
    if row.is_money:
        return f"{whole:,} {row.source.currency}"
    return f"{whole:,} {row.product.base_unit}" if row.product else f"{whole:,}"


def _standing(row: Commitment) -> Standing:
    on = clock.now().date()
    return standing(row.committed, row.consumed, start=row.valid_from, end=row.valid_to, on=on)
