"""Stopping and starting the clocks of a locked case. What came due before the stop still fires, late or not."""

from datetime import datetime

from exceptions_app.models import Case, SlaStep
from exceptions_app.queries import calendars_of
from exceptions_app.rules.sla import shifted
from exceptions_app.states import Clock


def stop(case: Case, *, now: datetime, clock: Clock | None = None) -> None:
    """Both clocks, or one of them."""
    ahead = SlaStep.objects.filter(case=case, fired_at=None, due_at__gt=now)
    (ahead.filter(clock=clock) if clock else ahead).update(is_running=False)


def restart(case: Case, *, stopped_at: datetime, now: datetime) -> dict[str, datetime | int]:
    """Run again what was stopped, later by the open time that passed; the case's new due times and paused seconds."""
    calendar = calendars_of([case.queue])[case.queue_id]
    clocks = [Clock.RESOLVE] if case.responded_at else [Clock.RESPOND, Clock.RESOLVE]
    steps = list(SlaStep.objects.filter(case=case, fired_at=None, is_running=False, clock__in=clocks))
    for step in steps:
        step.due_at = shifted(step.due_at, paused_at=stopped_at, resumed_at=now, calendar=calendar)
        step.is_running = True
    SlaStep.objects.bulk_update(steps, ["due_at", "is_running"])
    paused = int(calendar.time_between(stopped_at, now).total_seconds())
    changed: dict[str, datetime | int] = {"paused_seconds": case.paused_seconds + paused}
    changed["resolve_by"] = shifted(case.resolve_by, paused_at=stopped_at, resumed_at=now, calendar=calendar)
    if not case.responded_at:
        changed["respond_by"] = shifted(case.respond_by, paused_at=stopped_at, resumed_at=now, calendar=calendar)
    return changed
