from datetime import datetime

from core.actors import Actor
from core.errors import Refused
from core.uow import door_verb
from exceptions_app.services import clocks, moves
from exceptions_app.states import CaseStatus


class CaseDoesNotWait(Refused):
    template = "Case {number} is not waiting; its clock runs."


@door_verb
def resume_case(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Let the clocks run again; due times move by the open time that passed. Raises NotFound, CaseDoesNotWait."""
    case = moves.locked(case_id)
    if case.status != CaseStatus.WAITING or case.waiting_since is None:
        raise CaseDoesNotWait(number=case.number)
    waited_since = case.waiting_since
    to = CaseStatus.IN_PROGRESS if case.assignee_id else CaseStatus.OPEN
    due_times = clocks.restart(case, stopped_at=waited_since, now=now)
    moves.change(case, to=to, waiting_since=None, waiting_for="", **due_times)
    moves.tell(case, "resumed", actor=actor, now=now, data={"waited_since": waited_since})
