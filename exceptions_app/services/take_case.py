from datetime import datetime

from core.actors import Actor
from core.errors import Refused
from core.uow import door_verb
from exceptions_app.services import clocks, moves
from exceptions_app.states import CaseStatus, Clock


class TakenByAPerson(Refused):
    status = 403
    template = "A case is taken by a person; {actor} is not one."


@door_verb
def take_case(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Make the actor the owner; the respond clock stops. Taking a colleague's case over is allowed and recorded; taking
    what was assigned to one answers it.

    Raises NotFound, CaseIsOver, TakenByAPerson.
    """
    if actor.user_id is None:
        raise TakenByAPerson(actor=actor.label)
    case = moves.locked_live(case_id)
    before = case.assignee_id
    if before == actor.user_id and case.responded_at is not None:
        return
    to = CaseStatus.ASSIGNED if case.status in (CaseStatus.OPEN, CaseStatus.REOPENED) else None
    moves.change(case, to=to, assignee_id=actor.user_id, responded_at=case.responded_at or now)
    clocks.stop(case, now=now, clock=Clock.RESPOND)
    moves.tell(case, "taken", actor=actor, now=now, data={"from": before})
