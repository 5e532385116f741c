from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.uow import door_verb
from exceptions_app.services import clocks, moves


@door_verb
def cancel_clock(*, case_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """The case stays, but no time limit holds any more; what came due before still fires. `reset_clock` starts another.

    Raises InvalidInput without a reason, NotFound, CaseIsOver.
    """
    if not reason.strip():
        raise InvalidInput([FieldError("/reason", "required", "Say why the clock no longer counts.")])
    case = moves.locked_live(case_id)
    if case.clock_cancelled_at is not None:
        return
    clocks.stop(case, now=now)
    moves.change(case, clock_cancelled_at=now)
    moves.tell(case, "clock cancelled", actor=actor, now=now, note=reason.strip())
