"""Say yes or no to what a colleague asked for."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from accounts import locks
from accounts.access import visible_accounts
from accounts.approval_queries import (
    PURCHASE,
    approval_of,
    counted_at_home,
    in_home_currency,
    kept_limits,
    own_limits,
    period_in_words,
    stood_in_for,
    within_own_limit,
)
from accounts.events import ApprovalDecided
from accounts.models import ApprovalRequest, AuthorityUse, User
from accounts.rules import authority
from accounts.services.require_approval import ContentChanged, refuse_lapsed
from accounts.services.spend import OrderLimitExceeded, PeriodLimitExceeded, SpendingCurrencyMismatch, spend
from accounts.spending_queries import buyer_of, headrooms
from accounts.states import APPROVAL, ApprovalState
from core import journal, outbox
from core.actors import Actor
from core.errors import NotFound, NotPermitted, Refused
from core.overrides import SelfApproval
from core.refs import DocumentRef
from core.uow import door_verb

__all__ = ["AuthorityExceeded", "AuthorityUsedUp", "OwnLimitReached", "SelfApproval", "decide"]

ZERO = Decimal(0)


class AuthorityExceeded(Refused):
    status = 403
    template = "{actor} may not approve {kind} over {amount} {currency}."
    remedy_template = "Ask someone with the role {roles}."


class AuthorityUsedUp(Refused):
    status = 403
    template = "{actor} may approve {limit} of {kind} a day and has approved {used}: {amount} more is too much."
    remedy_template = "Ask a colleague, or decide tomorrow."


class OwnLimitReached(Refused):
    status = 403
    template = "{actor} may spend at most {limit}, and approves no more: this is {amount} {currency}."
    remedy_template = "Ask somebody of the company whose own limit reaches, or who has none."


@dataclass(frozen=True)
class _Standing:
    """Whose authority the decision is taken with: one's own, or that of somebody absent."""

    person: User
    day_limit: Decimal | None


@door_verb(
    refuse_on={
        "an_approval_is_decided_by_someone_else": SelfApproval,
        "an_approval_is_not_decided_for_who_asked_for_it": SelfApproval,
    }
)
def decide(*, approval_id: int, approve: bool, note: str = "", actor: Actor, now: datetime) -> None:
    """Roles and limits are read here and now, not from the session that was opened in the morning; a delegate may
    decide with the authority of whoever is away. A no needs no authority over the amount, but it needs the role.

    Raises NotFound (also for a customer the decider may not see), SelfApproval, AuthorityExceeded, AuthorityUsedUp,
    OwnLimitReached (a purchase order above what the approver may spend on one order, or has left in the period),
    RateMissing, ApprovalExpired, ContentChanged (something newer was asked for the same document), IllegalTransition
    (decided before), NotPermitted (the system never approves).
    """
    asked = ApprovalRequest.objects.filter(pk=approval_id).first()  # what is asked never changes
    if asked is None:
        raise NotFound(kind="approval", ident=approval_id)
    decider = _decider(asked, actor, now)
    standing = _standing(asked, decider, approve=approve, actor=actor, now=now)
    use = _lock_use(standing, asked, now) if approve and standing.day_limit is not None else None
    if approve:
        _count_purchase(standing, asked, actor, now)
    (row,) = locks.lock_approvals([approval_id])
    target = ApprovalState.APPROVED if approve else ApprovalState.REJECTED
    refuse_lapsed(row, now)
    APPROVAL.require(ApprovalState(row.state), target)
    _refuse_superseded(row)
    if use is not None:
        _count(use, standing, row, actor, now)
    row.state, row.decided_by_id, row.decided_at, row.decision_note = target, actor.user_id, now, note
    row.decided_for = None if standing.person.pk == decider.pk else standing.person
    row.save(update_fields=["state", "decided_by_id", "decided_at", "decision_note", "decided_for"])
    _tell(row, actor=actor, now=now)


def _refuse_superseded(row: ApprovalRequest) -> None:
    newer = ApprovalRequest.objects.filter(
        kind=row.kind, subject_kind=row.subject_kind, subject_id=row.subject_id, id__gt=row.pk
    )
    if row.content.get("part"):  # several parts of a document may wait side by side: only the same part supersedes
        newer = newer.filter(content__part=row.content["part"])
    if newer.exclude(content_hash=row.content_hash).exists():
        raise ContentChanged(approval_id=row.pk)


def _decider(asked: ApprovalRequest, actor: Actor, now: datetime) -> User:
    person = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if person is None:
        roles = _roles(asked, kept_limits(asked.kind), now)
        raise NotPermitted(actor=actor.label, verb="approve", roles=", ".join(roles))
    if not (asked.account_id is None or visible_accounts(person).contains(asked.account_id)):
        raise NotFound(kind="approval", ident=asked.pk)
    if person.pk == asked.requested_by_id:
        raise SelfApproval(actor=actor.label)
    return person


