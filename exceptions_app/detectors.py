"""What opens the cases every installation may have."""

from collections.abc import Collection, Sequence
from datetime import datetime

from core import sql
from exceptions_app.detection import Watch, ended, pushed, register, stays
from exceptions_app.exception_kinds import APPROVAL_OVERDUE, INVARIANT_BROKEN, JOB_DIED, REPRICE_APPROVED
from exceptions_app.rules.asks import CaseSnapshot

_LIVES = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(jobs)s::bigint[]) AS w(id, job_id)
  JOIN core_job j ON j.id = w.job_id WHERE j.state <> 'dead'
"""


def lives_again(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The dead job was run again, from wherever."""
    asked = {"ids": [c.id for c in cases], "jobs": [c.subject.id for c in cases]}
    return {pk for (pk,) in sql.rows(_LIVES, asked)}


register(Watch(JOB_DIED, lives_again))

pushed(JOB_DIED, "the fact JobDied")
pushed(INVARIANT_BROKEN, "check_invariants")
pushed(APPROVAL_OVERDUE, "the fact ApprovalEscalated")
pushed(REPRICE_APPROVED, "the fact ApprovalDecided")
ended(APPROVAL_OVERDUE, "the facts ApprovalDecided and ApprovalLapsed")
stays(INVARIANT_BROKEN, "nothing heals silently: somebody finds out why it broke, and checks it again")
