"""Every row lock of accounts: used authority and buyers for their spending, rank 12; approvals, rank 18.

Reference data is not locked; its constraints decide.
"""

from collections.abc import Iterable
from datetime import date, datetime

from accounts.models import ApprovalRequest, AuthorityUse, Buyer
from accounts.states import ApprovalState
from core.locks import Rank, take


def lock_approvals(approval_ids: Iterable[int]) -> list[ApprovalRequest]:
    return take(Rank.QUOTE, ApprovalRequest.objects.filter(id__in=sorted(set(approval_ids))))


def lock_buyers(buyer_ids: Iterable[int]) -> list[Buyer]:
    """With their account and their person (which are not locked)."""
    rows = Buyer.objects.filter(id__in=sorted(set(buyer_ids))).select_related("account", "user")
    return take(Rank.AUTHORITY, rows)


def lock_lapsed_approvals(now: datetime, *, limit: int) -> list[ApprovalRequest]:
    """Those nobody decided in time."""
    ids = ApprovalRequest.objects.filter(state=ApprovalState.PENDING, expires_at__lte=now).order_by("id")
    return take(Rank.QUOTE, ApprovalRequest.objects.filter(id__in=list(ids.values_list("id", flat=True)[:limit])))


def lock_unescalated_approvals(now: datetime, *, limit: int) -> list[ApprovalRequest]:
    """Those still pending though the time to go up has come."""
    due = ApprovalRequest.objects.filter(
        state=ApprovalState.PENDING, escalate_at__lte=now, escalated_at__isnull=True, expires_at__gt=now
    )
    ids = list(due.order_by("id").values_list("id", flat=True)[:limit])
    return take(Rank.QUOTE, ApprovalRequest.objects.filter(id__in=ids))


def lock_authority_use(user_id: int, kind: str, day: date) -> AuthorityUse:
    """What somebody has approved of the kind that day; the row is there."""
    (row,) = take(Rank.AUTHORITY, AuthorityUse.objects.filter(user_id=user_id, kind=kind, day=day))
    return row
