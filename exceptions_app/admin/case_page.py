"""What the page of a case shows, wherever it stands: alone, or beside the queue."""

from datetime import datetime
from typing import Any

from core import idempotency
from exceptions_app.models import Case, Queue
from exceptions_app.queries import clock_of, snapshot, steps_of, suggested
from exceptions_app.states import CaseStatus

NEWEST_EVENTS = 100


def shown(case: Case, *, may_act: bool, now: datetime) -> dict[str, Any]:
    """The context of case_actions.html and case_history.html. `case` comes with its queue."""
    seen = snapshot(case)
    return {
        "case": case,
        "is_live": seen.is_live,
        "is_paused": seen.is_paused,
        "is_over": case.status in (CaseStatus.RESOLVED, CaseStatus.AUTO_RESOLVED),
        "may_act": may_act,
        "clock": clock_of(case, now),
        "suggestions": suggested(seen, now=now),
        "apply_key": idempotency.hash_body([case.pk, case.version])[:32],
        "evidence": [(name.replace("_", " ").capitalize(), _lines(value)) for name, value in case.evidence.items()],
        "steps": steps_of(case.pk),
        "teams": Queue.objects.exclude(pk=case.queue_id).order_by("name"),
        "events": case.events.order_by("-id")[:NEWEST_EVENTS],
    }


def _lines(value: Any) -> list[str]:
    """A piece of evidence as lines to read."""
    if isinstance(value, dict):
        return [f"{name}: {said}" for name, said in value.items()]
    listed = value if isinstance(value, list) else [value]
    return [str(piece) for piece in listed if piece not in (None, "")]
