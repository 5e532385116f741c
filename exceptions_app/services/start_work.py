from datetime import datetime

from core.actors import Actor
from core.uow import door_verb
from exceptions_app.services import clocks, moves
from exceptions_app.states import CaseStatus, Clock


@door_verb
def start_work(*, case_id: int, actor: Actor, now: datetime) -> None:
    """Somebody works on it now; an unowned case becomes the actor's. Raises NotFound, CaseIsOver, IllegalTransition."""
    case = moves.locked_live(case_id)
    owner = case.assignee_id or actor.user_id
    moves.change(case, to=CaseStatus.IN_PROGRESS, assignee_id=owner, responded_at=case.responded_at or now)
    clocks.stop(case, now=now, clock=Clock.RESPOND)
    moves.tell(case, "started", actor=actor, now=now)
