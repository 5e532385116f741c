from datetime import datetime

from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.outbox import publish
from core.uow import door_verb, require_uow
from exceptions_app.events import CaseReopened
from exceptions_app.models import Case
from exceptions_app.services import clocks, moves
from exceptions_app.services.close_causes import Cause
from exceptions_app.states import CASE, LIVE, CaseStatus


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
    _reopen(moves.locked(case_id), reason.strip(), actor, now)


@require_uow
def reopen_answered(cause: Cause, *, code: str, reason: str, actor: Actor, now: datetime) -> int | None:
    """The answer that ended the newest case of this cause came to nothing (a write-off nobody approved): its case is live
    again, if `code` was the resolution it ended by and no other case of it is open. Its id.

    Nothing below lock rank 80 may follow in the caller's transaction.
    """
    of = Case.objects.filter(kind=cause.kind, subject_kind=cause.subject.kind, subject_id=cause.subject.id)
    newest = of.filter(**({} if cause.cause_key is None else {"cause_key": cause.cause_key})).order_by("-pk").first()
    if newest is None or newest.resolution_code != code:
        return None
    case = moves.locked(newest.pk)
    if case.status in LIVE or case.resolution_code != code:
        return None
    _reopen(case, reason, actor, now)
    return case.pk


@require_uow
def _reopen(case: Case, reason: str, actor: Actor, now: datetime) -> None:
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
    moves.tell(case, "reopened", actor=actor, now=now, note=reason)
    publish(
        CaseReopened(case.pk, case.number, case.kind), stream=f"case:{case.pk}", seq=case.version, now=now, actor=actor
    )
