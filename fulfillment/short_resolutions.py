"""What mends a shortage on a shipment: other stock, or nothing more of it. Shared by short picks and vendors' answers."""

from collections.abc import Mapping, Sequence
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
from fulfillment.models import Shipment
from inventory.queries import availability
from inventory.rules.asks import AvailabilityQuery
from inventory.services.allocate import allocate
from orders.lateness import behind, with_stock
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.cancel import cancel_lines
from orders.services.lock_lines import lock_lines

ZERO = Decimal(0)
# The roles of the same button elsewhere: cancelling what was ordered.
SELLERS = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER})


class NothingIsShort(Refused):
    template = "Nothing of case {number} is short any more."
    remedy_template = "The case closes by itself."


def short_lines(case: CaseSnapshot) -> tuple[OrderPicture | None, Sequence[LinePicture]]:
    """The order of the shipment, and its lines of the short product that still wait."""
    order_id = Shipment.objects.filter(pk=case.subject.id).values_list("order_id", flat=True).first() or 0
    order = pictures([order_id]).get(order_id)
    product = case.cause_key.removeprefix("product:")
    lines = [x for x in (order.lines if order else ()) if str(x.product_id) == product]
    return order, [x for x in lines if x.demand is not None and x.demand.backordered > ZERO]


def preview_again(case: CaseSnapshot, now: datetime) -> Effect:
    order, lines = short_lines(case)
    if order is None or not lines:
        return Effect("", is_possible=False, why_not="Nothing of it is short any more.")
    qty = sum((x.demand.backordered for x in lines if x.demand is not None), ZERO)
    late = late_from_stock(order, lines, now)
    return Effect(f"looks for {plain(qty)} at every site that may serve the order", days_late=late)


def late_from_stock(
    order: OrderPicture, lines: Sequence[LinePicture], now: datetime, wanted: Mapping[int, Decimal] | None = None
) -> int:
    """With what our own sites have free of it; where that is too little, as it is promised now."""
    products = tuple(sorted({x.product_id for x in lines if x.product_id is not None}))
    there = availability(AvailabilityQuery(products, order.account_id, company_day(now)))
    return behind(order, lines, with_stock(lines, there, now=now, wanted=wanted))


def again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    product = case.cause_key.removeprefix("product:")
    asked = [int(product)] if product.isdecimal() else []
    return allocate(trigger_key=f"case {case.number} {key}"[:80], product_ids=asked, actor=actor, now=now)


def preview_drop(case: CaseSnapshot, now: datetime) -> Effect:
    order, lines = short_lines(case)
    if order is None or not lines:
        return Effect("", is_possible=False, why_not="Nothing of it is short any more.")
    worth = sum((x.amount * x.demand.backordered / x.qty for x in lines if x.demand is not None), ZERO)
    worth = round_amount(worth, order.currency)
    return Effect(f"gives up {worth:,} {order.currency} of sales", -worth, days_late=NEVER)


def drop(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    """What is short is read under the locks of the cancellation, so that nothing is cancelled twice."""
    lock_accounts([case.account_id] if case.account_id else [])
    order, lines = short_lines(case)
    lock_lines([x.line_id for x in lines if x.line_id is not None])
    order, lines = short_lines(case)
    if order is None or not lines:
        raise NothingIsShort(number=case.number)
    quantities: dict[int, Decimal | None] = {x.line_no: x.demand.backordered for x in lines if x.demand is not None}
    reason = f"Short, given up on case {case.number}"
    return cancel_lines(order_id=order.order_id, quantities=quantities, reason=reason, actor=actor, now=now)
