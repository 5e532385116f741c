"""Picks above what was released: who takes how much more, and whether credit and stock bear it. Part of confirm_pick."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.queries import account_snapshots
from core.clock import company_day
from core.errors import Busy, DomainError, FieldError, Refused
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import require_uow
from credit.rules.asks import CreditAsk
from credit.services.check import check
from credit.states import CheckPoint, Outcome
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.rules.asks import PickReport
from fulfillment.rules.tolerance import Excess, Picked, excesses, net_extra
from inventory.queries import demand_states, free_on
from orders.queries import line_prices

ZERO = Decimal(0)


class NotFreeToTake(Refused):
    template = (
        "{asked} more of a stock of shipment {number} than was released cannot be taken: {free} are nobody else's."
    )
    remedy_template = "Put the surplus back; if more lies there than the books say, count it first."


class SurplusOverCredit(Refused):
    template = "Picking more of shipment {number} than was released would owe {amount} {currency} more: {why}"
    remedy_template = "Put the surplus back, or let finance make room first."


class LinesChanged(Busy):
    template = "The lines of shipment {number} changed at this moment."
    remedy_template = "Send the pick again."


def order_lines_over(reports: Sequence[PickReport]) -> frozenset[int]:
    """The order lines whose orders may grow: read before anything is locked. No statement where nothing is named."""
    named = {line_id: qty for report in reports for line_id, qty in report.picks.items()}
    rows = ShipmentLine.objects.filter(pk__in=named).values_list("pk", "qty", "order_line_id") if named else ()
    return frozenset(order_line for pk, qty, order_line in rows if named[pk].is_finite() and named[pk] > qty)


def tolerances(shipments: Sequence[Shipment], *, now: datetime) -> dict[int, tuple[str, Decimal]]:
    """{account: its code and the percent it takes above the order}. One statement, none without shipments."""
    found = account_snapshots({s.account_id for s in shipments}, on=company_day(now))
    return {i: (a.code, a.over_ship_percent) for i, a in found.items()}


def above(
    lines: Sequence[ShipmentLine], qtys: Mapping[int, Decimal], tolerance: tuple[str, Decimal]
) -> list[FieldError]:
    """What is above the tolerance, at each of its lines."""
    code, percent = tolerance
    return [
        FieldError(f"/picks/{line_id}", "above_tolerance", _words(excess, code, percent), _remedy(excess))
        for excess in excesses(picked_lines(lines, qtys), percent)
        for line_id in excess.line_ids
    ]


def _words(x: Excess, code: str, percent: Decimal) -> str:
    takes = f"{code} takes up to {plain(percent)} % more, {plain(x.most)}" if percent else f"{code} takes no more"
    return f"{plain(x.found)} picked, {plain(x.released)} released: {takes}."


def _remedy(x: Excess) -> str:
    return f"Put back what is above {plain(x.most)}, or have the order amended; the tolerance stands on the account."


def picked_lines(lines: Sequence[ShipmentLine], qtys: Mapping[int, Decimal]) -> list[Picked]:
    return [Picked(x.pk, x.order_line_id, x.qty, qtys[x.pk]) for x in lines]


@dataclass(frozen=True)
class Surplus:
    """A report that picks more of some balance than was released of it."""

    shipment: Shipment
    lines: Sequence[ShipmentLine]
    qtys: Mapping[int, Decimal]


@require_uow
def surplus_refusals(found: Sequence[Surplus], locked: frozenset[int], *, now: datetime) -> dict[int, DomainError]:
    """{shipment: why it cannot be}: its order is not locked, somebody else has the stock, credit does not bear it. Each
    takes what it is granted from the next. Four statements; the accounts' credit is locked, the stock is looked at here
    and decided under its lock.
    """
    refused: dict[int, DomainError] = {}
    lines = [x for s in found for x in s.lines if s.qtys[x.pk] > x.qty]
    free, extras = free_on({x.balance_id for x in lines}), {s.shipment.pk: _growth(s) for s in found}
    for s in found:
        if not {x.order_line_id for x in s.lines if s.qtys[x.pk] > x.qty} <= locked:
            refused[s.shipment.pk] = LinesChanged(number=s.shipment.number)
        elif refusal := _not_free(s, free):
            refused[s.shipment.pk] = refusal
    asks = _asks([s for s in found if s.shipment.pk not in refused], extras, now)
    decisions = check([ask for _, ask in asks], point=CheckPoint.PICK, now=now) if asks else []
    for (shipment, ask), decision in zip(asks, decisions, strict=True):
        if decision.outcome != Outcome.APPROVED:
            why = " ".join(reason.message for reason in decision.reasons) or decision.words
            refused[shipment.pk] = SurplusOverCredit(
                number=shipment.number, amount=ask.amount, currency=ask.currency, why=why
            )
    return refused


def _growth(s: Surplus) -> dict[int, Decimal]:
    """{order line: units beyond those its demand waits for}."""
    extra = net_extra(picked_lines(s.lines, s.qtys))
    demand_of = {x.order_line_id: x.demand_id for x in s.lines}
    waits = demand_states([demand_of[i] for i in extra]) if extra else {}
    return {i: more for i, qty in extra.items() if (more := qty - waits[demand_of[i]].backordered) > 0}


def _not_free(s: Surplus, free: dict[int, Decimal]) -> DomainError | None:
    """Nothing is taken from `free` where something is missing."""
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    for x in s.lines:
        wanted[x.balance_id] += max(s.qtys[x.pk] - x.qty, ZERO)
    for balance_id, qty in wanted.items():
        if qty > free.get(balance_id, ZERO):
            there = plain(max(free.get(balance_id, ZERO), ZERO))
            return NotFreeToTake(asked=plain(qty), number=s.shipment.number, free=there)
    for balance_id, qty in wanted.items():
        free[balance_id] = free.get(balance_id, ZERO) - qty
    return None


def _asks(
    found: Sequence[Surplus], extras: Mapping[int, Mapping[int, Decimal]], now: datetime
) -> list[tuple[Shipment, CreditAsk]]:
    prices = line_prices({i for s in found for i in extras[s.shipment.pk]})
    asks = []
    for s in found:
        amounts = [prices[i].worth.of(q, prices[i].currency) for i, q in extras[s.shipment.pk].items()]
        if sum(amounts, ZERO) > 0:
            price = prices[next(iter(extras[s.shipment.pk]))]
            ref = DocumentRef("shipment", s.shipment.pk, s.shipment.number)
            ask = CreditAsk(
                s.shipment.account_id, ref, sum(amounts, ZERO), price.currency, company_day(now), terms_are_agreed=True,
                rate_date=price.submitted_on,
            )  # fmt: skip
            asks.append((s.shipment, ask))
    return asks
