"""Ask for a second pair of eyes."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import ApprovalRequest
from accounts.states import ApprovalState
from core import codec, journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow


@require_uow
def request(
    *,
    kind: str,
    subject: DocumentRef,
    content_hash: str,
    amount: Decimal | None,
    currency: str,
    actor: Actor,
    now: datetime,
    expires_at: datetime,
    reason: str = "",
    margin_points: Decimal | None = None,
    account_id: int | None = None,
    content: Mapping[str, Any] | None = None,
    escalate_at: datetime | None = None,
) -> int:
    """The id of the approval to wait for. Asking again for the same content gives the request that is pending, or
    approved and still good; content that changed needs a new one.

    `margin_points` are the points of margin given up. `account_id` is the customer concerned: outside the house only who
    sees that customer sees the request. `content` is what is asked in plain values, shown to whoever decides; a "part" in
    it names the part of the document it is about, so that requests for two parts wait side by side. Undecided at
    `escalate_at` (half the time it has, unless given) it goes up.

    Takes no lock, so that it may be called while an order is held.
    """
    same = ApprovalRequest.objects.filter(
        kind=kind, subject_kind=subject.kind, subject_id=subject.id, content_hash=content_hash
    )
    alive = same.filter(state__in=[ApprovalState.PENDING, ApprovalState.APPROVED], expires_at__gt=now)
    known = alive.order_by("-id").values_list("id", flat=True).first()
    if known is not None:
        return known
    # A pending request that lapsed unseen is asked anew: nobody can decide or use it, so nobody waits behind its row.
    same.filter(state=ApprovalState.PENDING, expires_at__lte=now).update(state=ApprovalState.EXPIRED)
    row = ApprovalRequest(
        kind=kind,
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_number=subject.number,
        content_hash=content_hash,
        amount=amount,
        currency=currency,
        requested_by_id=actor.user_id,
        requested_label=actor.label,
        requested_at=now,
        reason=reason,
        expires_at=expires_at,
        margin_points=margin_points,
        account_id=account_id,
        content=codec.dump(content or {}),
        escalate_at=escalate_at or now + (expires_at - now) / 2,
    )
    ApprovalRequest.objects.bulk_create([row], ignore_conflicts=True)  # a twin that asked at the same moment wins
    approval_id = same.filter(state=ApprovalState.PENDING).values_list("id", flat=True).get()
    asked = f"approval of {kind} asked for" + (f": {reason}" if reason else "")
    data = {"approval_id": approval_id, "amount": amount, "currency": currency, "expires_at": expires_at}
    journal.write([journal.Entry(subject, "approval_requested", asked, data)], actor=actor, now=now)
    return approval_id
