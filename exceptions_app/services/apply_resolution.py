from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import NotFound, NotPermitted
from core.uow import door_verb, require_uow
from exceptions_app import suggestions
from exceptions_app.queries import case_snapshots
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.services import moves
from exceptions_app.services.resolve_case import finish
from exceptions_app.states import LIVE, CaseStatus
from exceptions_app.suggestions import Resolution


def apply_resolution(*, case_id: int, code: str, actor: Actor, now: datetime, key: str) -> str:
    """Carry out a suggested action and resolve the case, in one transaction. An action that only asked for somebody's yes
    leaves it open: what was asked, in words; else nothing.

    The action's own service comes first (lock ranks 10 to 60), then the case is locked (80): when somebody ended it
    meanwhile, everything is undone. An action that is a chain of transactions does its work first, and the case ends
    after it; one whose service ends the case itself says so. What the action was to gain or give away is kept on the
    case. Raises NotFound, CaseIsOver, NotPermitted (the roles the same button needs elsewhere) and what the service
    refuses with.
    """
    case, resolution = _chosen(case_id, code, now)
    if resolution.roles and not actor.has_role(*resolution.roles):
        raise NotPermitted(actor=actor.label, verb=resolution.label.lower(), roles=", ".join(sorted(resolution.roles)))
    if resolution.is_chain:
        money = resolution.preview(case, now).money_effect
        resolution.apply(case, actor=actor, now=now, key=key)
        _finish_after(case_id=case_id, resolution=resolution, money=money, actor=actor, now=now)
        return ""
    return _apply(case_id=case_id, code=code, actor=actor, now=now, key=key)


@door_verb
def remember_applied(*, case_id: int, actor: Actor, now: datetime) -> int:
    """The case's id. For a caller with an idempotency key, after `apply_resolution`: that may take several transactions,
    and the key is kept by one that follows them."""
    return case_id


@door_verb(joinable=True)
def _apply(*, case_id: int, code: str, actor: Actor, now: datetime, key: str) -> str:
    case, resolution = _chosen(case_id, code, now)
    money = resolution.preview(case, now).money_effect
    outcome = resolution.apply(case, actor=actor, now=now, key=key)
    if isinstance(outcome, suggestions.Asked):
        waiting = moves.locked_live(case_id)
        moves.tell(waiting, "asked", actor=actor, now=now, note=outcome.words, data={"resolution": resolution.code})
        return outcome.words
    _finish(case_id, resolution, money, actor, now)
    return ""


@door_verb
def _finish_after(*, case_id: int, resolution: Resolution, money: Decimal, actor: Actor, now: datetime) -> None:
    """The chain may have ended the case itself, because its cause is gone."""
    _finish(case_id, resolution, money, actor, now)


@require_uow
def _finish(case_id: int, resolution: Resolution, money: Decimal, actor: Actor, now: datetime) -> None:
    case = moves.locked(case_id)
    if case.status == CaseStatus.AUTO_RESOLVED and (resolution.ends_case or resolution.is_chain):
        moves.change(case, money_effect=money, resolution_code=resolution.code)
        moves.tell(case, "resolved", actor=actor, now=now, note=resolution.label)
        return
    if case.status not in LIVE:
        raise moves.CaseIsOver(number=case.number, status=case.status.replace("_", " "))
    case.money_effect = money
    finish(case, code=resolution.code, note=resolution.label, actor=actor, now=now)


def _chosen(case_id: int, code: str, now: datetime) -> tuple[CaseSnapshot, Resolution]:
    case = case_snapshots([case_id]).get(case_id)
    if case is None:
        raise NotFound(kind="case", ident=case_id)
    resolution = suggestions.find(case, code, now)
    if resolution is None:
        raise NotFound(kind="resolution", ident=code)
    if not case.is_live:
        raise moves.CaseIsOver(number=case.number, status=case.status.replace("_", " "))
    return case, resolution
