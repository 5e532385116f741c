from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.uow import door_verb
from exceptions_app.services import clocks, moves
from exceptions_app.states import CaseStatus


@door_verb
def wait_for(*, case_id: int, waiting_for: str, actor: Actor, now: datetime) -> None:
    """Pause both clocks until `resume_case`, saying what is waited for.

    Raises InvalidInput without a reason, NotFound, CaseIsOver, IllegalTransition when it waits already.
    """
    if not waiting_for.strip():
        raise InvalidInput([FieldError("/waiting_for", "required", "Say what the case waits for.")])
    case = moves.locked_live(case_id)
    if case.status == CaseStatus.WAITING:
        raise moves.CaseWaits(number=case.number)
    moves.change(case, to=CaseStatus.WAITING, waiting_since=now, waiting_for=waiting_for.strip()[:200])
    clocks.stop(case, now=now)
    moves.tell(case, "paused", actor=actor, now=now, note=waiting_for.strip())
