"""Starting, stopping and moving the clocks of a locked case. What came due before a stop still fires, late or not."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from core.calendars import BusinessCalendar
from exceptions_app import kinds
from exceptions_app.models import Case, SlaStep
from exceptions_app.queries import calendars_of
from exceptions_app.rules.sla import Due, dues, next_breach, shifted
from exceptions_app.states import LIVE, CaseStatus, Clock


def steps(
    case: Case,
    calendar: BusinessCalendar,
    *,
    start: datetime | None = None,
    round_: int = 1,
    count: Callable[[datetime, int, BusinessCalendar], list[Due]] = dues,
) -> list[SlaStep]:
    """The steps of the case's clocks from `start` (its opening) on; of the resolve clock alone once it is answered."""
    minutes = {Clock.RESOLVE: case.resolve_minutes}
    if case.responded_at is None:
        minutes = {Clock.RESPOND: case.respond_minutes, **minutes}
    return [
        SlaStep(case=case, clock=clock, round=round_, threshold=due.threshold, due_at=due.due_at)
        for clock, length in minutes.items()
        for due in count(start or case.opened_at, length, calendar)
    ]


def stop(case: Case, *, now: datetime, clock: Clock | None = None) -> None:
    """Both clocks, or one of them."""
    ahead = SlaStep.objects.filter(case=case, fired_at=None, due_at__gt=now)
    (ahead.filter(clock=clock) if clock else ahead).update(is_running=False)


def restart(case: Case, *, stopped_at: datetime, now: datetime) -> dict[str, datetime | int]:
    """Run again what was stopped, later by the open time that passed; the case's new due times and paused seconds."""
    calendar = _calendar(case)
    stopped = [Clock.RESOLVE] if case.responded_at else [Clock.RESPOND, Clock.RESOLVE]
    ahead = SlaStep.objects.filter(case=case, fired_at=None, is_running=False, clock__in=stopped, round=_round(case))
    paused = int(calendar.time_between(stopped_at, now).total_seconds())
    changed: dict[str, datetime | int] = {"paused_seconds": case.paused_seconds + paused}
    if case.clock_cancelled_at:
        return changed
    moved = list(ahead)
    for step in moved:
        step.due_at = shifted(step.due_at, paused_at=stopped_at, resumed_at=now, calendar=calendar)
        step.is_running = True
    SlaStep.objects.bulk_update(moved, ["due_at", "is_running"])
    changed["resolve_by"] = shifted(case.resolve_by, paused_at=stopped_at, resumed_at=now, calendar=calendar)
    if not case.responded_at:
        changed["respond_by"] = shifted(case.respond_by, paused_at=stopped_at, resumed_at=now, calendar=calendar)
    return changed


def start_anew(case: Case, *, now: datetime) -> dict[str, Any]:
    """Another round of the clocks, from now on; the case's new due times. What ran before fires no more."""
    stop(case, now=now)
    kind = kinds.kind(case.kind)  # of cases from before their minutes were kept
    case.respond_minutes = case.respond_minutes or kind.respond_minutes
    case.resolve_minutes = case.resolve_minutes or kind.resolve_minutes
    calendar = _calendar(case)
    SlaStep.objects.filter(case=case, fired_at=None, is_running=True).update(is_running=False)
    fresh = steps(case, calendar, start=now, round_=_round(case) + 1)
    SlaStep.objects.bulk_create(fresh)
    last = {step.clock: step.due_at for step in fresh if step.threshold == 100}
    return {
        "resolve_by": last[Clock.RESOLVE],
        "respond_by": last.get(Clock.RESPOND, case.respond_by),
        "respond_minutes": case.respond_minutes,
        "resolve_minutes": case.resolve_minutes,
        "clock_cancelled_at": None,
    }


def breach_at(case: Case) -> datetime | None:
    """When the case's next clock runs out, as its fields say now."""
    is_running = case.status in LIVE and case.status != CaseStatus.WAITING and case.clock_cancelled_at is None
    return next_breach(
        respond_by=case.respond_by,
        resolve_by=case.resolve_by,
        is_running=is_running,
        is_answered=case.responded_at is not None,
    )


def _calendar(case: Case) -> BusinessCalendar:
    return calendars_of([case.queue])[case.queue_id]


def _round(case: Case) -> int:
    rounds: Iterable[int] = SlaStep.objects.filter(case=case).order_by("-round").values_list("round", flat=True)[:1]
    return next(iter(rounds), 1)
