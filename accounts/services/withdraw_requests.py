"""Requests for approval that ask about what is no longer so: taken first, ended once it is clear that they are out of
date."""

from collections.abc import Collection
from datetime import datetime

from accounts import locks
from accounts.models import ApprovalRequest
from accounts.services.expire_approvals import tell_lapsed
from accounts.states import ApprovalState
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow


@require_uow
def lock_requests(subject: DocumentRef, *, kind: str) -> list[int]:
    """The pending requests about the document, locked at rank 18: nobody decides one meanwhile."""
    pending = ApprovalRequest.objects.filter(
        kind=kind, subject_kind=subject.kind, subject_id=subject.id, state=ApprovalState.PENDING
    )
    ids = list(pending.values_list("pk", flat=True))
    rows = locks.lock_approvals(ids) if ids else []
    return [row.pk for row in rows if row.state == ApprovalState.PENDING]


@require_uow
def withdraw_requests(approval_ids: Collection[int], *, keep: str, actor: Actor, now: datetime) -> int:
    """End those of the locked requests that are bound to another content than `keep`; how many ended."""
    rows = list(ApprovalRequest.objects.filter(pk__in=approval_ids).exclude(content_hash=keep)) if approval_ids else []
    ApprovalRequest.objects.filter(pk__in=[row.pk for row in rows]).update(state=ApprovalState.EXPIRED)
    tell_lapsed(rows, "approval withdrawn: the document was amended", actor=actor, now=now)
    return len(rows)
