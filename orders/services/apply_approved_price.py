"""What somebody said yes to is done: the approved prices go on the lines they were asked for."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import structlog

from accounts.queries import approvals
from core import journal
from core.actors import Actor
from core.errors import DomainError
from core.overrides import Reason
from core.uow import door_verb
from orders.queries import pictures
from orders.rules.repricing import PRICE_APPROVAL
from orders.services.override_price import override_order_price
from pricing.states import PriceLevel

log = structlog.get_logger(__name__)


def _is_applied(order_id: int, prices: Mapping[int, Decimal]) -> bool:
    order = pictures([order_id]).get(order_id)
    lines = {x.line_no: x for x in order.lines} if order else {}
    return all(
        (line := lines.get(n)) is not None and line.price_basis == PriceLevel.OVERRIDE and line.unit_price == price
        for n, price in prices.items()
    )


@door_verb
def apply_approved_price(*, approval_id: int, actor: Actor, now: datetime) -> bool:
    """Whether the prices were applied. What changed since it was asked for (another quantity, goods with the warehouse)
    is not forced: the order's timeline says why the approval came to nothing. Safe to run twice."""
    given = approvals([approval_id]).get(approval_id)
    if given is None or given.kind != PRICE_APPROVAL or given.subject.kind != "order":
        return False
    prices = {int(x["line_no"]): Decimal(str(x["price_asked"])) for x in given.content.get("lines", ())}
    if not prices:
        return False
    if _is_applied(given.subject.id, prices):
        return True
    asker = Actor(given.requested_label, user_id=given.requested_by, channel=actor.channel, request_id=actor.request_id)
    reason = Reason(str(given.content.get("reason_code", "approved")), given.reason)
    try:
        change = override_order_price(
            given.subject.id, prices, reason=reason, actor=asker, now=now, approval_id=approval_id
        )
    except DomainError as refusal:
        log.warning("approved price not applied", approval_id=approval_id, why=refusal.message)
        words = f"The approved price was not applied: {refusal.message}"
        journal.write([journal.Entry(given.subject, "reprice_refused", words)], actor=actor, now=now)
        return False
    return change.is_applied
