"""The page "quarantine, damage, scrap": part of a balance in another status, or off the books."""

from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from core import clock, refs
from core.choices import words
from core.console import ServiceAdmin, actor_of
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps
from inventory.admin.steps import Cell, Field, Head, Step, Table
from inventory.models import Claim, StockBalance
from inventory.services.change_stock_status import change_stock_status
from inventory.services.scrap_stock import scrap_stock
from inventory.states import STATUS_MOVES, ClaimState, StockStatus

SCRAP = "scrap"
SHOWN_CLAIMS = 50
LABELS = {
    StockStatus.QUALITY: "Quarantine",
    StockStatus.AVAILABLE: "Release as good stock",
    StockStatus.DAMAGED: "Write down as damaged",
}


def status_page(screen: ServiceAdmin, request: HttpRequest, balance_id: int) -> HttpResponse:
    """GET shows whose claims are on it; POST makes one service call."""
    row = StockBalance.objects.select_related("product", "site", "lot").filter(pk=balance_id).first()
    if row is None:
        messages.error(request, "There is no such stock.")
        return HttpResponseRedirect(reverse("admin:inventory_stockbalance_changelist"))
    wrong: list[str] = []
    moves = sorted(STATUS_MOVES[StockStatus(row.status)])
    options = [*((str(m), LABELS[m]) for m in moves), (SCRAP, "Scrap: off the books")]
    asked = {name: request.POST.get(name, "") for name in ("to", "qty", "reason")}
    qty = steps.quantity(request, "qty", "Quantity", wrong) or Decimal(0)
    if request.method == "POST" and asked["to"] not in dict(options):
        wrong.append("Choose what becomes of it.")
    lot = f" lot {row.lot}" if row.lot else ""
    claims = Claim.objects.filter(balance=row, state=ClaimState.OPEN).select_related("demand").order_by("pk")
    step = Step(
        f"{row.product}{lot} at {row.site}",
        "Do it",
        reverse("admin:inventory_stockbalance_change", args=[row.pk]),
        intro=(
            f"{plain(row.on_hand_qty)} {words(row.status).lower()} on hand, {plain(_promised(row))} promised, "
            f"{plain(row.released_qty + row.picked_qty)} released or picked.",
            "What is taken beyond the free units takes the claims of the lowest in rank with it: a case tells whose.",
        ),
        fields=(
            Field("to", "What becomes of it", asked["to"], "select", options=options),
            Field("qty", "Quantity, base units", asked["qty"]),
            Field("reason", "Reason", asked["reason"]),
            steps.key_field(request),
        ),
        tables=(
            Table(
                (Head("Document"), Head("Line"), Head("Claim"), Head("Quantity", True)),
                [_claim(c) for c in claims[:SHOWN_CLAIMS]],
                title="Claims on it",
                empty="Nobody has claimed any.",
            ),
        ),
    )

    def act() -> str:
        actor, now, key = actor_of(request), clock.now(), steps.key_of(request)
        if asked["to"] == SCRAP:
            scrap_stock(balance_id=row.pk, qty=qty, reason=asked["reason"], key=key, actor=actor, now=now)
            return f"{plain(qty)} are off the books."
        to = StockStatus(asked["to"])
        change_stock_status(balance_id=row.pk, to=to, qty=qty, reason=asked["reason"], key=key, actor=actor, now=now)
        return f"{plain(qty)} are {words(to).lower()} now."

    return steps.run(screen, request, step, act, wrong=wrong)


def _claim(claim: Claim) -> tuple[Cell, ...]:
    d = claim.demand
    ref = DocumentRef(d.ref_kind, d.ref_id, d.ref_number)
    return (
        Cell(str(ref), url=refs.url_of(ref)),
        Cell(str(d.line_no)),
        Cell(claim.get_kind_display()),
        steps.number(claim.qty),
    )


def _promised(row: StockBalance) -> Decimal:
    return row.reserved_qty + row.allocated_qty
