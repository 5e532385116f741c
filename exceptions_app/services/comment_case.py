from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.uow import door_verb
from exceptions_app.services import moves


@door_verb
def comment_case(*, case_id: int, text: str, actor: Actor, now: datetime) -> None:
    """Append a note, also to a case that is over. Raises InvalidInput for an empty one, NotFound."""
    if not text.strip():
        raise InvalidInput([FieldError("/text", "required", "A comment has words.")])
    case = moves.locked(case_id)
    moves.tell(case, "commented", actor=actor, now=now, note=text.strip())
