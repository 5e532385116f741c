"""How a locked case moves along its life: the status by its table, its event, its version. Used by the verbs beside."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core import codec
from core.actors import Actor
from core.errors import NotFound, Refused
from exceptions_app import locks
from exceptions_app.models import Case, CaseEvent
from exceptions_app.services import clocks
from exceptions_app.states import CASE, LIVE, CaseStatus


class CaseIsOver(Refused):
    template = "Case {number} is {status}."
    remedy_template = "Reopen it if the trouble is back."


class CaseWaits(Refused):
    template = "Case {number} waits already."
    remedy_template = "Resume it first."


def locked(case_id: int) -> Case:
    """The case under its lock. Raises NotFound."""
    case = locks.lock_case(case_id)
    if case is None:
        raise NotFound(kind="case", ident=case_id)
    return case


def locked_live(case_id: int) -> Case:
    """The case under its lock, if something can still be done about it. Raises NotFound, CaseIsOver."""
    case = locked(case_id)
    if case.status not in LIVE:
        raise CaseIsOver(number=case.number, status=case.status.replace("_", " "))
    return case


def change(case: Case, *, to: CaseStatus | None = None, **values: Any) -> None:
    """Store new values, when the next clock runs out and, with `to`, the next status. Raises IllegalTransition."""
    if to is not None and to != case.status:
        values["status"] = CASE.require(CaseStatus(case.status), to)
    values["version"] = case.version + 1
    for name, value in values.items():
        setattr(case, name, value)
    values["breach_at"] = case.breach_at = clocks.breach_at(case)
    case.save(update_fields=list(values))


def tell(
    case: Case,
    verb: str,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Append what was done to the case's history."""
    CaseEvent.objects.create(
        case=case,
        verb=verb,
        at=now,
        actor_id=actor.user_id,
        actor_label=actor.label,
        note=note,
        data=codec.dump(data or {}),
    )
