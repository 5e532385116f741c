"""Say yes or no to what a colleague asked for."""

from datetime import datetime

from accounts import locks
from accounts.events import ApprovalDecided
from accounts.models import ApprovalRequest, User
from accounts.rules import authority
from accounts.services.require_approval import ContentChanged, refuse_lapsed
from accounts.states import APPROVAL, ApprovalState
from core import journal, outbox
from core.actors import Actor
from core.errors import NotFound, NotPermitted, Refused
from core.overrides import SelfApproval
from core.refs import DocumentRef
from core.uow import door_verb

__all__ = ["AuthorityExceeded", "SelfApproval", "decide"]


class AuthorityExceeded(Refused):
    status = 403
    template = "{actor} may not approve {kind} over {amount} {currency}."
    remedy_template = "Ask someone with the role {roles}."


@door_verb(refuse_on={"an_approval_is_decided_by_someone_else": SelfApproval})
def decide(*, approval_id: int, approve: bool, note: str = "", actor: Actor, now: datetime) -> None:
    """Roles are read here and now, not from the session that was opened in the morning. A no needs no authority over
    the amount, but it needs the role.

    Raises NotFound, SelfApproval, AuthorityExceeded, ApprovalExpired, ContentChanged (something newer was asked for the
    same document), IllegalTransition (decided before), NotPermitted (the system never approves).
    """
    row = next(iter(locks.lock_approvals([approval_id])), None)
    if row is None:
        raise NotFound(kind="approval", ident=approval_id)
    target = ApprovalState.APPROVED if approve else ApprovalState.REJECTED
    refuse_lapsed(row, now)
    APPROVAL.require(ApprovalState(row.state), target)
    _refuse_superseded(row)
    _refuse_without_authority(row, approve=approve, actor=actor)
    row.state, row.decided_by_id, row.decided_at, row.decision_note = target, actor.user_id, now, note
    row.save(update_fields=["state", "decided_by_id", "decided_at", "decision_note"])
    _tell(row, actor=actor, now=now)


def _refuse_superseded(row: ApprovalRequest) -> None:
    newer = ApprovalRequest.objects.filter(
        kind=row.kind, subject_kind=row.subject_kind, subject_id=row.subject_id, id__gt=row.pk
    )
    if newer.exclude(content_hash=row.content_hash).exists():
        raise ContentChanged(approval_id=row.pk)


def _refuse_without_authority(row: ApprovalRequest, *, approve: bool, actor: Actor) -> None:
    person = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if person is None:
        raise NotPermitted(
            actor=actor.label, verb="approve", roles=", ".join(authority.roles_for(row.kind, row.amount))
        )
    if person.pk == row.requested_by_id:
        raise SelfApproval(actor=actor.label)
    amount = row.amount if approve else None
    if not authority.may_approve(person.roles, kind=row.kind, amount=amount, is_superuser=person.is_superuser):
        raise AuthorityExceeded(
            actor=actor.label,
            kind=row.kind,
            amount=row.amount,
            currency=row.currency,
            roles=", ".join(authority.roles_for(row.kind, row.amount)),
        )


def _tell(row: ApprovalRequest, *, actor: Actor, now: datetime) -> None:
    subject = DocumentRef(row.subject_kind, row.subject_id, row.subject_number)
    is_approved = row.state == ApprovalState.APPROVED
    verb = "approved" if is_approved else "rejected"
    summary = f"{row.kind} {verb}" + (f": {row.decision_note}" if row.decision_note else "")
    entry = journal.Entry(subject, f"approval_{verb}", summary, {"approval_id": row.pk, "amount": row.amount})
    journal.write([entry], actor=actor, now=now)
    fact = ApprovalDecided(row.pk, row.kind, row.subject_kind, row.subject_id, is_approved)
    outbox.publish(fact, stream=f"approval:{row.pk}", seq=1, now=now, actor=actor)
