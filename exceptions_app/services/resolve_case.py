from datetime import datetime
from typing import Any

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.outbox import publish
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from exceptions_app import kinds
from exceptions_app.events import CaseEnded
from exceptions_app.models import Case
from exceptions_app.services import clocks, moves
from exceptions_app.states import CaseStatus


@door_verb
def resolve_case(*, case_id: int, note: str, actor: Actor, now: datetime) -> None:
    """A person says it is mended, and how. Raises InvalidInput without a note, NotFound, CaseIsOver."""
    if not note.strip():
        raise InvalidInput([FieldError("/note", "required", "Say how it was resolved.")])
    finish(moves.locked_live(case_id), code="", note=note.strip(), actor=actor, now=now)


@require_uow
def finish(case: Case, *, code: str, note: str, actor: Actor, now: datetime) -> None:
    """Resolve a locked live case: clocks stop, history, subject's journal, fact."""
    clocks.stop(case, now=now)
    values: dict[str, Any] = {"waiting_since": None, "responded_at": case.responded_at or now, "resolution_code": code}
    values["money_effect"] = case.money_effect
    moves.change(case, to=CaseStatus.RESOLVED, resolved_at=now, **values)
    moves.tell(case, "resolved", actor=actor, now=now, note=note, data={"resolution": code} if code else {})
    subject = DocumentRef(case.subject_kind, case.subject_id, case.subject_number)
    summary = f"{kinds.label(case.kind)}: case {case.number} resolved: {note}"
    journal.write([journal.Entry(subject, "case_resolved", summary)], actor=actor, now=now)
    fact = CaseEnded(case.pk, case.number, case.kind, case.subject_kind, case.subject_id, False)
    publish(fact, stream=f"case:{case.pk}", seq=case.version, now=now, actor=actor)
