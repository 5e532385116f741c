"""Returns on the console: who may come back, what came, what becomes of it. Each form is one service call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from accounts.states import Role
from core import clock
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, actor_of
from core.errors import DomainError
from core.lists import typed
from core.quantity import BadQuantity, as_quantity, plain
from fulfillment.admin.shipments import LOOK, SHIP
from fulfillment.models import Return, ReturnLine, ReturnPart
from fulfillment.return_queries import Awaiting, awaiting, sent_parts, shipping_sites
from fulfillment.rules.returns import Finding
from fulfillment.services.authorize_return import authorize_return, reject_return
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.move_return import close_return, report_in_transit
from fulfillment.services.receive_return import receive_return
from fulfillment.states import Disposition, ReturnOutcome, ReturnStatus
from inventory.queries import site_snapshots
from inventory.states import SiteKind

DECIDE = {Role.CS, Role.CS_LEAD, Role.OPERATOR}
S = ReturnStatus
STEPS: dict[str, tuple[tuple[str, str], ...]] = {
    S.REQUESTED: (("authorize", "Authorize…"), ("reject", "Reject…")),
    S.AUTHORIZED: (("receive", "Receive…"), ("sent", "On its way…"), ("close", "Close…")),
    S.IN_TRANSIT: (("receive", "Receive…"), ("close", "Close…")),
    S.RECEIVED: (("inspect", "Inspect…"),),
    S.INSPECTED: (("inspect", "Inspect the rest…"),),
    S.DISPOSITIONED: (("close", "Close without credit…"),),
    S.CREDITED: (("close", "Close…"),),
    S.REPLACED: (("close", "Close…"),),
}
TITLES = {
    "authorize": "Authorize",
    "reject": "Reject",
    "sent": "On its way",
    "receive": "Receive",
    "inspect": "Inspect",
    "close": "Close",
}
WHO = {step: SHIP | DECIDE if step in ("receive", "inspect") else DECIDE for step in TITLES}
OUTCOMES = (
    (ReturnOutcome.CREDIT, "Credit at the original price"),
    (ReturnOutcome.REPLACEMENT, "Replacement, ordered after inspection"),
    (ReturnOutcome.ADVANCE, "Replacement in advance, ordered now"),
)
DISPOSITIONS = (
    (Disposition.RESTOCK, "Back in stock"),
    (Disposition.QUARANTINE, "Quarantine, to be checked"),
    (Disposition.SCRAP, "Scrap"),
    (Disposition.TO_VENDOR, "Back to the vendor"),
    (Disposition.TO_CUSTOMER, "Back to the customer, no credit"),
    (Disposition.MISSING, "Missing, no credit"),
)


@dataclass(frozen=True)
class Row:
    """A row of a step's table: what it is, what is known, and the fields to fill."""

    line_id: int
    name: str
    asked: str
    came: str
    lot: str = ""
    typed: str = ""
    chosen: str = ""

    @property
    def key(self) -> str:
        return f"{self.line_id}-{self.lot}" if self.lot else str(self.line_id)


class ReturnLineInline(ReadOnlyInline):
    model = ReturnLine
    fields = ("order_line", "asked", "authorized", "received", "external_ref")
    readonly_fields = fields

    @display(description="Asked for")
    def asked(self, row: ReturnLine) -> str:
        return plain(row.qty)

    @display(description="Authorized")
    def authorized(self, row: ReturnLine) -> str:
        return "–" if row.authorized_qty is None else plain(row.authorized_qty)

    @display(description="Received")
    def received(self, row: ReturnLine) -> str:
        return plain(row.received_qty)


@admin.register(Return)
class ReturnAdmin(LedgerAdmin):
    access = allow(view=LOOK | SHIP, act=SHIP | DECIDE)
    list_display = ("number", "account", "status", "outcome", "site", "reason", "requested_at")
    list_filter = ("status", "outcome", "site", typed("account code", "account__code"), "requested_at")
    export_columns = (
        ("Return", "number"),
        ("Account", "account__code"),
        ("Status", "status"),
        ("Outcome", "outcome"),
        ("Fee, %", "fee_percent"),
        ("Site", "site__code"),
        ("Reason", "reason"),
        ("Customer's number", "external_id"),
        ("Requested", "requested_at"),
        ("Received", "received_at"),
        ("Disposed of", "dispositioned_at"),
    )
    search_fields = ("number", "external_id", "account__code", "account__name", "reason", "tracking_number")
    list_select_related = ("account", "site")
    ordering = ("-pk",)
    inlines = (ReturnLineInline,)
    change_form_template = "admin/fulfillment/return.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:return_id>/<str:step>/do", view, name="fulfillment_return_do"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        back = kwargs.get("obj")
        extra = {"steps": _steps(back, request), "parts": _parts(back)} if back is not None else {}
        return super().render_change_form(request, context | extra, *args, **kwargs)

    def step_view(self, request: HttpRequest, return_id: int, step: str) -> HttpResponse:
        """A form for one step of the return's life; shown again with every problem named."""
        self.require_act(request, WHO.get(step, DECIDE))
        back = self.get_object(request, str(return_id))
        if back is None or step not in TITLES:
            return HttpResponseRedirect(reverse("admin:fulfillment_return_changelist"))
        rows = _rows(back, step, request)
        errors: list[str] = []
        if request.method == "POST":
            errors = _acted(lambda: _act(back, step, rows, request))
            if not errors:
                messages.success(request, f"Return {back.number}: {TITLES[step].lower()} done.")
                return HttpResponseRedirect(reverse("admin:fulfillment_return_change", args=[back.pk]))
        return self._page(request, back, step, rows, errors)

    def _page(
        self, request: HttpRequest, back: Return, step: str, rows: Sequence[Row], errors: Sequence[str]
    ) -> HttpResponse:
        sites = [
            (s.id, f"{s.code} {s.name}") for s in site_snapshots().values() if s.is_active and s.kind != SiteKind.VENDOR
        ]
        usual = shipping_sites([x.order_line_id for x in back.lines.all()]) if step == "authorize" else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"{TITLES[step]} {back.number}",
            "opts": self.opts,
            "back": back,
            "step": step,
            "rows": rows,
            "errors": errors,
            "posted": request.POST,
            "sites": sites,
            "chosen_site": request.POST.get("site") or str(usual or ""),
            "outcomes": OUTCOMES,
            "dispositions": DISPOSITIONS,
        }
        status = 422 if errors else 200
        return TemplateResponse(request, "admin/fulfillment/return_step.html", context, status=status)


