"""What mends a case by sending what is there: in part, or again."""

from datetime import datetime
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register
from fulfillment import shipment_resolutions
from fulfillment.credit_resolutions import credit_resolutions
from fulfillment.exception_kinds import DELIVERY_WINDOW_AT_RISK, SHORT_PICK, USAGE_UNBILLED
from fulfillment.services.record_usage import bill_usage
from fulfillment.services.release_orders import release_orders
from fulfillment.short_resolutions import SELLERS, ZERO, again, drop, preview_again, preview_drop
from fulfillment.vendor_resolutions import vendor_resolutions
from inventory.exception_kinds import PROMISE_LOST, PROMISE_MOVED
from inventory.states import UsageStatus
from orders.exception_kinds import AGED_BACKORDER, CANCEL_DATE_AT_RISK, ORDER_STUCK
from orders.lateness import as_promised, behind
from orders.queries import pictures

# The roles of the same button elsewhere: releasing.
RELEASERS = frozenset({Role.CS, Role.CS_LEAD, Role.PLANNER, Role.WAREHOUSE, Role.OPERATOR})


def preview_ship(case: CaseSnapshot, now: datetime) -> Effect:
    order = pictures([case.subject.id]).get(case.subject.id)
    lines = [x for x in (order.lines if order else ()) if x.demand is not None]
    ready = [x.demand for x in lines if x.demand is not None]
    there = sum((d.allocated for d in ready), ZERO)
    missing = sum((d.backordered for d in ready), ZERO)
    if order is None or not there:
        return Effect("", is_possible=False, why_not="Nothing is allocated to it that could be sent.")
    rest = f"; {plain(missing)} follow" if missing else ""
    late = behind(order, lines, as_promised(lines))
    return Effect(f"the warehouse gets {plain(there)} now if every gate lets it go{rest}", days_late=late)


def ship_part(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    """Raises InvalidInput with the gates' words when they let nothing go: then the case stays open."""
    (outcome,) = release_orders(order_ids=[case.subject.id], actor=actor, now=now)
    if not outcome.shipment_ids:
        why = "; ".join(gate.message for gate in outcome.refused) or "Nothing could be released."
        raise InvalidInput([FieldError("/order", "not_released", why)])
    return outcome


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


__all__ = ["shipment_resolutions"]  # registers what mends shipments and parcels

for has_stock in (ORDER_STUCK, AGED_BACKORDER, CANCEL_DATE_AT_RISK, PROMISE_MOVED.code, PROMISE_LOST.code):
    register(Resolution(has_stock, "ship_part", "Send what is there", preview_ship, ship_part, RELEASERS))
register(
    Resolution(USAGE_UNBILLED.code, "bill", "Bill it now", preview_bill, bill, RELEASERS, ends_case=True),
    Resolution(DELIVERY_WINDOW_AT_RISK.code, "later", "The customer takes it later", preview_later, take_later),
    Resolution(SHORT_PICK.code, "allocate", "Find other stock", preview_again, again, RELEASERS),
    Resolution(SHORT_PICK.code, "cancel_short", "Cancel what is short", preview_drop, drop, SELLERS),
    *vendor_resolutions(),
    *credit_resolutions(),
)
