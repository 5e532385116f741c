"""Ask for a second pair of eyes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.approval_queries import ASKED_BY_CUSTOMER as BY_CUSTOMER
from accounts.models import ApprovalRequest
from accounts.rules.asks import JOINED
from accounts.states import ApprovalState
from core import codec, journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow

Key = tuple[str, str, int, str]


@dataclass(frozen=True)
class Asked:
    """One thing to approve, as `request` takes it."""

    kind: str
    subject: DocumentRef
    content_hash: str
    amount: Decimal | None
    currency: str
    expires_at: datetime
    reason: str = ""
    margin_points: Decimal | None = None
    account_id: int | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    escalate_at: datetime | None = None

    @property
    def key(self) -> Key:
        return self.kind, self.subject.kind, self.subject.id, self.content_hash


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
    asked = Asked(
        kind,
        subject,
        content_hash,
        amount,
        currency,
        expires_at,
        reason,
        margin_points,
        account_id,
        content or {},
        escalate_at,
    )
    (approval_id,) = request_many([asked], actor=actor, now=now)
    return approval_id


@require_uow
def request_many(asked: Sequence[Asked], *, actor: Actor, now: datetime) -> list[int]:
    """The same for several, each of its own content: their ids, in the order asked. 5 SQL for any number of them."""
    there = list(_same(asked)) if asked else []
    alive = (ApprovalState.PENDING, ApprovalState.APPROVED)
    known = {key_of(r): r.pk for r in there if r.state in alive and r.expires_at > now}
    _let_customers_see(asked, {r.pk: r for r in there}, known, actor)
    new = [one for one in asked if one.key not in known]
    if not new:
        return [known[one.key] for one in asked]
    # A pending request that lapsed unseen is asked anew: nobody can decide or use it, so nobody waits behind its row.
    lapsed = [r.pk for r in there if r.state == ApprovalState.PENDING and r.expires_at <= now]
    ApprovalRequest.objects.filter(pk__in=lapsed).update(state=ApprovalState.EXPIRED)
    rows = [_row(one, actor, now) for one in new]
    ApprovalRequest.objects.bulk_create(rows, ignore_conflicts=True)  # a twin that asked at the same moment wins
    known |= {key_of(r): r.pk for r in _same(new) if r.state == ApprovalState.PENDING}
    journal.write([_entry(one, known[one.key]) for one in new], actor=actor, now=now)
    return [known[one.key] for one in asked]


def _let_customers_see(
    asked: Sequence[Asked], rows: Mapping[int, ApprovalRequest], known: Mapping[Key, int], actor: Actor
) -> None:
    """A customer asks for what the house had asked for already: one request, which is theirs to follow from now on."""
    found = {known[one.key]: one for one in asked if one.key in known and one.content.get("reason_code") == BY_CUSTOMER}
    joined = [
        rows[pk]
        for pk in found
        if rows[pk].content.get("reason_code") != BY_CUSTOMER and JOINED not in rows[pk].content
    ]
    for row in joined:
        row.content = {**row.content, JOINED: {"by": actor.label, "reason": found[row.pk].reason}}
    if joined:
        ApprovalRequest.objects.bulk_update(joined, ["content"])


def key_of(row: ApprovalRequest) -> Key:
    return row.kind, row.subject_kind, row.subject_id, row.content_hash


def _same(asked: Iterable[Asked]) -> Iterable[ApprovalRequest]:
    """Whatever was asked before with one of the contents, oldest first."""
    wanted = {one.key for one in asked}
    rows = ApprovalRequest.objects.filter(
        subject_id__in=sorted({key[2] for key in wanted}), content_hash__in=sorted({key[3] for key in wanted})
    )
    return (row for row in rows.order_by("id") if key_of(row) in wanted)


def _row(one: Asked, actor: Actor, now: datetime) -> ApprovalRequest:
    return ApprovalRequest(
        kind=one.kind,
        subject_kind=one.subject.kind,
        subject_id=one.subject.id,
        subject_number=one.subject.number,
        content_hash=one.content_hash,
        amount=one.amount,
        currency=one.currency,
        requested_by_id=actor.user_id,
        requested_label=actor.label,
        requested_at=now,
        reason=one.reason,
        expires_at=one.expires_at,
        margin_points=one.margin_points,
        account_id=one.account_id,
        content=codec.dump(one.content),
        escalate_at=one.escalate_at or now + (one.expires_at - now) / 2,
    )


def _entry(one: Asked, approval_id: int) -> journal.Entry:
    asked = f"approval of {one.kind} asked for" + (f": {one.reason}" if one.reason else "")
    data = {
        "approval_id": approval_id,
        "amount": one.amount,
        "currency": one.currency,
        "expires_at": one.expires_at,
    }
    return journal.Entry(one.subject, "approval_requested", asked, data)