def _steps(back: Return, request: HttpRequest) -> list[tuple[str, str]]:
    """What this person may do with it now."""
    return [s for s in STEPS.get(back.status, ()) if allow(act=WHO[s[0]]).may_act(request.user)]


def _parts(back: Return) -> QuerySet[ReturnPart]:
    found = ReturnPart.objects.filter(line__parent=back).order_by("pk")
    return found.select_related("shipment_line__lot", "shipment_line__product")


def _acted(act: Callable[[], Any]) -> list[str]:
    try:
        act()
    except BadQuantity as wrong:
        return [f"{wrong}."]
    except DomainError as refusal:
        return list(refusal.each_in_words)
    return []


def _act(back: Return, step: str, rows: Sequence[Row], request: HttpRequest) -> None:
    who: dict[str, Any] = {"return_id": back.pk, "actor": actor_of(request), "now": clock.now()}
    form = request.POST
    if step == "authorize":
        fee = form.get("fee_percent", "").strip() or "0"
        site = form.get("site", "")
        terms: dict[str, Any] = {
            "outcome": ReturnOutcome(form.get("outcome", ReturnOutcome.CREDIT)),
            "site_id": int(site) if site.isdecimal() else None,
            "fee_percent": as_quantity(fee),
            "refunds_freight": "refunds_freight" in form,
            "note": form.get("note", ""),
        }
        authorize_return(quantities=_typed(rows), **terms, **who)
    elif step == "reject":
        reject_return(reason=form.get("note", ""), **who)
    elif step == "sent":
        carrier, number = form.get("carrier", ""), form.get("tracking_number", "")
        report_in_transit(carrier=carrier, tracking_number=number, **who)
    elif step == "receive":
        receive_return(quantities=_typed(rows), **who)
    elif step == "inspect":
        inspect_return(findings=_findings(rows, form.get("note", "")), is_damaged="is_damaged" in form, **who)
    else:
        close_return(reason=form.get("note", "") or "settled", **who)


def _typed(rows: Sequence[Row]) -> dict[int, Decimal]:
    return {row.line_id: as_quantity(row.typed or "0") for row in rows}


def _findings(rows: Sequence[Row], note: str) -> list[Finding]:
    """A row of the form is a lot of a line; what is left empty was not inspected now."""
    return [
        Finding(row.line_id, as_quantity(row.typed), Disposition(row.chosen or Disposition.RESTOCK), row.lot, note)
        for row in rows
        if row.typed and as_quantity(row.typed)
    ]


def _rows(back: Return, step: str, request: HttpRequest) -> list[Row]:
    if step == "inspect":
        return _inspection(awaiting(back.pk), request)
    if step not in ("authorize", "receive"):
        return []
    lines = (
        ReturnLine.objects.filter(parent=back).select_related("order_line__product", "order_line__order").order_by("pk")
    )
    return [
        Row(
            x.pk,
            f"{x.order_line.product} of {x.order_line.order}",
            plain(x.qty),
            "" if x.authorized_qty is None else plain(x.authorized_qty),
            typed=request.POST.get(
                f"qty-{x.pk}", plain(x.qty if step == "authorize" else x.authorized_qty or Decimal(0))
            ),
        )
        for x in lines
    ]


def _inspection(lines: Sequence[Awaiting], request: HttpRequest) -> list[Row]:
    """Two rows for each lot the customer has of a line, so that a part may be good and a part not."""
    sent: dict[int, dict[str, Decimal]] = {}
    for part in sent_parts({x.order_line_id for x in lines}):
        of_line = sent.setdefault(part.order_line_id, {})
        of_line[part.lot_code] = of_line.get(part.lot_code, Decimal(0)) + part.left
    found: list[Row] = []
    for x in lines:
        lots = sent.get(x.order_line_id, {})
        for lot, left in lots.items():
            for n in range(2):
                key = f"{x.line_id}-{lot}-{n}"
                proposal = plain(min(x.open, left)) if len(lots) == 1 and n == 0 else ""
                qty = request.POST.get(f"qty-{key}", proposal).strip()
                chosen = request.POST.get(f"disposition-{key}", "")
                found.append(InspectionRow(x.line_id, x.sku, plain(x.open), plain(left), lot, qty, chosen, n))
    return found


@dataclass(frozen=True)
class InspectionRow(Row):
    place: int = 0

    @property
    def key(self) -> str:
        return f"{self.line_id}-{self.lot}-{self.place}"
