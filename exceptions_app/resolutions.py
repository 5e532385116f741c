"""What mends a case of the machine itself."""

from datetime import datetime

from accounts.states import Role
from core.actors import Actor
from core.errors import Refused
from core.outbox import revive
from exceptions_app.exception_kinds import JOB_DIED
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


register(Resolution(JOB_DIED, "revive", "Run the job again", preview_revive, revive_job, frozenset({Role.OPERATOR})))
