"""Use an approval: it must be there, still good, and for exactly this content."""

from datetime import datetime

from accounts import locks
from accounts.approval_queries import approval_of
from accounts.models import ApprovalRequest
from accounts.rules.asks import Approval
from accounts.states import ApprovalState
from core.errors import Refused
from core.uow import require_uow


class ApprovalMissing(Refused):
    template = "Approval {approval_id} is {state}: this needs somebody's yes."
    remedy_template = "Ask for approval, or wait for the decision."


class ApprovalExpired(Refused):
    template = "Approval {approval_id} ended on {expired_at}."
    remedy_template = "Ask for a new one."


class ContentChanged(Refused):
    template = "What approval {approval_id} was given for has changed since."
    remedy_template = "Ask for approval of the new content."


@require_uow
def require(*, approval_id: int, content_hash: str, now: datetime) -> Approval:
    """The approval, locked (rank 18) until the caller commits.

    Raises ApprovalMissing (unknown, pending or rejected), ApprovalExpired, ContentChanged.
    """
    row = next(iter(locks.lock_approvals([approval_id])), None)
    if row is None or row.state in (ApprovalState.PENDING, ApprovalState.REJECTED):
        raise ApprovalMissing(approval_id=approval_id, state="unknown" if row is None else row.state)
    refuse_lapsed(row, now)
    if row.content_hash != content_hash:
        raise ContentChanged(approval_id=approval_id)
    return approval_of(row)


def refuse_lapsed(row: ApprovalRequest, now: datetime) -> None:
    if row.state == ApprovalState.EXPIRED or row.expires_at <= now:
        raise ApprovalExpired(approval_id=row.pk, expired_at=f"{row.expires_at:%d %b %Y %H:%M} UTC")
