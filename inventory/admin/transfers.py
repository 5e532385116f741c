"""Transfers: asked for, shipped, received, closed. Every step is a page of its own and one service call."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, OuterRef, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from accounts.states import Role
from core import clock, journal
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, actor_of, row_id
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps
from inventory.admin.steps import Cell, Field, Head, Step, Table
from inventory.admin.stock import LOOKERS, STOCK_KEEPERS
from inventory.models import Site, Transfer, TransferDispute, TransferLine
from inventory.rules.field import Stated
from inventory.rules.transfers import Arrived, TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer
from inventory.services.cancel_transfer import cancel_transfer, reschedule_transfer
from inventory.services.receive_transfer import close_transfer, receive_transfer
from inventory.services.request_transfer import request_transfer
from inventory.services.ship_transfer import ship_transfer
from inventory.states import FIELD_KINDS, TransferStatus

ROWS = 8
CARE = {Role.CS, Role.CS_LEAD}
ZERO = Decimal(0)
TONES = {"requested": "info", "shipped": "info", "short": "warning", "closed": "success", "cancelled": "default"}
STEPS = {
    "ship": ("Ship…", {TransferStatus.REQUESTED}),
    "receive": ("Receive…", {TransferStatus.SHIPPED, TransferStatus.SHORT}),
    "reschedule": ("Another day…", {TransferStatus.REQUESTED, TransferStatus.SHIPPED, TransferStatus.SHORT}),
    "close": ("Write off the rest…", {TransferStatus.SHIPPED, TransferStatus.SHORT}),
    "cancel": ("Cancel…", {TransferStatus.REQUESTED}),
}


class TransferLineInline(ReadOnlyInline):
    model = TransferLine
    fields = readonly_fields = ("product", "lot", "asked", "sent", "good", "damaged", "missing", "travelling")
    verbose_name_plural = "lines"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "lot")

    @display(description="Asked")
    def asked(self, row: TransferLine) -> str:
        return plain(row.qty)

    @display(description="Sent")
    def sent(self, row: TransferLine) -> str:
        return plain(row.shipped_qty)

    @display(description="Received good")
    def good(self, row: TransferLine) -> str:
        return plain(row.received_qty)

    @display(description="Damaged")
    def damaged(self, row: TransferLine) -> str:
        return plain(row.damaged_qty)

    @display(description="Written off")
    def missing(self, row: TransferLine) -> str:
        return plain(row.missing_qty)

    @display(description="On the way")
    def travelling(self, row: TransferLine) -> str:
        return plain(row.shipped_qty - row.received_qty - row.damaged_qty - row.missing_qty)


@admin.register(Transfer)
class TransferAdmin(LedgerAdmin):
    access = allow(view=LOOKERS, act=STOCK_KEEPERS)
    list_display = ("number", "from_site", "to_site", "status_pill", "expected_date", "travelling", "requested_by")
    list_filter = ("status", "from_site", "to_site", "expected_date", "requested_at")
    search_fields = ("number", "lines__product__sku", "lines__lot__code")
    search_help_text = "Number, SKU or lot"
    list_select_related = ("from_site", "to_site")
    ordering = ("-id",)
    inlines = (TransferLineInline,)
    fields = readonly_fields = (
        "number", "from_site", "to_site", "status", "expected_date", "reason", "requested_at", "requested_by",
        "shipped_at", "closed_at", "close_reason",
    )  # fmt: skip
    export_columns = (
        ("Transfer", "number"), ("From", "from_site__code"), ("To", "to_site__code"), ("Status", "status"),
        ("Expected", "expected_date"), ("Requested", "requested_at"), ("Shipped", "shipped_at"), ("Closed", "closed_at"),
    )  # fmt: skip
    change_form_template = "admin/inventory/page.html"

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def get_queryset(self, request: HttpRequest) -> Any:
        lines = TransferLine.objects.filter(transfer=OuterRef("pk")).order_by().values("transfer")
        left = F("shipped_qty") - F("received_qty") - F("damaged_qty") - F("missing_qty")
        return super().get_queryset(request).annotate(left=Subquery(lines.annotate(left=Sum(left)).values("left")))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        own = [path("<int:transfer_id>/step/<slug:verb>/", view, name="inventory_transfer_step")]
        said = self.admin_site.admin_view(self.acknowledge_view)
        own.append(path("<int:transfer_id>/acknowledge/", said, name="inventory_transfer_acknowledge"))
        return [*own, *super().get_urls()]

    @display(description="Status", ordering="status", label=TONES)
    def status_pill(self, row: Transfer) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Units on the way")
    def travelling(self, row: Any) -> str:
        if row.status not in (TransferStatus.SHIPPED, TransferStatus.SHORT):
            return "–"
        return plain(row.left)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = Transfer.objects.select_related("to_site").filter(pk=row_id(object_id)).first()
        extra = dict(extra_context or {})
        if row is not None and self.access.may_act(request.user):
            extra["steps"] = [
                (self._step_url(row.pk, verb), label) for verb, (label, when) in STEPS.items() if row.status in when
            ]
        elif row is not None and _is_to_acknowledge(row) and allow(act=CARE).may_act(request.user):
            extra["steps"] = [(reverse("admin:inventory_transfer_acknowledge", args=[row.pk]), "Acknowledge…")]
        if row is not None:
            extra["timeline"] = journal.timeline(DocumentRef("transfer", row.pk))
        return super().change_view(request, object_id, form_url, extra)

    # --- asking for one -----------------------------------------------------------------------------------------
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_act(request)
        now = clock.now()
        wrong: list[str] = []
        sites = [(str(s.pk), f"{s.code} · {s.name}") for s in Site.objects.filter(is_active=True).order_by("code")]
        asked = {name: request.POST.get(name, "") for name in ("from_site", "to_site", "reason")}
        expected = request.POST.get("expected_date", (now + timedelta(days=2)).date().isoformat())
        typed = [{n: request.POST.get(f"{n}-{i}", "").strip() for n in ("sku", "lot", "qty")} for i in range(ROWS)]
        step = Step(
            "Request a transfer",
            "Request transfer",
            reverse("admin:inventory_transfer_changelist"),
            intro=("Nothing is held for it: when the truck is loaded, what is free by then goes.",),
            asks_first=True,
            fields=(
                Field("from_site", "From", asked["from_site"], "select", options=sites),
                Field("to_site", "To", asked["to_site"], "select", options=sites),
                Field("expected_date", "Expected to arrive on", expected, "date"),
                Field("reason", "Why", asked["reason"]),
                steps.key_field(request),
            ),
            tables=(
                Table(
                    (Head("SKU"), Head("Lot"), Head("Quantity, base units", True)),
                    [
                        (
                            Cell(row["sku"], name=f"sku-{i}", label=f"SKU of row {i + 1}"),
                            Cell(row["lot"], name=f"lot-{i}", label=f"Lot of row {i + 1}"),
                            Cell(row["qty"], True, name=f"qty-{i}", label=f"Quantity of row {i + 1}"),
                        )
                        for i, row in enumerate(typed)
                    ],
                ),
            ),
        )
        if request.method != "POST":
            return steps.show(self, request, step)
        day = steps.day(request, "expected_date", "Expected to arrive on", wrong)
        products = steps.products_called([row["sku"] for row in typed], wrong)
        lines = [
            TransferLineSpec(products.get(row["sku"].upper(), 0), _qty(request, i, row["sku"], wrong), row["lot"])
            for i, row in enumerate(typed)
            if any(row.values())
        ]

        def act() -> str:
            made = request_transfer(
                from_site_id=row_id(asked["from_site"]), to_site_id=row_id(asked["to_site"]), expected_date=day,
                lines=lines, reason=asked["reason"], key=f"console {steps.key_of(request)}", actor=actor_of(request),
                now=now,
            )  # fmt: skip
            return f"Transfer {Transfer.objects.get(pk=made)} is requested. Ship it when the truck is loaded."

        return steps.run(self, request, step, act, wrong=wrong)

    # --- its steps ----------------------------------------------------------------------------------------------
    def step_view(self, request: HttpRequest, transfer_id: int, verb: str) -> HttpResponse:
        self.require_act(request)
        row = Transfer.objects.select_related("from_site", "to_site").filter(pk=transfer_id).first()
        if row is None or verb not in STEPS:
            messages.error(request, "There is no such transfer or step.")
            return HttpResponseRedirect(reverse("admin:inventory_transfer_changelist"))
        made: Callable[[HttpRequest, Transfer, str], HttpResponse] = getattr(self, f"_{verb}")
        return made(request, row, reverse("admin:inventory_transfer_change", args=[row.pk]))

    def _ship(self, request: HttpRequest, row: Transfer, back: str) -> HttpResponse:
        lines, wrong = _lines(row), list[str]()
        sent = {x.pk: _typed(request, f"sent-{x.pk}", str(x.product), x.qty, wrong) for x in lines}
        rows = [
            (Cell(str(x.product)), Cell(str(x.lot or "")), steps.number(x.qty), _asked(request, "sent", x, x.qty))
            for x in lines
        ]
        heads = (Head("Product"), Head("Lot"), Head("Asked", True), Head("Loaded", True))
        intro = (
            f"The goods leave {row.from_site} and count as supply at {row.to_site} from {row.expected_date:%d %b %Y} on.",
        )
        step = Step(f"Ship {row.number}", "Ship transfer", back, intro, (Table(heads, rows),))

        def act() -> str:
            ship_transfer(transfer_id=row.pk, shipped=sent, actor=actor_of(request), now=clock.now())
            return f"{row.number} is on its way to {row.to_site}."

        return steps.run(self, request, step, act, wrong=wrong)

    def acknowledge_view(self, request: HttpRequest, transfer_id: int) -> HttpResponse:
        """Customer service writes down what the keeper of a trunk or consignment says has come."""
        self.require_act(request, only=CARE)
        row = Transfer.objects.select_related("from_site", "to_site").filter(pk=transfer_id).first()
        if row is None or not _is_to_acknowledge(row):
            messages.error(request, "There is no transfer on its way to a trunk or consignment here.")
            return HttpResponseRedirect(reverse("admin:inventory_transfer_changelist"))
        wrong, note = list[str](), Field("note", "What the keeper says", request.POST.get("note", ""))
        heads, rows, came = _what_came(request, row, wrong)
        intro = (
            f"Say what the keeper of {row.to_site} says has come in all. Another number than was sent is booked as far as"
            " it was sent and stands as a dispute, with a case for the warehouse, until one side gives way.",
        )
        back = reverse("admin:inventory_transfer_change", args=[row.pk])
        step = Step(f"Acknowledge {row.number}", "Acknowledge", back, intro, (Table(heads, rows),), (note,))
        stated = {line_id: Stated(x.good, x.damaged) for line_id, x in came.items()}

        def act() -> str:
            disputes = acknowledge_transfer(
                transfer_id=row.pk, stated=stated, note=note.value, actor=actor_of(request), now=clock.now()
            )
            return f"{row.number}: {f'disputed as {disputes[0]}.' if disputes else 'all has come.'}"

        return steps.run(self, request, step, act, wrong=wrong)

    def _receive(self, request: HttpRequest, row: Transfer, back: str) -> HttpResponse:
        wrong = list[str]()
        heads, rows, came = _what_came(request, row, wrong)
        intro = ("Say all that has come so far. What is missing stays on the way, and the warehouse gets a case.",)
        step = Step(f"Receive {row.number} at {row.to_site}", "Receive", back, intro, (Table(heads, rows),))

        def act() -> str:
            receive_transfer(transfer_id=row.pk, arrived=came, actor=actor_of(request), now=clock.now())
            row.refresh_from_db()
            return f"{row.number}: {'all has come.' if row.status == 'closed' else 'the rest is looked for.'}"

        return steps.run(self, request, step, act, wrong=wrong)

    def _close(self, request: HttpRequest, row: Transfer, back: str) -> HttpResponse:
        lines = [x for x in _lines(row) if _on_the_way(x)]
        rows = [(Cell(str(x.product)), Cell(str(x.lot or "")), steps.number(_on_the_way(x))) for x in lines]
        heads = (Head("Product"), Head("Lot"), Head("Written off", True))
        intro = ("These units are given up: they are supply no more, and dates promised from them move.",)
        reason = Field("reason", "What became of them", request.POST.get("reason", ""))
        step = Step(f"Write off the rest of {row.number}", "Write off", back, intro, (Table(heads, rows),), (reason,))

        def act() -> str:
            close_transfer(transfer_id=row.pk, reason=reason.value, actor=actor_of(request), now=clock.now())
            return f"{row.number} is closed."

        return steps.run(self, request, step, act)

    def _cancel(self, request: HttpRequest, row: Transfer, back: str) -> HttpResponse:
        reason = Field("reason", "Why", request.POST.get("reason", ""))
        intro = (f"Nothing has left {row.from_site} yet: nothing changes in stock.",)
        step = Step(f"Cancel {row.number}", "Cancel transfer", back, intro, fields=(reason,))

        def act() -> str:
            cancel_transfer(transfer_id=row.pk, reason=reason.value, actor=actor_of(request), now=clock.now())
            return f"{row.number} is cancelled."

        return steps.run(self, request, step, act)

    def _reschedule(self, request: HttpRequest, row: Transfer, back: str) -> HttpResponse:
        wrong: list[str] = []
        value = request.POST.get("expected_date", row.expected_date.isoformat())
        day = steps.day(request, "expected_date", "Expected to arrive on", wrong) if request.POST else row.expected_date
        field = Field("expected_date", "Expected to arrive on", value, "date")
        intro = ("Dates promised from it move with the next allocation run, and each gets a case.",)
        step = Step(f"Another day for {row.number}", "Change the day", back, intro, fields=(field,))

        def act() -> str:
            reschedule_transfer(transfer_id=row.pk, expected_date=day, actor=actor_of(request), now=clock.now())
            return f"{row.number} is expected on {day:%d %b %Y}."

        return steps.run(self, request, step, act, wrong=wrong)

    def _step_url(self, pk: int, verb: str) -> str:
        return reverse("admin:inventory_transfer_step", args=[pk, verb])


def _is_to_acknowledge(row: Transfer) -> bool:
    return row.to_site.kind in FIELD_KINDS and row.status in (TransferStatus.SHIPPED, TransferStatus.SHORT)


def _what_came(
    request: HttpRequest, row: Transfer, wrong: list[str]
) -> tuple[list[Head], list[tuple[Cell, ...]], dict[int, Arrived]]:
    """The table of the lines that were sent, to be filled in, and what is typed in it."""
    lines = [x for x in _lines(row) if x.shipped_qty]
    # What was said before stands until something else is said; else all that was sent.
    said = dict(TransferDispute.objects.filter(line__in=lines, status="open").values_list("line_id", "stated_qty"))
    left = {x.pk: said.get(x.pk, x.shipped_qty - x.missing_qty) - x.damaged_qty for x in lines}
    came = {
        x.pk: Arrived(
            _typed(request, f"good-{x.pk}", str(x.product), left[x.pk], wrong),
            _typed(request, f"damaged-{x.pk}", str(x.product), x.damaged_qty, wrong),
        )
        for x in lines
    }
    rows: list[tuple[Cell, ...]] = [
        (
            Cell(str(x.product)), Cell(str(x.lot or "")), steps.number(x.shipped_qty),
            steps.number(x.received_qty + x.damaged_qty), _asked(request, "good", x, left[x.pk]),
            _asked(request, "damaged", x, x.damaged_qty),
        )
        for x in lines
    ]  # fmt: skip
    heads = [Head("Product"), Head("Lot")]
    heads += [Head(h, True) for h in ("Sent", "Booked before", "Good in all", "Damaged in all")]
    return heads, rows, came


def _qty(request: HttpRequest, i: int, sku: str, wrong: list[str]) -> Decimal:
    return steps.quantity(request, f"qty-{i}", sku, wrong) or ZERO


def _lines(row: Transfer) -> list[TransferLine]:
    return list(row.lines.select_related("product", "lot").order_by("pk"))


def _on_the_way(x: TransferLine) -> Decimal:
    return x.shipped_qty - x.received_qty - x.damaged_qty - x.missing_qty


def _asked(request: HttpRequest, name: str, x: TransferLine, qty: Decimal) -> Cell:
    field = f"{name}-{x.pk}"
    return Cell(request.POST.get(field, plain(qty)), True, name=field, label=f"{name.capitalize()} of {x.product}")


def _typed(request: HttpRequest, name: str, label: str, default: Decimal, wrong: list[str]) -> Decimal:
    """The figure typed; an emptied field is nothing, an unsent form the default."""
    if request.method != "POST":
        return default
    return steps.quantity(request, name, label, wrong) or ZERO
