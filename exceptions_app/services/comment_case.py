from datetime import datetime

from accounts.staff_queries import mentioned
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.uow import door_verb
from exceptions_app.rules.mentions import names_in
from exceptions_app.services import moves
from exceptions_app.services.tell_people import Word, tell_people
from exceptions_app.states import NoticeKind


@door_verb
def comment_case(*, case_id: int, text: str, actor: Actor, now: datetime) -> None:
    """Append a note, also to a case that is over; whoever it names with @ is told.

    Raises InvalidInput for an empty one, NotFound.
    """
    if not text.strip():
        raise InvalidInput([FieldError("/text", "required", "A comment has words.")])
    names = names_in(text)
    people = mentioned(names) if names else {}
    case = moves.locked(case_id)
    moves.tell(case, "commented", actor=actor, now=now, note=text.strip(), data={"told": sorted(people.values())})
    words = f"{case.number}, {actor.label}: {text.strip()}"
    tell_people(
        [Word(case.pk, user_id, NoticeKind.MENTIONED, words) for user_id in sorted(set(people.values()))],
        now=now,
        actor=actor,
    )
