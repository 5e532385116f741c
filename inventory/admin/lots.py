"""Lots with their days to expiry and where they are; recall, with everybody it touches, and where the lot went."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from core import clock, journal, refs
from core.access import allow
from core.console import LedgerAdmin, actor_of, row_id
from core.exports import csv_lines
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps
from inventory.admin.steps import Cell, Field, Head, Step, Table
from inventory.admin.stock import LOOKERS, STOCK_KEEPERS
from inventory.lot_queries import LotClaim, LotShipment, lot_claims, lot_holdings, shipments_with_lot
from inventory.models import Lot, Site, StockBalance
from inventory.services.recall_lot import lift_recall, recall_lot

SHOWN_SHIPMENTS = 100
ZERO = Decimal(0)
WINDOWS = (("past", "Past its date"), ("30", "Within 30 days"), ("60", "Within 60 days"), ("90", "Within 90 days"))
_IN_STOCK = StockBalance.objects.filter(lot=OuterRef("pk"), on_hand_qty__gt=0)


class ExpiryFilter(admin.SimpleListFilter):
    title, parameter_name = "days to expiry", "expires"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return WINDOWS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lot]) -> QuerySet[Lot]:
        today, value = clock.now().date(), self.value()
        if value == "past":
            return queryset.filter(expiry_date__lt=today)
        if value in ("30", "60", "90"):
            return queryset.filter(expiry_date__range=(today, today + timedelta(days=int(value))))
        return queryset


class InStockFilter(admin.SimpleListFilter):
    title, parameter_name = "in stock at", "site"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("any", "Any site"), *((str(s.pk), s.code) for s in Site.objects.order_by("rank", "code"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lot]) -> QuerySet[Lot]:
        value = self.value() or ""
        if value == "any":
            return queryset.filter(Exists(_IN_STOCK))
        if site_id := row_id(value):
            return queryset.filter(Exists(_IN_STOCK.filter(site_id=site_id)))
        return queryset


@admin.register(Lot)
class LotAdmin(LedgerAdmin):
    access = allow(view=LOOKERS, act=STOCK_KEEPERS)
    list_display = ("code", "product", "expiry_date", "days_left", "on_hand_now", "places", "recalled")
    list_filter = (ExpiryFilter, InStockFilter, "is_recalled", "expiry_date")
    search_fields = ("code", "product__sku")
    search_help_text = "Lot or SKU"
    list_select_related = ("product",)
    ordering = ("expiry_date", "code")
    export_columns = (
        ("Lot", "code"), ("SKU", "product__sku"), ("Expires", "expiry_date"), ("Recalled", "is_recalled"),
        ("On hand", "on_hand"),
    )  # fmt: skip
    fields = readonly_fields = ("code", "product", "expiry_date", "days_left", "is_recalled", "here", "claimed", "went")
    change_form_template = "admin/inventory/page.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        here = _IN_STOCK.order_by().values("lot")
        total = Subquery(here.annotate(total=Sum("on_hand_qty")).values("total"))
        return super().get_queryset(request).annotate(on_hand=total)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Where the page's lots are, asked once for all of them."""
        found = super().get_changelist_instance(request)
        holdings = lot_holdings([lot.pk for lot in found.result_list])
        for lot in found.result_list:
            lot.holdings = holdings[lot.pk]
        return found

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:lot_id>/shipments/", view(self.shipments_view), name="inventory_lot_shipments"),
            path("<int:lot_id>/recall/", view(self.recall_view), name="inventory_lot_recall"),
        ]
        return own + super().get_urls()

    @display(description="Days left", ordering="expiry_date")
    def days_left(self, lot: Lot) -> str:
        return "–" if lot.expiry_date is None else str((lot.expiry_date - clock.now().date()).days)

    @display(description="On hand")
    def on_hand_now(self, lot: Any) -> str:
        return plain(lot.on_hand or ZERO)

    @display(description="Where")
    def places(self, lot: Any) -> str:
        return ", ".join(f"{h.site} {plain(h.on_hand)}{_status(h.status)}" for h in lot.holdings) or "–"

    @display(description="State", ordering="is_recalled", label={"recalled": "danger"})
    def recalled(self, lot: Lot) -> Any:
        return ("recalled", "Recalled") if lot.is_recalled else None

    @display(description="In stock")
    def here(self, lot: Lot) -> Any:
        rows = [
            (h.site, plain(h.on_hand), h.status, plain(h.promised), plain(h.in_warehouse))
            for h in lot_holdings([lot.pk])[lot.pk]
        ]
        return format_html_join("", "<div>{}: {} {}, {} promised, {} released or picked</div>", rows) or "Nowhere."

    @display(description="Claimed by")
    def claimed(self, lot: Lot) -> Any:
        rows = [(_link(c.document), c.line_no, plain(c.qty), c.kind, c.site) for c in lot_claims(lot.pk)]
        return format_html_join("", "<div>{} line {}: {} {} at {}</div>", rows) or "Nobody."

    @display(description="Shipped in")
    def went(self, lot: Lot) -> Any:
        found = shipments_with_lot(lot.pk)
        rows = [
            (_link(s.shipment), f"{s.shipped_at:%d %b %Y}", plain(s.qty), s.account or "–", _link(s.document))
            for s in found
        ]
        shown = format_html_join("", "<div>{} on {}: {} to {}, {}</div>", rows[:SHOWN_SHIPMENTS])
        if not rows:
            return "Nothing of it was shipped."
        url = reverse("admin:inventory_lot_shipments", args=[lot.pk])
        return format_html('{}<div><a href="{}">All {} as CSV</a></div>', shown, url, len(rows))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        lot = Lot.objects.filter(pk=row_id(object_id)).first()
        extra = dict(extra_context or {})
        if lot is not None:
            extra["timeline"] = journal.timeline(DocumentRef("lot", lot.pk))
            if self.access.may_act(request.user):
                url = reverse("admin:inventory_lot_recall", args=[lot.pk])
                extra["steps"] = [(url, "Lift the recall…" if lot.is_recalled else "Recall…")]
        return super().change_view(request, object_id, form_url, extra)

    def shipments_view(self, request: HttpRequest, lot_id: int) -> HttpResponse | StreamingHttpResponse:
        """Every shipment that contained the lot, as a file."""
        if not self.has_view_permission(request):
            messages.error(request, "You may not look at lots.")
            return HttpResponse(status=403)
        lot = Lot.objects.filter(pk=lot_id).first()
        if lot is None:
            return HttpResponseRedirect(reverse("admin:inventory_lot_changelist"))
        titles = ("Shipment", "Shipped", "Site", "Account", "Document", "Line", "Quantity")
        lines = csv_lines(titles, (_row(s) for s in shipments_with_lot(lot.pk)))
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="lot-{lot.pk}-shipments.csv"'
        return answer

    def recall_view(self, request: HttpRequest, lot_id: int) -> HttpResponse:
        self.require_act(request)
        lot = Lot.objects.select_related("product").filter(pk=lot_id).first()
        if lot is None:
            messages.error(request, "There is no such lot.")
            return HttpResponseRedirect(reverse("admin:inventory_lot_changelist"))
        made: Callable[[HttpRequest, Lot, str], HttpResponse] = self._lift if lot.is_recalled else self._recall
        return made(request, lot, reverse("admin:inventory_lot_change", args=[lot.pk]))

    def _recall(self, request: HttpRequest, lot: Lot, back: str) -> HttpResponse:
        reason = Field("reason", "Why", request.POST.get("reason", ""), help="Quality and auditors read it.")
        claims, went = lot_claims(lot.pk), shipments_with_lot(lot.pk)
        here = Table(
            (Head("Site"), Head("Status"), Head("On hand", True), Head("Promised", True), Head("In the warehouse", True)),
            [
                (Cell(h.site), Cell(h.status), *(steps.number(q) for q in (h.on_hand, h.promised, h.in_warehouse)))
                for h in lot_holdings([lot.pk])[lot.pk]
            ],
            title="Blocked at once",
            empty="Nothing of it is in stock.",
        )  # fmt: skip
        who = Table(
            (Head("Document"), Head("Line"), Head("Site"), Head("Claim"), Head("Quantity", True)),
            [_claim(c) for c in claims],
            title="Lose their stock, a case each",
            empty="Nobody has claimed any.",
        )  # fmt: skip
        intro = (
            f"{lot.product} lot {lot.code} is blocked everywhere in one step. {len(went)} shipment line(s) had some.",
        )
        step = Step(f"Recall lot {lot.code}", "Recall the lot", back, intro, (here, who), (reason,))

        def act() -> str:
            done = recall_lot(lot_id=lot.pk, reason=reason.value, actor=actor_of(request), now=clock.now())
            return (
                f"{plain(done.blocked)} blocked, {done.gave_way} claim(s) gave way, {done.in_the_warehouse} to be stopped "
                f"in the warehouse, {done.transfers} transfer(s) on the way."
            )

        return steps.run(self, request, step, act)

    def _lift(self, request: HttpRequest, lot: Lot, back: str) -> HttpResponse:
        reason = Field("reason", "Why", request.POST.get("reason", ""), help="Quality and auditors read it.")
        intro = ("What is recalled goes to quarantine; release it from there when it is checked.",)
        step = Step(f"Lift the recall of lot {lot.code}", "Lift the recall", back, intro, fields=(reason,))

        def act() -> str:
            moved = lift_recall(lot_id=lot.pk, reason=reason.value, actor=actor_of(request), now=clock.now())
            return f"{plain(moved)} are in quarantine."

        return steps.run(self, request, step, act)


def _claim(c: LotClaim) -> tuple[Cell, ...]:
    document = Cell(str(c.document), url=refs.url_of(c.document))
    return document, Cell(str(c.line_no)), Cell(c.site), Cell(c.kind), steps.number(c.qty)


def _row(s: LotShipment) -> tuple[object, ...]:
    return (str(s.shipment), s.shipped_at, s.site, s.account, str(s.document), s.line_no, s.qty)


def _link(ref: DocumentRef) -> Any:
    url = refs.url_of(ref)
    return format_html('<a href="{}">{}</a>', url, str(ref)) if url else str(ref)


def _status(status: str) -> str:
    return "" if status == "available" else f" {status}"
