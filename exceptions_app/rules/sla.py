"""The arithmetic of a case's clocks: business time in, instants out. Source: domain.md §11."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.calendars import BusinessCalendar

THRESHOLDS = (50, 75, 100)
LATE_AFTER = timedelta(minutes=2)  # the sweep runs twice a minute; later than this it was down


@dataclass(frozen=True)
class Due:
    threshold: int
    due_at: datetime


def dues(start: datetime, minutes: int, calendar: BusinessCalendar) -> list[Due]:
    """When 50, 75 and 100 % of `minutes` of open time have passed since `start`."""
    whole = timedelta(minutes=minutes)
    return [Due(percent, calendar.add_time(start, whole * percent / 100)) for percent in THRESHOLDS]


class DuesOfMany:
    """The same for many cases opened at once: of those on one calendar with the same minutes it is counted once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, datetime, int], list[Due]] = {}

    def __call__(self, start: datetime, minutes: int, calendar: BusinessCalendar) -> list[Due]:
        key = (id(calendar), start, minutes)  # the caller holds its calendars for as long as this
        if key not in self._known:
            self._known[key] = dues(start, minutes, calendar)
        return self._known[key]


def shifted(due_at: datetime, *, paused_at: datetime, resumed_at: datetime, calendar: BusinessCalendar) -> datetime:
    """`due_at` after a pause: as much open time lies ahead at `resumed_at` as lay ahead at `paused_at`."""
    if due_at <= paused_at:
        return due_at
    return calendar.add_time(resumed_at, calendar.time_between(paused_at, due_at))


def is_late(due_at: datetime, fired_at: datetime) -> bool:
    return fired_at - due_at > LATE_AFTER


def next_breach(*, respond_by: datetime, resolve_by: datetime, is_running: bool, is_answered: bool) -> datetime | None:
    """When the next clock of a case runs out, or ran out; nothing while no clock runs."""
    if not is_running:
        return None
    return resolve_by if is_answered else min(respond_by, resolve_by)
