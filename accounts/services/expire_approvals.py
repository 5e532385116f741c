"""Close the requests nobody decided in time. What reads approvals refuses lapsed ones anyway; this tidies the lists."""

from datetime import datetime

from accounts import locks
from accounts.events import ApprovalLapsed
from accounts.models import ApprovalRequest
from accounts.states import ApprovalState
from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb
def expire_approvals(*, actor: Actor, now: datetime, limit: int = 500) -> int:
    """The number closed."""
    rows = locks.lock_lapsed_approvals(now, limit=limit)
    lapsed = [row for row in rows if row.state == ApprovalState.PENDING]
    ApprovalRequest.objects.filter(id__in=[row.pk for row in lapsed]).update(state=ApprovalState.EXPIRED)
    journal.write([_entry(row) for row in lapsed], actor=actor, now=now)
    notes = [outbox.Note(_fact(row), f"approval:{row.pk}", 1) for row in lapsed]
    outbox.publish_many(notes, now=now, actor=actor)
    return len(lapsed)


def _fact(row: ApprovalRequest) -> ApprovalLapsed:
    return ApprovalLapsed(row.pk, row.kind, row.subject_kind, row.subject_id)


def _entry(row: ApprovalRequest) -> journal.Entry:
    subject = DocumentRef(row.subject_kind, row.subject_id, row.subject_number)
    return journal.Entry(subject, "approval_expired", f"{row.kind} approval lapsed undecided", {"approval_id": row.pk})
