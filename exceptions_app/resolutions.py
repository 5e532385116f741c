"""What mends a case of the machine itself, and of decisions nobody made."""

from datetime import datetime
from decimal import Decimal

from accounts.approval_queries import approvals
from accounts.services.decide_approval import decide
from accounts.states import Role
from core import invariants
from core.actors import Actor
from core.errors import Refused
from core.outbox import revive
from exceptions_app.exception_kinds import APPROVAL_OVERDUE, INVARIANT_BROKEN, JOB_DIED
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register


class JobIsNotDead(Refused):
    template = "The job of case {number} is not dead any more."
    remedy_template = "Look at Jobs: it has run, or runs again."


def preview_revive(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("runs the job again, five times at most")


def revive_job(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    if not revive(case.subject.id, now=now):
        raise JobIsNotDead(number=case.number)


class StillBroken(Refused):
    template = "It is still not true: {name} ({count} found, the first: {first})."
    remedy_template = "Find out why. Nothing heals silently."


def preview_check(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect("checks it again now; the case ends when it is true, and stays as it is when it is not")


def check_again(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """Raises StillBroken with what was found."""
    names = [name for name in invariants.names() if name[:120] == case.cause_key]
    if found := invariants.run(names):
        raise StillBroken(name=found[0].name, count=len(found), first=found[0].detail)


def preview_approve(case: CaseSnapshot, now: datetime) -> Effect:
    return _preview(case, "approves it with your authority: what waits for it goes on")


def preview_reject(case: CaseSnapshot, now: datetime) -> Effect:
    return _preview(case, "says no: what waits for it stays as it was, and who asked is told")


def _preview(case: CaseSnapshot, words: str) -> Effect:
    asked = approvals([case.subject.id]).get(case.subject.id)
    if asked is None or asked.state != "pending":
        return Effect("", is_possible=False, why_not="It is decided, or has lapsed.")
    return Effect(words, Decimal(0))


def approve(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    decide(approval_id=case.subject.id, approve=True, note=f"case {case.number}", actor=actor, now=now)


def reject(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    decide(approval_id=case.subject.id, approve=False, note=f"case {case.number}", actor=actor, now=now)


register(
    Resolution(JOB_DIED, "revive", "Run the job again", preview_revive, revive_job, frozenset({Role.OPERATOR})),
    Resolution(INVARIANT_BROKEN, "check_again", "Check it again", preview_check, check_again),
    Resolution(APPROVAL_OVERDUE, "approve", "Approve", preview_approve, approve),
    Resolution(APPROVAL_OVERDUE, "reject", "Reject", preview_reject, reject),
)
