"""The day somebody said yes to is promised."""

from datetime import date, datetime

import structlog

from accounts.queries import approvals
from core import journal, overrides
from core.actors import Actor
from core.errors import DomainError
from core.overrides import Reason
from core.uow import door_verb
from orders.rules.promising import PROMISE_APPROVAL
from orders.services.change_promise import change_order_promise

log = structlog.get_logger(__name__)


@door_verb
def apply_approved_promise(*, approval_id: int, actor: Actor, now: datetime) -> bool:
    """Whether the day is promised now. What changed since it was asked for (another quantity, promised already) is not
    forced: the order's timeline says why the approval came to nothing. Safe to run twice."""
    given = approvals([approval_id]).get(approval_id)
    if given is None or given.kind != PROMISE_APPROVAL or given.subject.kind != "order":
        return False
    if overrides.is_recorded(approval_id=approval_id, subject=given.subject):
        return True
    line_no, day = int(given.content["line_no"]), date.fromisoformat(str(given.content["day_asked"]))
    asker = Actor(given.requested_label, user_id=given.requested_by, channel=actor.channel, request_id=actor.request_id)
    reason = Reason(str(given.content.get("reason_code", "approved")), given.reason)
    try:
        change = change_order_promise(
            given.subject.id, line_no, day, reason=reason, actor=asker, now=now, approval_id=approval_id
        )
    except DomainError as refusal:
        log.warning("approved promise not applied", approval_id=approval_id, why=refusal.message)
        words = f"The approved day was not promised: {refusal.message}"
        journal.write([journal.Entry(given.subject, "promise_refused", words)], actor=actor, now=now)
        return False
    return change.is_applied
