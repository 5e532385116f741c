from datetime import datetime

from core.actors import Actor
from core.uow import door_verb
from exceptions_app.services import moves
from exceptions_app.states import CaseStatus


@door_verb
def close_case(*, case_id: int, actor: Actor, now: datetime) -> None:
    """File a resolved case away. Raises NotFound, IllegalTransition when it is not resolved."""
    case = moves.locked(case_id)
    moves.change(case, to=CaseStatus.CLOSED, closed_at=now)
    moves.tell(case, "closed", actor=actor, now=now)
