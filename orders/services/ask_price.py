"""A customer asks for lower prices on lines of an order: never applied by the asking, always decided by the house."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from accounts.approval_queries import ASKED_BY_CUSTOMER
from core import journal, overrides
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.overrides import Reason
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from orders.queries import account_of, pictures
from orders.services.override_price import OrderIsOver, PriceCase, PriceChange, ask_for, price_case
from orders.states import OrderStatus


@door_verb
def ask_price(*, order_id: int, prices: Mapping[int, Decimal], reason: str, actor: Actor, now: datetime) -> PriceChange:
    """The approval it waits for, never applied by the asking: prices per base unit, by line number. Whoever has the
    authority over prices decides; then the prices go on their lines, if those are still what was asked about. Asked twice,
    it is one request.

    Raises NotFound, OrderIsOver, LineIsReleased, ReasonTooShort, InvalidInput (no lower price, an unknown line).
    """
    if account_of(order_id) is None:
        raise NotFound(kind="order", ident=order_id)
    if len(reason.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.strip()))
    status = pictures([order_id])[order_id].meta["status"]
    case = price_case(order_id, prices, now)
    if status not in (OrderStatus.DRAFT, OrderStatus.SUBMITTED):
        raise OrderIsOver(number=case.order.number, status=status)
    if errors := _not_lower(case):
        raise InvalidInput(errors)
    approval_id = ask_for(case, Reason(ASKED_BY_CUSTOMER, reason), actor, now)
    words = ", ".join(f"line {n} at {plain(p)}" for n, p in sorted(case.prices.items()))[:200]
    ref = DocumentRef("order", order_id, case.order.number)
    entry = journal.Entry(ref, "price_asked", f"Another price was asked for: {words} {case.order.currency}")
    journal.write([entry], actor=actor, now=now)
    return PriceChange(False, case.effect, case.order.currency, approval_id)


def _not_lower(case: PriceCase) -> list[FieldError]:
    errors = []
    for line_no, price in case.prices.items():
        now = case.lines[line_no].unit_price
        if now is not None and price >= now:
            words = f"{plain(price)} is not below {plain(now)}, what it costs now."
            errors.append(FieldError(f"/prices/{line_no}", "not_lower", words, "Ask for a lower price."))
    return errors
