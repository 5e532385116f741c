from datetime import datetime

from core.actors import Actor
from core.errors import NotFound
from core.uow import door_verb
from exceptions_app import suggestions
from exceptions_app.queries import case_snapshots
from exceptions_app.services import moves
from exceptions_app.services.resolve_case import finish


@door_verb(joinable=True)
def apply_resolution(*, case_id: int, code: str, actor: Actor, now: datetime, key: str) -> None:
    """Carry out a suggested action and resolve the case, in one transaction.

    The action's own service comes first (lock ranks 10 to 60), then the case is locked (80): when somebody ended it
    meanwhile, everything is undone. Raises NotFound, CaseIsOver and what the service refuses with.
    """
    case = case_snapshots([case_id]).get(case_id)
    if case is None:
        raise NotFound(kind="case", ident=case_id)
    resolution = suggestions.find(case.kind, code)
    if resolution is None:
        raise NotFound(kind="resolution", ident=code)
    if not case.is_live:
        raise moves.CaseIsOver(number=case.number, status=case.status.replace("_", " "))
    resolution.apply(case, actor=actor, now=now, key=key)
    finish(moves.locked_live(case_id), code=code, note=resolution.label, actor=actor, now=now)
