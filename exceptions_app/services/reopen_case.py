from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.outbox import publish
from core.uow import door_verb
from exceptions_app.events import CaseReopened
from exceptions_app.services import clocks, moves
from exceptions_app.states import CASE, CaseStatus


class AnotherCaseIsOpen(Refused):
    template = "A newer case of the same cause is open."
    remedy_template = "Work on that one."


@door_verb(refuse_on={"one_open_case_per_kind_subject_and_cause": AnotherCaseIsOpen})
def reopen_case(*, case_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """The trouble is back. The resolve clock goes on with the open time it had left; fired steps stay fired.

    Raises InvalidInput without a reason, NotFound, IllegalTransition while it is live, AnotherCaseIsOpen.
    """
    if not reason.strip():
        raise InvalidInput([FieldError("/reason", "required", "Say what came back.")])
    case = moves.locked(case_id)
    CASE.require(CaseStatus(case.status), CaseStatus.REOPENED)
    due_times = clocks.restart(case, stopped_at=case.resolved_at or now, now=now)
    moves.change(
        case,
        to=CaseStatus.REOPENED,
        resolved_at=None,
        closed_at=None,
        resolution_code="",
        money_effect=None,
        reopened_times=case.reopened_times + 1,
        **due_times,
    )
    moves.tell(case, "reopened", actor=actor, now=now, note=reason.strip())
    publish(
        CaseReopened(case.pk, case.number, case.kind), stream=f"case:{case.pk}", seq=case.version, now=now, actor=actor
    )
