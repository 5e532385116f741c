from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.uow import door_verb
from exceptions_app.services import clocks, moves
from exceptions_app.states import CaseStatus


@door_verb
def reset_clock(*, case_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Start the case's clocks anew from now on, with their whole time; also after they were cancelled. Steps that fired
    stay in its history.

    Raises InvalidInput without a reason, NotFound, CaseIsOver, CaseWaits while it waits.
    """
    if not reason.strip():
        raise InvalidInput([FieldError("/reason", "required", "Say why the clock starts anew.")])
    case = moves.locked_live(case_id)
    if case.status == CaseStatus.WAITING:
        raise moves.CaseWaits(number=case.number)
    before = {"respond_by": case.respond_by, "resolve_by": case.resolve_by}
    moves.change(case, escalation=0, **clocks.start_anew(case, now=now))
    moves.tell(case, "clock reset", actor=actor, now=now, note=reason.strip(), data=before)
