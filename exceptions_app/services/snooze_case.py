from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.uow import door_verb
from exceptions_app.services import moves


@door_verb
def snooze_case(*, case_id: int, until: datetime, actor: Actor, now: datetime) -> None:
    """Hide the case from lists until then. Its clocks go on. Raises InvalidInput for a moment that is past."""
    if until <= now:
        raise InvalidInput([FieldError("/until", "in_the_past", "Snooze to a later moment.")])
    case = moves.locked_live(case_id)
    moves.change(case, snoozed_until=until)
    moves.tell(case, "snoozed", actor=actor, now=now, data={"until": until})
