"""Close the requests nobody decided in time. What reads approvals refuses lapsed ones anyway; this tidies the lists."""

from collections.abc import Sequence
from datetime import datetime

from accounts import locks
from accounts.events import ApprovalLapsed
from accounts.models import ApprovalRequest
from accounts.states import ApprovalState
from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb, require_uow


@door_verb
def expire_approvals(*, actor: Actor, now: datetime, limit: int = 500) -> int:
    """The number closed."""
    rows = locks.lock_lapsed_approvals(now, limit=limit)
    lapsed = [row for row in rows if row.state == ApprovalState.PENDING]
    ApprovalRequest.objects.filter(id__in=[row.pk for row in lapsed]).update(state=ApprovalState.EXPIRED)
    tell_lapsed(lapsed, "approval lapsed undecided", actor=actor, now=now)
    return len(lapsed)


@require_uow
def tell_lapsed(rows: Sequence[ApprovalRequest], why: str, *, actor: Actor, now: datetime) -> None:
    """Journal and facts of requests that ended undecided."""
    journal.write([_entry(row, why) for row in rows], actor=actor, now=now)
    notes = [outbox.Note(_fact(row), f"approval:{row.pk}", 1) for row in rows]
    outbox.publish_many(notes, now=now, actor=actor)


def _fact(row: ApprovalRequest) -> ApprovalLapsed:
    return ApprovalLapsed(row.pk, row.kind, row.subject_kind, row.subject_id)


def _entry(row: ApprovalRequest, why: str) -> journal.Entry:
    subject = DocumentRef(row.subject_kind, row.subject_id, row.subject_number)
    return journal.Entry(subject, "approval_expired", f"{row.kind} {why}", {"approval_id": row.pk})
