from datetime import datetime

from accounts.queries import user_names
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.uow import door_verb
from exceptions_app.models import Queue
from exceptions_app.services import moves
from exceptions_app.services.tell_people import assigned, tell_people
from exceptions_app.states import CaseStatus


@door_verb
def assign_case(*, case_id: int, user_id: int, note: str = "", actor: Actor, now: datetime) -> None:
    """Give the case to a person, who is told. Its respond clock runs on until they take it.

    Raises NotFound (case, person), CaseIsOver.
    """
    if user_id not in (names := user_names([user_id])):
        raise NotFound(kind="person", ident=user_id)
    case = moves.locked_live(case_id)
    before = case.assignee_id
    if before == user_id:
        return
    to = CaseStatus.ASSIGNED if case.status in (CaseStatus.OPEN, CaseStatus.REOPENED) else None
    moves.change(case, to=to, assignee_id=user_id)
    moves.tell(case, "assigned", actor=actor, now=now, note=note or f"to {names[user_id]}", data={"from": before})
    tell_people([assigned(case)], now=now, actor=actor)


@door_verb
def hand_over(*, case_id: int, queue: str, note: str, actor: Actor, now: datetime) -> None:
    """Give the case to another team; nobody there owns it yet. Its clocks run on as they are.

    Raises InvalidInput without a word to the others, NotFound (case, team), CaseIsOver.
    """
    if not note.strip():
        raise InvalidInput([FieldError("/note", "required", "Tell the other team what you know.")])
    team = Queue.objects.filter(code=queue).first()
    if team is None:
        raise NotFound(kind="team", ident=queue[:40])
    case = moves.locked_live(case_id)
    before = case.queue.name
    to = CaseStatus.OPEN if case.status == CaseStatus.ASSIGNED else None
    moves.change(case, to=to, queue_id=team.pk, assignee_id=None)
    said = f"{before} to {team.name}: {note.strip()}"
    moves.tell(case, "handed over", actor=actor, now=now, note=said)
