"""What mends a case by sending what is there: in part, or again."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.quantity import plain
from credit.services.lock_accounts import lock_accounts
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.suggestions import Resolution, register
from fulfillment.exception_kinds import DELIVERY_WINDOW_AT_RISK, SHORT_PICK, USAGE_UNBILLED
from fulfillment.models import Shipment
from fulfillment.services.record_usage import bill_usage
from fulfillment.services.release_orders import release_orders
from inventory.exception_kinds import PROMISE_LOST, PROMISE_MOVED
from inventory.services.allocate import allocate
from inventory.states import UsageStatus
from orders.exception_kinds import AGED_BACKORDER, CANCEL_DATE_AT_RISK, ORDER_STUCK
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.cancel import cancel_lines
from orders.services.lock_lines import lock_lines

ZERO = Decimal(0)
# The roles of the same buttons elsewhere: releasing, and cancelling what was ordered.
RELEASERS = frozenset({Role.CS, Role.CS_LEAD, Role.PLANNER, Role.WAREHOUSE, Role.OPERATOR})
SELLERS = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER})


class NothingIsShort(Refused):
    template = "Nothing of case {number} is short any more."
    remedy_template = "The case closes by itself."


def preview_ship(case: CaseSnapshot, now: datetime) -> Effect:
    order = pictures([case.subject.id]).get(case.subject.id)
    ready = [x.demand for x in (order.lines if order else ()) if x.demand is not None]
    there = sum((d.allocated for d in ready), ZERO)
    missing = sum((d.backordered for d in ready), ZERO)
    if not there:
        return Effect("", is_possible=False, why_not="Nothing is allocated to it that could be sent.")
    rest = f"; {plain(missing)} follow" if missing else ""
    return Effect(
        f"the warehouse gets {plain(there)} now if every gate lets it go{rest}", days_late=1 if missing else 0
    )


def ship_part(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    """Raises InvalidInput with the gates' words when they let nothing go: then the case stays open."""
    (outcome,) = release_orders(order_ids=[case.subject.id], actor=actor, now=now)
    if not outcome.shipment_ids:
        why = "; ".join(gate.message for gate in outcome.refused) or "Nothing could be released."
        raise InvalidInput([FieldError("/order", "not_released", why)])
    return outcome


def short_lines(case: CaseSnapshot) -> tuple[OrderPicture | None, Sequence[LinePicture]]:
    """The order of the shipment, and its lines of the short product that still wait."""
    order_id = Shipment.objects.filter(pk=case.subject.id).values_list("order_id", flat=True).first() or 0
    order = pictures([order_id]).get(order_id)
    product = case.cause_key.removeprefix("product:")
    lines = [x for x in (order.lines if order else ()) if str(x.product_id) == product]
    return order, [x for x in lines if x.demand is not None and x.demand.backordered > ZERO]


def preview_again(case: CaseSnapshot, now: datetime) -> Effect:
    _, lines = short_lines(case)
    if not lines:
        return Effect("", is_possible=False, why_not="Nothing of it is short any more.")
    qty = sum((x.demand.backordered for x in lines if x.demand is not None), ZERO)
    return Effect(f"looks for {plain(qty)} at every site that may serve the order", days_late=1)


def again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    product = case.cause_key.removeprefix("product:")
    asked = [int(product)] if product.isdecimal() else []
    return allocate(trigger_key=f"case {case.number} {key}"[:80], product_ids=asked, actor=actor, now=now)


def preview_drop(case: CaseSnapshot, now: datetime) -> Effect:
    order, lines = short_lines(case)
    if order is None or not lines:
        return Effect("", is_possible=False, why_not="Nothing of it is short any more.")
    worth = sum((x.amount * x.demand.backordered / x.qty for x in lines if x.demand is not None), ZERO)
    worth = worth.quantize(Decimal("0.01"))
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


def preview_bill(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("makes its order of it now; what is still missing is told, and the case stays")


def bill(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    """Raises InvalidInput with what is still missing."""
    outcome = bill_usage(usage_id=case.subject.id, actor=actor, now=now)
    if outcome.status != UsageStatus.BILLED:
        raise InvalidInput([FieldError("/usage", "not_billed", "; ".join(outcome.problems) or "It is not billed.")])
    return outcome


def preview_later(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("the customer takes it when it comes; the warehouse goes on as it does", days_late=1)


def take_later(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """Nothing moves; the case keeps who asked the customer. While the shipment is not sent, it is not asked again for
    three days."""


for has_stock in (ORDER_STUCK, AGED_BACKORDER, CANCEL_DATE_AT_RISK, PROMISE_MOVED.code, PROMISE_LOST.code):
    register(Resolution(has_stock, "ship_part", "Split: send what is there", preview_ship, ship_part, RELEASERS))
register(
    Resolution(USAGE_UNBILLED.code, "bill", "Bill it now", preview_bill, bill, RELEASERS, ends_case=True),
    Resolution(DELIVERY_WINDOW_AT_RISK.code, "later", "The customer takes it later", preview_later, take_later),
    Resolution(SHORT_PICK.code, "allocate", "Find other stock", preview_again, again, RELEASERS),
    Resolution(SHORT_PICK.code, "cancel_short", "Cancel what is short", preview_drop, drop, SELLERS),
)
