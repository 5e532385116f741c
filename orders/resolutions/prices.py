"""What ends a price mismatch beside the contract price: the customer's price, or the lines rejected."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from core.actors import Actor
from core.choices import counted
from core.overrides import Reason
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.suggestions import Asked, Resolution, register
from orders.exception_kinds import PRICE_MISMATCH
from orders.queries import pictures
from orders.rules.picture import stated_amount
from orders.rules.repricing import stated_prices
from orders.services.resolve_price import accept_stated_price, reject_stated_price

ZERO = Decimal(0)
AGREES = "No price differs any more."


class _Differing(NamedTuple):
    """Lines that differ from the customer's prices: how many, what theirs would give away (below 0), their sum at ours."""

    lines: int
    effect: Decimal
    ours: Decimal
    currency: str


def _difference(case: CaseSnapshot) -> _Differing:
    order = pictures([case.subject.id]).get(case.subject.id)
    if order is None:
        return _Differing(0, ZERO, ZERO, "")
    differing = stated_prices(order)
    lines = [x for x in order.lines if x.line_no in differing]
    ours = sum((x.amount for x in lines), ZERO)
    theirs = sum((stated_amount(x, order.currency) or ZERO for x in lines), ZERO)
    return _Differing(len(lines), theirs - ours, ours, order.currency)


def preview_stated(case: CaseSnapshot, now: datetime) -> Effect:
    count, effect, _, currency = _difference(case)
    if not count:
        return Effect("", is_possible=False, why_not=AGREES)
    words = f"{counted(count, 'line')} at the customer's price: {effect:+,} {currency}; above your authority it is asked for"
    return Effect(words, money_effect=effect)


def accept_stated(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    # The customer and their rep read an approval's reason: the case's own words may name a floor.
    reason = Reason("customer_price", f"Decided on case {case.number}: the customer's price is accepted")
    change = accept_stated_price(order_id=case.subject.id, reason=reason, actor=actor, now=now)
    if change.is_applied:
        return change
    words = f"Approval {change.approval_id} is asked for: {change.effect:+,} {change.currency} at the customer's price."
    return Asked(words)


def preview_reject(case: CaseSnapshot, now: datetime) -> Effect:
    count, _, ours, currency = _difference(case)
    if not count:
        return Effect("", is_possible=False, why_not=AGREES)
    words = f"{counted(count, 'line')} cancelled, {ours:,} {currency} of sales; the customer orders again at our price"
    return Effect(words, -ours, days_late=NEVER)


def reject(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    words = f"Price not accepted, case {case.number}"
    return reject_stated_price(order_id=case.subject.id, reason=words, actor=actor, now=now)


register(
    Resolution(PRICE_MISMATCH, "accept_po_price", "Accept the customer's price", preview_stated, accept_stated),
    Resolution(PRICE_MISMATCH, "reject_lines", "Reject the lines that differ", preview_reject, reject),
)
