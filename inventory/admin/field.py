"""Stock in the field: par levels, fill-ups, what was used, offers between keepers, disputes, and a board of all sites."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import action, display

from accounts.states import Role
from core import clock, journal
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, ReferenceAdmin, actor_of, row_id
from core.panels import rendered
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps
from inventory.admin.field_board import board_page
from inventory.admin.steps import Field, Step
from inventory.admin.stock import LOOKERS, STOCK_KEEPERS
from inventory.models import (
    FieldUsage,
    FillUp,
    FillUpLine,
    OfferLine,
    ParLevel,
    TransferDispute,
    TransferOffer,
    UsageLine,
)
from inventory.services.acknowledge_transfer import MAY_SETTLE, settle_dispute
from inventory.services.ask_fill_up import replenish
from inventory.services.offer_transfer import accept_offer, decline_offer
from inventory.services.prepare_fill_ups import prepare_fill_ups
from inventory.states import DisputeOutcome, DisputeStatus, OfferStatus

PLANNERS = {Role.PLANNER, Role.OPERATOR}
CARE = {Role.CS, Role.CS_LEAD}
OFFER_TONES = {"offered": "info", "accepted": "success", "declined": "warning", "expired": "default"}
USAGE_TONES = {"recorded": "warning", "billed": "success"}
DISPUTE_TONES = {"open": "warning", "settled": "success"}


class Paper(LedgerAdmin):
    """A document that services write: its page shows the steps that are open to the reader, and what happened."""

    change_form_template = "admin/inventory/page.html"
    kind = ""

    def steps_of(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row, extra = self.model._default_manager.filter(pk=row_id(object_id)).first(), dict(extra_context or {})
        if row is not None:
            ref = DocumentRef(self.kind, row.pk)
            extra |= {"timeline": journal.timeline(ref), "panels": rendered(ref, request)}
            extra["steps"] = self.steps_of(request, row)
        return super().change_view(request, object_id, form_url, extra)


@admin.register(ParLevel)
class ParLevelAdmin(ReferenceAdmin):
    access = allow(view=LOOKERS, act=PLANNERS)
    list_display = ("site", "product", "par", "refill")
    list_filter = ("site",)
    search_fields = ("product__sku", "product__name", "site__code")
    list_select_related = ("site", "product")
    ordering = ("site__code", "product__sku")
    autocomplete_fields = ("site", "product")
    actions_list = ("board",)

    @display(description="Par", ordering="par_qty")
    def par(self, row: ParLevel) -> str:
        return plain(row.par_qty)

    @display(description="Filled up below", ordering="refill_below_qty")
    def refill(self, row: ParLevel) -> str:
        return "par" if row.refill_below_qty is None else plain(row.refill_below_qty)

    @action(description="Trunks and consignments", url_path="board", permissions=["view"])
    def board(self, request: HttpRequest) -> HttpResponse:
        return board_page(request, self)


class UsageLineInline(ReadOnlyInline):
    model = UsageLine
    fields = readonly_fields = ("product", "lot", "used", "base", "code")
    verbose_name_plural = "lines"
    ordering = ("line_no",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "lot")

    @display(description="Used")
    def used(self, row: UsageLine) -> str:
        return f"{plain(row.unit_qty)} {row.unit}"

    @display(description="Base units")
    def base(self, row: UsageLine) -> str:
        return plain(row.qty)


@admin.register(FieldUsage)
class FieldUsageAdmin(Paper):
    access = allow(view=LOOKERS)
    kind = "field_usage"
    list_display = (
        "number",
        "site",
        "account",
        "status_pill",
        "purchase_order",
        "case_reference",
        "used_at",
    )
    list_filter = ("status", "site", "is_po_awaited", "used_at")
    search_fields = (
        "number",
        "case_reference",
        "po_number",
        "account__code",
        "lines__product__sku",
        "lines__lot__code",
    )
    search_help_text = "Number, case, PO, customer, SKU or lot"
    list_select_related = ("site", "account")
    ordering = ("-id",)
    inlines = (UsageLineInline,)
    fields = readonly_fields = (
        "number", "site", "account", "status", "used_at", "recorded_at", "recorded_by", "case_reference",
        "purchase_order", "note", "problem",
    )  # fmt: skip
    export_columns = (
        ("Usage", "number"), ("Site", "site__code"), ("Account", "account__code"), ("Status", "status"),
        ("Used", "used_at"), ("Recorded", "recorded_at"), ("By", "recorded_by"), ("Case", "case_reference"),
        ("PO number", "po_number"), ("Problem", "problem"),
    )  # fmt: skip

    @display(description="Status", ordering="status", label=USAGE_TONES)
    def status_pill(self, row: FieldUsage) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="PO number")
    def purchase_order(self, row: FieldUsage) -> str:
        return row.po_number or ("to follow" if row.is_po_awaited else "–")


class FillUpLineInline(ReadOnlyInline):
    model = FillUpLine
    fields = readonly_fields = ("product", "asked", "backordered", "held", "in_warehouse", "sent")
    verbose_name_plural = "lines"
    ordering = ("line_no",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "demand")

    @display(description="Asked for")
    def asked(self, row: FillUpLine) -> str:
        return plain(row.demand.ordered_qty - row.demand.cancelled_qty)

    @display(description="Short")
    def backordered(self, row: FillUpLine) -> str:
        return plain(row.demand.backordered_qty)

    @display(description="Reserved + allocated")
    def held(self, row: FillUpLine) -> str:
        return plain(row.demand.reserved_qty + row.demand.allocated_qty)

    @display(description="Bound for a transfer")
    def in_warehouse(self, row: FillUpLine) -> str:
        return plain(row.demand.released_qty + row.demand.picked_qty)

    @display(description="Sent")
    def sent(self, row: FillUpLine) -> str:
        return plain(row.demand.shipped_qty)


RUNS = {"replenish": "Fill up to par…", "prepare": "Make transfers of what is allocated…"}


@admin.register(FillUp)
class FillUpAdmin(Paper):
    access = allow(view=LOOKERS, act=STOCK_KEEPERS | PLANNERS)
    kind = "fill_up"
    list_display = ("number", "site", "requested_at", "requested_by", "wanted_date", "open_units")
    list_filter = ("site", "requested_at")
    search_fields = ("number", "lines__product__sku")
    search_help_text = "Number or SKU"
    list_select_related = ("site",)
    ordering = ("-id",)
    inlines = (FillUpLineInline,)
    fields = readonly_fields = ("number", "site", "requested_at", "requested_by", "wanted_date")
    actions_list = ("replenish_now", "prepare_now")

    def get_queryset(self, request: HttpRequest) -> Any:
        lines = FillUpLine.objects.filter(fill_up=OuterRef("pk")).order_by().values("fill_up")
        left = F("demand__ordered_qty") - F("demand__cancelled_qty") - F("demand__shipped_qty")
        return super().get_queryset(request).annotate(left=Subquery(lines.annotate(left=Sum(left)).values("left")))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.run_view)
        return [path("run/<slug:verb>/", view, name="inventory_fillup_run"), *super().get_urls()]

    @display(description="Not sent yet")
    def open_units(self, row: Any) -> str:
        return plain(row.left) if row.left else "–"

    @action(description=RUNS["replenish"], url_path="replenish", permissions=["run"])
    def replenish_now(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:inventory_fillup_run", args=["replenish"]))

    @action(description=RUNS["prepare"], url_path="prepare", permissions=["run"])
    def prepare_now(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:inventory_fillup_run", args=["prepare"]))

    def has_run_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def run_view(self, request: HttpRequest, verb: str) -> HttpResponse:
        self.require_act(request)
        back, now = reverse("admin:inventory_fillup_changelist"), clock.now()
        if verb == "prepare":
            intro = (
                "What centers have allocated to fill-ups is put on transfers, one a center and site, to be shipped.",
            )
            step = Step("Make transfers of what is allocated", "Make transfers", back, intro)

            def act() -> str:
                made = prepare_fill_ups(actor=actor_of(request), now=now)
                return f"{len(made)} transfer(s) are ready to be shipped." if made else "Nothing is allocated yet."

            return steps.run(self, request, step, act)
        intro = ("What is there, on its way and asked for is compared with par; the rest is asked for as demand.",)
        step = Step("Fill up to par", "Ask for what is missing", back, intro, fields=(steps.key_field(request),))

        def ask() -> str:
            key = f"console {steps.key_of(request)}"
            made = replenish(key=key, actor=actor_of(request), now=now)
            return ", ".join(f"{a.number} for {a.site}" for a in made) or "Nothing is missing."

        return steps.run(self, request, step, ask)


class OfferLineInline(ReadOnlyInline):
    model = OfferLine
    fields = readonly_fields = ("product", "lot", "offered")
    verbose_name_plural = "lines"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "lot")

    @display(description="Quantity")
    def offered(self, row: OfferLine) -> str:
        return plain(row.qty)


@admin.register(TransferOffer)
class TransferOfferAdmin(Paper):
    access = allow(view=LOOKERS, act=STOCK_KEEPERS)
    kind = "transfer_offer"
    list_display = ("number", "from_site", "to_site", "status_pill", "offered_by", "offered_at", "expires_at")
    list_filter = ("status", "from_site", "to_site", "offered_at")
    search_fields = ("number", "lines__product__sku", "lines__lot__code")
    search_help_text = "Number, SKU or lot"
    list_select_related = ("from_site", "to_site")
    ordering = ("-id",)
    inlines = (OfferLineInline,)
    fields = readonly_fields = (
        "number", "from_site", "to_site", "status", "note", "offered_at", "offered_by", "expires_at", "answered_at",
        "answered_by", "answer_note", "transfer",
    )  # fmt: skip

    def steps_of(self, request: HttpRequest, row: TransferOffer) -> list[tuple[str, str]]:
        if row.status != OfferStatus.OFFERED or not self.access.may_act(request.user):
            return []
        names = {"accept": "Accept: the goods are here…", "decline": "Decline…"}
        return [(reverse("admin:inventory_transferoffer_step", args=[row.pk, v]), label) for v, label in names.items()]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        own = path("<int:offer_id>/step/<slug:verb>/", view, name="inventory_transferoffer_step")
        return [own, *super().get_urls()]

    @display(description="Status", ordering="status", label=OFFER_TONES)
    def status_pill(self, row: TransferOffer) -> tuple[str, str]:
        return row.status, row.get_status_display()

    def step_view(self, request: HttpRequest, offer_id: int, verb: str) -> HttpResponse:
        self.require_act(request)
        row = TransferOffer.objects.select_related("from_site", "to_site").filter(pk=offer_id).first()
        if row is None or verb not in ("accept", "decline"):
            return HttpResponseRedirect(reverse("admin:inventory_transferoffer_changelist"))
        note = Field("note", "Note", request.POST.get("note", ""))
        back = reverse("admin:inventory_transferoffer_change", args=[row.pk])
        is_accepted = verb == "accept"
        intro = (
            f"All of it leaves {row.from_site} and is at {row.to_site} from this moment."
            if is_accepted
            else f"Nothing moves: the goods stay at {row.from_site}.",
        )
        title = f"{'Accept' if is_accepted else 'Decline'} {row.number}"
        step = Step(title, "Accept" if is_accepted else "Decline", back, intro, fields=(note,))

        def act() -> str:
            call: Callable[..., Any] = accept_offer if is_accepted else decline_offer
            call(offer_id=row.pk, note=note.value, actor=actor_of(request), now=clock.now())
            return f"{row.number} is {'accepted' if is_accepted else 'declined'}."

        return steps.run(self, request, step, act)


OUTCOMES = {
    DisputeOutcome.RECEIVER: "What came is right: the rest was never loaded",
    DisputeOutcome.SENDER: "What was sent is right: the receiver has found the rest",
    DisputeOutcome.COUNT: "A count of the receiver's site decides",
}


@admin.register(TransferDispute)
class TransferDisputeAdmin(Paper):
    access = allow(view=LOOKERS, act=STOCK_KEEPERS | CARE)
    kind = "transfer_dispute"
    list_display = ("number", "transfer", "product", "status_pill", "sent", "stated", "opened_at")
    list_filter = ("status", "outcome", "opened_at")
    search_fields = ("number", "line__transfer__number", "line__product__sku")
    search_help_text = "Number, transfer or SKU"
    list_select_related = ("line__transfer", "line__product")
    ordering = ("-id",)
    fields = readonly_fields = (
        "number", "transfer", "product", "status", "sent", "stated", "note", "opened_at", "opened_by", "outcome",
        "settled_at", "settled_by", "settled_note",
    )  # fmt: skip

    @display(description="Transfer")
    def transfer(self, row: TransferDispute) -> str:
        return str(row.line.transfer)

    @display(description="Product")
    def product(self, row: TransferDispute) -> str:
        return str(row.line.product)

    @display(description="Status", ordering="status", label=DISPUTE_TONES)
    def status_pill(self, row: TransferDispute) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Sent")
    def sent(self, row: TransferDispute) -> str:
        return plain(row.sent_qty)

    @display(description="Came, says the receiver")
    def stated(self, row: TransferDispute) -> str:
        return plain(row.stated_qty)

    def steps_of(self, request: HttpRequest, row: TransferDispute) -> list[tuple[str, str]]:
        if row.status != DisputeStatus.OPEN or not self.access.may_act(request.user):
            return []
        return [(reverse("admin:inventory_transferdispute_settle", args=[row.pk]), "Settle…")]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.settle_view)
        return [path("<int:dispute_id>/settle/", view, name="inventory_transferdispute_settle"), *super().get_urls()]

    def settle_view(self, request: HttpRequest, dispute_id: int) -> HttpResponse:
        self.require_act(request)
        row = TransferDispute.objects.select_related("line__product").filter(pk=dispute_id).first()
        if row is None:
            return HttpResponseRedirect(reverse("admin:inventory_transferdispute_changelist"))
        actor = actor_of(request)
        mine = [(str(o), words) for o, words in OUTCOMES.items() if actor.has_role(*MAY_SETTLE[o])]
        chosen = request.POST.get("outcome", mine[0][0] if mine else "")
        fields = (
            Field("outcome", "Who is right", chosen, "select", options=mine),
            Field("note", "Note", request.POST.get("note", "")),
        )
        intro = (f"{plain(row.sent_qty)} of {row.line.product} were sent, {plain(row.stated_qty)} came.",)
        back = reverse("admin:inventory_transferdispute_change", args=[row.pk])
        step = Step(f"Settle {row.number}", "Settle", back, intro, fields=fields)
        wrong = [] if chosen in dict(mine) else ["Choose who is right: only the side that gives way says so."]

        def act() -> str:
            outcome = DisputeOutcome(chosen)
            settle_dispute(dispute_id=row.pk, outcome=outcome, note=fields[1].value, actor=actor, now=clock.now())
            return f"{row.number} is settled."

        return steps.run(self, request, step, act, wrong=wrong)
