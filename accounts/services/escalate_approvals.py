"""Tell somebody above that a request waits: once per request, when half its time (or the time it was given) is over."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from accounts import locks
from accounts.approval_queries import counted_at_home, kept_limits
from accounts.events import ApprovalEscalated
from accounts.models import ApprovalRequest, User
from accounts.queries import escalation_chains
from accounts.rules import authority
from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb
def escalate_approvals(*, actor: Actor, now: datetime, limit: int = 200) -> int:
    """The number that went up. Each goes to the first person above who asked, present and with the authority for it;
    where there is none, to every role that has it. It stays open to everybody else."""
    rows = locks.lock_unescalated_approvals(now, limit=limit)
    chains = escalation_chains({r.requested_by_id for r in rows if r.requested_by_id}, at=now)
    people = User.objects.filter(is_active=True).in_bulk({pk for chain in chains.values() for pk in chain})
    limits = {kind: kept_limits(kind) for kind in {r.kind for r in rows}}
    amounts = counted_at_home(((r.amount, r.currency) for r in rows), on=now.date())
    entries, notes = [], []
    for row, amount in zip(rows, amounts, strict=True):
        above = (people[pk] for pk in chains.get(row.requested_by_id or 0, ()) if pk in people)
        row.escalated_at, row.escalated_to = now, _first_able(row, amount, above, limits[row.kind])
        able = authority.roles_for(row.kind, amount, row.margin_points, kept=limits[row.kind])
        roles = [role for role in able if authority.is_named(row.content, [role])]
        whom = str(row.escalated_to) if row.escalated_to else " or ".join(roles) or "nobody with the authority"
        entries.append(_entry(row, whom))
        notes.append(outbox.Note(_fact(row, whom), f"approval escalation:{row.pk}", 1))
    ApprovalRequest.objects.bulk_update(rows, ["escalated_at", "escalated_to"])
    journal.write(entries, actor=actor, now=now)
    outbox.publish_many(notes, now=now, actor=actor)
    return len(rows)


def _first_able(
    row: ApprovalRequest, amount: Decimal | None, above: Iterable[User], limits: list[authority.Limit]
) -> User | None:
    for person in above:
        is_able = authority.is_named(row.content, person.roles) and authority.may_approve(
            person.roles, kind=row.kind, amount=amount, margin_points=row.margin_points, kept=limits
        )
        if is_able and person.pk != row.requested_by_id:
            return person
    return None


def _entry(row: ApprovalRequest, whom: str) -> journal.Entry:
    subject = DocumentRef(row.subject_kind, row.subject_id, row.subject_number)
    told = f"{row.kind} approval waits since {row.requested_at:%d %b %Y %H:%M} UTC: asked of {whom}"
    return journal.Entry(subject, "approval_escalated", told, {"approval_id": row.pk})


def _fact(row: ApprovalRequest, whom: str) -> ApprovalEscalated:
    return ApprovalEscalated(
        row.pk,
        row.kind,
        row.subject_kind,
        row.subject_id,
        row.subject_number,
        row.account_id,
        row.amount,
        row.currency,
        row.requested_label,
        whom,
    )
