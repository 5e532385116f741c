"""The calendars as the rules want them: by id, in two statements whatever the number."""

from collections.abc import Iterable
from datetime import time

from core.calendars import BusinessCalendar
from core.models import Calendar


def business_calendars(ids: Iterable[int]) -> dict[int, BusinessCalendar]:
    """Each calendar that exists, by its id."""
    rows = Calendar.objects.filter(pk__in=set(ids)).prefetch_related("holidays")
    return {row.pk: _business_calendar(row) for row in rows}


def _business_calendar(row: Calendar) -> BusinessCalendar:
    week = {
        int(day): tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in segments)
        for day, segments in row.week.items()
    }
    return BusinessCalendar(row.time_zone, week, frozenset(h.date for h in row.holidays.all()))
