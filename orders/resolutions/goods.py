"""What mends a case about an order's goods: allocate again, take the new date, give up what does not come."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.clock import company_day
from core.errors import Refused
from core.money import round_amount
from core.quantity import plain
from credit.services.lock_accounts import lock_accounts
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.suggestions import Asked, Resolution, register
from inventory.exception_kinds import PROMISE_LOST, PROMISE_MOVED
from inventory.queries import availability, promises
from inventory.rules.asks import AvailabilityQuery
from inventory.services.allocate import allocate
from orders.exception_kinds import AGED_BACKORDER, CANCEL_DATE_AT_RISK, ORDER_STUCK, UNRESOLVED_LINES
from orders.lateness import as_promised, behind, with_stock
from orders.locks import lock_orders
from orders.queries import pictures
from orders.resolutions.holds import SELLERS, told_outside
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.cancel import cancel_lines, cancel_order
from orders.services.rematch_lines import Rematched, rematch_lines

ZERO = Decimal(0)
DEALERS = frozenset({Role.PLANNER, Role.CS_LEAD})  # who may run an allocation
NOTHING_WAITS = "Nothing of the order waits for stock any more."


class NothingWaits(Refused):
    template = NOTHING_WAITS
    remedy_template = "Look at the order again; the case closes by itself."


def waiting_lines(case: CaseSnapshot) -> tuple[OrderPicture | None, Sequence[LinePicture]]:
    """The order, and its lines with backordered units: the one the cause names, or all. Promises are made to other
    documents too (quotes, transfers): those have no lines here."""
    order = pictures([case.subject.id]).get(case.subject.id) if case.subject.kind == "order" else None
    lines = order.lines if order else ()
    named = case.cause_key.removeprefix("demand:")
    waiting = [x for x in lines if x.demand is not None and x.demand.backordered > ZERO]
    if named.isdecimal():
        waiting = [x for x in waiting if x.demand is not None and x.demand.demand_id == int(named)]
    return order, waiting


def preview_allocate(case: CaseSnapshot, now: datetime) -> Effect:
    order, waiting = waiting_lines(case)
    if order is None or not waiting:
        return Effect("", is_possible=False, why_not=NOTHING_WAITS)
    products = tuple(sorted({x.product_id for x in waiting if x.product_id is not None}))
    there = availability(AvailabilityQuery(products, order.account_id, company_day(now)))
    missing = sum((_backordered(x) for x in waiting), ZERO)
    covered = sum((min(_backordered(x), there[x.product_id].available) for x in waiting if x.product_id in there), ZERO)
    sites = sorted(
        {s.site_code for x in waiting if x.product_id in there for s in there[x.product_id].sites if s.available > ZERO}
    )
    if not covered:
        return Effect("", is_possible=False, why_not=f"No site has any of the {plain(missing)} that are missing.")
    worth = sum(
        (
            _worth(x, min(_backordered(x), there[x.product_id].available), order.currency)
            for x in waiting
            if x.product_id in there
        ),
        ZERO,
    )
    late = behind(order, waiting, with_stock(waiting, there, now=now))
    return Effect(f"finds {plain(covered)} of {plain(missing)} at {', '.join(sites)}", worth, days_late=late)


def allocate_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    _, waiting = waiting_lines(case)
    products = {x.product_id for x in waiting if x.product_id is not None}
    return allocate(trigger_key=f"case {case.number} {key}"[:80], product_ids=sorted(products), actor=actor, now=now)


def preview_accept(case: CaseSnapshot, now: datetime) -> Effect:
    """What the customer is told: the date that holds now."""
    order, _ = waiting_lines(case)
    named = case.cause_key.removeprefix("demand:")
    lines = [x for x in (order.lines if order else ()) if x.demand is not None]
    lines = [x for x in lines if not named.isdecimal() or (x.demand and x.demand.demand_id == int(named))]
    parts = [part for of_demand in promises(demands_of(lines)).values() for part in of_demand]
    dates = [part.delivery_date for part in parts]
    if order is None or not dates or None in dates:
        return Effect("", is_possible=False, why_not="There is no new date to take.")
    last = max(day for day in dates if day is not None)
    late = max((last - part.first_delivery_date).days if part.first_delivery_date else 0 for part in parts)
    told = f"the customer takes {last.day} {last:%b}, {late} days later than promised first"
    return Effect(told, days_late=behind(order, lines, as_promised(lines)))


def demands_of(lines: Sequence[LinePicture]) -> list[int]:
    return [x.demand.demand_id for x in lines if x.demand is not None]


def accept_date(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """The promise is made already; the case says that the customer was told and who told them."""


def preview_give_up(case: CaseSnapshot, now: datetime) -> Effect:
    order, waiting = waiting_lines(case)
    if order is None or not waiting:
        return Effect("", is_possible=False, why_not=NOTHING_WAITS)
    worth = sum((_worth(x, _backordered(x), order.currency) for x in waiting), ZERO)
    qty = sum((_backordered(x) for x in waiting), ZERO)
    return Effect(f"gives up {plain(qty)} worth {worth:,} {order.currency}; the rest goes on", -worth, days_late=NEVER)


def give_up(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    """What waits is read under the locks of the cancellation, so that nothing is cancelled twice."""
    lock_accounts([case.account_id] if case.account_id else [])
    lock_orders([case.subject.id])
    _, waiting = waiting_lines(case)
    if not waiting:
        raise NothingWaits
    quantities: dict[int, Decimal | None] = {x.line_no: _backordered(x) for x in waiting}
    return cancel_lines(
        order_id=case.subject.id, quantities=quantities, reason=told_outside(case), actor=actor, now=now
    )


def preview_rematch(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("looks for the parts again among today's products and customer part numbers")


def rematch(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Rematched | Asked:
    """While a part is still unknown the case goes on: nothing would open another."""
    found = rematch_lines(order_id=case.subject.id, actor=actor, now=now)
    return Asked(found.in_words[:500]) if found.left else found


def preview_cancel_all(case: CaseSnapshot, now: datetime) -> Effect:
    order = pictures([case.subject.id], with_demands=False).get(case.subject.id)
    if order is None:
        return Effect("", is_possible=False, why_not="The order is not there any more.")
    return Effect(f"gives up {order.total:,} {order.currency} of sales", -order.total, days_late=NEVER)


def cancel_all(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return cancel_order(order_id=case.subject.id, reason=told_outside(case), actor=actor, now=now)


def _backordered(line: LinePicture) -> Decimal:
    return line.demand.backordered if line.demand is not None else ZERO


def _worth(line: LinePicture, qty: Decimal, currency: str) -> Decimal:
    return round_amount(line.amount * qty / line.qty, currency)


for waits_for_stock in (PROMISE_MOVED.code, PROMISE_LOST.code, AGED_BACKORDER, CANCEL_DATE_AT_RISK):
    register(
        Resolution(waits_for_stock, "allocate", "Find other stock", preview_allocate, allocate_again, DEALERS),
        Resolution(waits_for_stock, "cancel_backorder", "Cancel what is missing", preview_give_up, give_up, SELLERS),
    )
register(
    Resolution(PROMISE_MOVED.code, "accept_date", "Take the new date", preview_accept, accept_date),
    Resolution(UNRESOLVED_LINES, "rematch", "Match the parts again", preview_rematch, rematch, SELLERS),
    Resolution(ORDER_STUCK, "cancel_order", "Cancel the order", preview_cancel_all, cancel_all, SELLERS),
)