def _standing(asked: ApprovalRequest, decider: User, *, approve: bool, actor: Actor, now: datetime) -> _Standing:
    """One's own authority before that of somebody one stands in for; whoever asked lends none."""
    kept = kept_limits(asked.kind)
    points = asked.margin_points if approve else None
    absent = User.objects.filter(pk__in=stood_in_for(decider.pk, at=now)).exclude(pk=asked.requested_by_id or 0)
    people = [decider, *absent.order_by("pk")]
    limits = own_limits([approval_of(asked)], [p.pk for p in people], now=now) if approve else {}
    short = None
    for person in people:
        amount = _counted(asked, person, kept, now) if approve else None
        is_able = authority.is_named(asked.content, person.roles) and authority.may_approve(
            person.roles,
            kind=asked.kind,
            amount=amount,
            margin_points=points,
            is_superuser=person.is_superuser and person == decider,
            kept=kept,
        )
        if is_able and not within_own_limit(limits, asked.pk, person.pk):
            short = short or limits[asked.pk, person.pk]
        elif is_able:
            cap = authority.day_limit(person.roles, kind=asked.kind, amount=amount, margin_points=points, kept=kept)
            return _Standing(person, cap)
    if short is not None:
        raise OwnLimitReached(actor=actor.label, limit=short, amount=asked.amount, currency=asked.currency)
    raise AuthorityExceeded(
        actor=actor.label,
        kind=asked.kind,
        amount=asked.amount,
        currency=asked.currency,
        roles=", ".join(_roles(asked, kept, now)),
    )


def _roles(asked: ApprovalRequest, kept: list[authority.Limit], now: datetime) -> list[str]:
    """Who may say yes to it."""
    (amount,) = counted_at_home([(asked.amount, asked.currency)], on=now.date())
    able = authority.roles_for(asked.kind, amount, asked.margin_points, kept=kept)
    return [role for role in able if authority.is_named(asked.content, [role])]


def _counted(asked: ApprovalRequest, person: User, kept: list[authority.Limit], now: datetime) -> Decimal | None:
    """The amount in the company's currency, which the limits are of; as it is where no limit of this person's is one.
    Raises RateMissing."""
    limited = [x for x in authority.limits_of(asked.kind, kept) if x.role in person.roles]
    if asked.amount is None or all(x.amount is None and x.day_amount is None for x in limited):
        return asked.amount
    return in_home_currency(asked.amount, asked.currency, on=now.date(), actor=str(person))


def _count_purchase(standing: _Standing, asked: ApprovalRequest, actor: Actor, now: datetime) -> None:
    """What is approved counts towards the approver's own period beside what they order: rank 12, so that two approvals, or
    an approval and an order, count one after the other."""
    if asked.kind != PURCHASE or asked.account_id is None:
        return
    buyer = buyer_of(standing.person.pk, asked.account_id)
    if buyer is None or not buyer.may_order:
        return
    document = DocumentRef(asked.subject_kind, asked.subject_id, asked.subject_number)
    amount = abs(asked.amount or ZERO)
    try:
        spend(
            user_id=standing.person.pk, account_id=asked.account_id, document=document, amount=amount,
            currency=asked.currency, actor=actor, now=now, is_approver=True,
        )  # fmt: skip
    except (OrderLimitExceeded, PeriodLimitExceeded, SpendingCurrencyMismatch) as refusal:
        room = headrooms([buyer.id], now=now)[buyer.id]
        raise OwnLimitReached(
            actor=actor.label, limit=period_in_words(room), amount=asked.amount, currency=asked.currency
        ) from refusal


def _lock_use(standing: _Standing, asked: ApprovalRequest, now: datetime) -> AuthorityUse:
    """Rank 12, before the approval's 18: two approvals at once count one after the other."""
    day = now.astimezone(UTC).date()
    row = AuthorityUse(user=standing.person, kind=asked.kind, day=day)
    AuthorityUse.objects.bulk_create([row], ignore_conflicts=True)
    return locks.lock_authority_use(standing.person.pk, asked.kind, day)


def _count(use: AuthorityUse, standing: _Standing, row: ApprovalRequest, actor: Actor, now: datetime) -> None:
    amount = abs(in_home_currency(row.amount or ZERO, row.currency, on=now.date(), actor=actor.label))
    limit = standing.day_limit
    if limit is not None and use.used_amount + amount > limit:
        raise AuthorityUsedUp(
            actor=actor.label, kind=row.kind, limit=f"{limit:,}", used=f"{use.used_amount:,}", amount=f"{amount:,}"
        )
    use.used_amount += amount
    use.save(update_fields=["used_amount"])


def _tell(row: ApprovalRequest, *, actor: Actor, now: datetime) -> None:
    subject = DocumentRef(row.subject_kind, row.subject_id, row.subject_number)
    is_approved = row.state == ApprovalState.APPROVED
    verb = "approved" if is_approved else "rejected"
    stood_in = f" for {row.decided_for}, who is away" if row.decided_for else ""
    summary = f"{row.kind} {verb}{stood_in}" + (f": {row.decision_note}" if row.decision_note else "")
    entry = journal.Entry(subject, f"approval_{verb}", summary, {"approval_id": row.pk, "amount": row.amount})
    journal.write([entry], actor=actor, now=now)
    fact = ApprovalDecided(row.pk, row.kind, row.subject_kind, row.subject_id, is_approved)
    outbox.publish(fact, stream=f"approval:{row.pk}", seq=1, now=now, actor=actor)
