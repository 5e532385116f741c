"""Close a line short: its rest is not worth a shipment of its own and is no longer wanted."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.queries import account_snapshots
from core import sql
from core.actors import Actor
from core.clock import company_day
from core.errors import Refused
from core.quantity import plain
from core.uow import door_verb
from orders.queries import pictures
from orders.rules.asks import CancelOutcome
from orders.rules.exposure import unreleased
from orders.services.cancel import NothingToCancel, cancel_order_lines

ZERO, HUNDRED = Decimal(0), Decimal(100)
BATCH = 200
# A rest that nothing is set aside for, of a line that has shipped and has nothing on its way, within the tolerance.
_RESTS = """
    SELECT x.order_id, x.line_no, d.backordered_qty, a.short_close_percent
    FROM inventory_demand d JOIN orders_orderline x ON x.demand_id = d.id JOIN orders_order o ON o.id = x.order_id
    JOIN accounts_account a ON a.id = o.account_id
    WHERE o.status = 'submitted' AND a.short_close_percent > 0 AND d.backordered_qty > 0 AND d.shipped_qty > 0
      AND d.ordered_qty > d.cancelled_qty + d.shipped_qty
      AND d.reserved_qty + d.allocated_qty + d.released_qty + d.picked_qty = 0
      AND d.backordered_qty * 100 <= (d.ordered_qty - d.cancelled_qty) * a.short_close_percent
    ORDER BY x.order_id, x.line_no LIMIT %(limit)s::int"""


class StillOnItsWay(Refused):
    template = "Line {line_no} is not closed short: {qty} of it have stock or are in the warehouse."
    remedy_template = "Let that ship first, or cancel the quantity you do not want."


@dataclass(frozen=True)
class Closed:
    order_id: int
    line_nos: tuple[int, ...]


@door_verb
def close_short(*, order_id: int, line_no: int, reason: str, actor: Actor, now: datetime) -> CancelOutcome:
    """Cancel what is backordered of a line that has shipped in part: the line is done.

    Raises NotFound, InvalidInput (no such line), StillOnItsWay, NothingToCancel.
    """
    order = pictures([order_id]).get(order_id)
    state = next((x.demand for x in order.lines if x.line_no == line_no), None) if order else None
    if state is not None and (held := state.open - state.backordered) > 0:
        raise StillOnItsWay(line_no=line_no, qty=plain(held))
    return cancel_order_lines(order_id, {line_no: None}, reason=f"closed short: {reason}", actor=actor, now=now)


@door_verb
def close_rest(*, order_id: int, order_line_id: int, rest_qty: Decimal, actor: Actor, now: datetime) -> Decimal:
    """Cancel what a short pick left of a line, where the account does not want so little sent after it: base units.

    What was found for it in between is given back; 0 where it is released, done, or more than the tolerance by now.
    """
    order = pictures([order_id]).get(order_id)
    line = next((x for x in order.lines if x.line_id == order_line_id), None) if order else None
    if order is None or line is None or line.demand is None or line.demand.released:
        return ZERO
    percent = account_snapshots([order.account_id], on=company_day(now))[order.account_id].short_close_percent
    rest, wanted = unreleased(line.demand), line.demand.ordered - line.demand.cancelled
    if not ZERO < rest <= rest_qty or rest * HUNDRED > wanted * percent:
        return ZERO
    reason = f"closed short: the rest is at most {plain(percent)} % of the line, as the account agreed"
    outcome = cancel_order_lines(order_id, {line.line_no: rest}, reason=reason, actor=actor, now=now)
    return sum(outcome.cancelled.values(), ZERO)


def close_short_by_tolerance(*, actor: Actor, now: datetime) -> list[Closed]:
    """Every rest that is within its account's tolerance, an order a transaction."""
    rests: dict[int, dict[int, Decimal]] = defaultdict(dict)
    percents: dict[int, Decimal] = {}
    for order_id, line_no, qty, percent in sql.rows(_RESTS, {"limit": BATCH}):
        rests[order_id][line_no] = qty
        percents[order_id] = percent
    found = []
    for order_id, lines in rests.items():
        closed = _close(order_id, lines, percents[order_id], actor, now)
        if closed:
            found.append(closed)
    return found


def _close(order_id: int, lines: Mapping[int, Decimal], percent: Decimal, actor: Actor, now: datetime) -> Closed | None:
    reason = f"closed short: the rest is at most {plain(percent)} % of the line, as the account agreed"
    try:
        outcome = _cancel(order_id=order_id, quantities=dict(lines), reason=reason, actor=actor, now=now)
    except NothingToCancel:  # it was served meanwhile
        return None
    return Closed(order_id, tuple(outcome.cancelled))


@door_verb
def _cancel(
    *, order_id: int, quantities: Mapping[int, Decimal | None], reason: str, actor: Actor, now: datetime
) -> CancelOutcome:
    return cancel_order_lines(order_id, quantities, reason=reason, actor=actor, now=now)
