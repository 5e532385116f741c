"""The page that moves stock of one order line to another: the impact first, then the reason."""

from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core import clock
from core.console import ServiceAdmin, actor_of
from core.errors import DomainError
from core.overrides import Reason
from core.quantity import plain
from inventory.admin import steps
from inventory.admin.steps import Cell, Field, Head, Step, Table
from inventory.models import Demand
from inventory.services.reallocate import Impact, Side, impact_of, reallocate

HEADS = (Head("Order"), Head("Holds now", True), Head("Would hold", True), Head("Promised"), Head("Would be promised"))


def reallocation_page(request: HttpRequest, screen: ServiceAdmin, demand: Demand) -> HttpResponse:
    back = reverse("admin:inventory_demand_change", args=[demand.pk])
    errors: list[str] = []
    to, qty = _asked(request, demand, errors)
    impact = _impact(demand, to, qty, errors) if to and qty and not errors else None
    step = Step(
        f"Move stock of {demand}", "Move it" if impact else "Show the impact", back,
        intro=(f"{plain(demand.allocated_qty)} are firmly allocated to it.",),
        tables=(Table(HEADS, _rows(impact), "What it would do"),) if impact else (),
        fields=(
            Field("to", "To order", request.POST.get("to", ""), help="Its number, and / and the line where it has more."),
            Field("qty", "Quantity", request.POST.get("qty", ""), help="In base units."),
            Field("reason", "Reason", request.POST.get("reason", ""), help="At least ten characters, for the override log."),
            *((Field("shown", value=f"{to.pk} {plain(qty)}", kind="hidden"),) if impact and to and qty else ()),
        ),
        asks_first=True,
    )  # fmt: skip
    if impact and to and qty and request.POST.get("shown") == f"{to.pk} {plain(qty)}":
        return steps.run(screen, request, step, lambda: _move(request, demand, to, qty))
    return steps.show(screen, request, step, errors)


def _move(request: HttpRequest, demand: Demand, to: Demand, qty: Decimal) -> str:
    reason = Reason("reallocation", request.POST.get("reason", ""))
    done = reallocate(
        from_id=demand.pk, to_id=to.pk, qty=qty, reason=reason, actor=actor_of(request), now=clock.now()
    )  # fmt: skip
    softly = ", which keeps it softly while its hold lasts" if done.taker.is_soft else ""
    return f"{plain(qty)} moved to {to}{softly}; the override log has the reason."


def _asked(request: HttpRequest, demand: Demand, errors: list[str]) -> tuple[Demand | None, Decimal | None]:
    if request.method != "POST":
        return None, None
    number, _, line = request.POST.get("to", "").strip().partition("/")
    found = Demand.objects.filter(ref_number__iexact=number.strip(), product=demand.product_id).exclude(pk=demand.pk)
    if line.strip().isdecimal() and len(line) < 9:
        found = found.filter(line_no=int(line))
    some = list(found.order_by("line_no")[:2])
    if not some:
        errors.append(f"No other order line {request.POST.get('to', '')!r} wants this product.")
    elif len(some) > 1:
        errors.append(f"{number} has several lines of this product: write {number}/{some[0].line_no}.")
    qty = steps.quantity(request, "qty", "Quantity", errors)
    if qty is None and not errors:
        errors.append("Quantity: say how much.")
    return (some[0] if len(some) == 1 else None), qty


def _impact(demand: Demand, to: Demand, qty: Decimal, errors: list[str]) -> Impact | None:
    try:
        return impact_of(from_id=demand.pk, to_id=to.pk, qty=qty, now=clock.now())
    except DomainError as refusal:
        errors.append(refusal.in_words)
        return None


def _rows(impact: Impact | None) -> list[list[Cell]]:
    return [_row(side) for side in (impact.giver, impact.taker)] if impact else []


def _row(side: Side) -> list[Cell]:
    days = [day.strftime("%d %b %Y") if day else "no date for all" for day in (side.was, side.now)]
    after = f"{plain(side.after)}, kept softly" if side.is_soft else plain(side.after)
    return [
        Cell(side.document), Cell(plain(side.before), True), Cell(after, True), *(Cell(day) for day in days)
    ]  # fmt: skip
