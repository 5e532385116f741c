"""Open time against an oracle that knows no arithmetic: it walks the minutes and looks at the clock on the wall."""

import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from core.calendars import BusinessCalendar, week_problems

CASES = int(os.environ.get("OMS_CASES", "300"))
MINUTE = timedelta(minutes=1)
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """When the zone's clocks change over 2024–2030, to the minute."""
    zone, found, at = ZoneInfo(name), [], FIRST
    while at < LAST:
        after = at + timedelta(days=1)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            minutes = (at + n * MINUTE for n in range(24 * 60 + 1))
            was = at.astimezone(zone).utcoffset()
            found.append(next(m for m in minutes if m.astimezone(zone).utcoffset() != was))
        at = after
    return tuple(found)


@cache
def zones() -> tuple[str, ...]:
    """Every zone whose clocks change in those years."""
    summer, winter = datetime(2024, 7, 1), datetime(2024, 1, 1)
    return tuple(
        name
        for name in sorted(available_timezones())
        if ZoneInfo(name).utcoffset(summer) != ZoneInfo(name).utcoffset(winter) or name in {"Africa/Casablanca"}
    )


def some_week(rng: random.Random) -> dict[int, tuple[tuple[time, time], ...]]:
    """One or two shifts a day, some of them over midnight, minutes often those at which clocks change."""
    week = {}
    for day in range(7):
        if rng.random() < 0.25:
            continue
        marks = sorted(rng.sample(range(24 * 12), rng.choice([2, 4])))
        times = [time(m * 5 // 60, m * 5 % 60) for m in marks]
        week[day] = tuple(zip(times[::2], times[1::2], strict=True))
        if rng.random() < 0.35:
            week[day] = (*week[day][:-1], (week[day][-1][0], time(rng.choice([0, 1]), 30)))
    return week if week and not week_problems(week) else some_week(rng)


def walls(calendar: BusinessCalendar, start: datetime) -> Iterator[tuple[datetime, bool]]:
    """Each minute from `start`, and whether it is open: a shift begins at the first minute whose wall clock has
    reached its opening, and ends at the first that has reached its closing."""
    zone = ZoneInfo(calendar.time_zone)
    at = start - timedelta(days=3)
    day = at.astimezone(zone).date() - timedelta(days=1)
    shifts = []
    for n in range(60):
        opens_on = day + timedelta(days=n)
        if opens_on not in calendar.holidays:
            for opens, closes in calendar.week.get(opens_on.weekday(), ()):
                over = timedelta(days=1 if closes <= opens else 0)
                shifts.append((datetime.combine(opens_on, opens), datetime.combine(opens_on + over, closes)))
    begun, ended, reached = 0, 0, datetime.min
    while True:
        reached = max(reached, at.astimezone(zone).replace(tzinfo=None))
        while begun < len(shifts) and shifts[begun][0] <= reached:
            begun += 1
        while ended < len(shifts) and shifts[ended][1] <= reached:
            ended += 1
        if at >= start:
            yield at, begun > ended
        at += MINUTE


def some_case(rng: random.Random) -> tuple[BusinessCalendar, datetime]:
    name = rng.choice(zones())
    around = rng.choice(changes(name)) if rng.random() < 0.8 else FIRST + timedelta(days=rng.randrange(2500))
    around = max(around, FIRST + timedelta(days=4))
    local = around.astimezone(ZoneInfo(name)).date()
    holidays = frozenset(d for d in (local - timedelta(days=1), local + timedelta(days=1)) if rng.random() < 0.2)
    start = around - timedelta(minutes=rng.randrange(2 * 24 * 60))
    return BusinessCalendar(name, some_week(rng), holidays), start.replace(second=0)


def test_open_time_is_what_somebody_watching_the_wall_clock_counts():
    rng = random.Random(20241127)
    for _ in range(CASES):
        calendar, start = some_case(rng)
        wanted, passed, open_minutes = rng.randrange(1, 900), 0, 0
        until = start + timedelta(minutes=rng.randrange(1, 3000))
        due = counted = None
        for at, is_open in walls(calendar, start):
            if at >= until and counted is None:
                counted = open_minutes
            if passed == wanted and due is None:
                due = at
            if due is not None and counted is not None:
                break
            open_minutes += is_open
            passed = open_minutes
        told = f"{calendar} from {start}"
        assert calendar.add_time(start, wanted * MINUTE) == due, f"{wanted} minutes: {told}"
        assert calendar.time_between(start, until) == counted * MINUTE, f"until {until}: {told}"


def test_every_zone_with_summer_time_is_among_them():
    assert {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Beirut"} <= set(
        zones()
    )
    assert len(zones()) > 100
    assert changes("Europe/Berlin")[0] == datetime(2024, 3, 31, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("week", "problems"),
    [
        ({0: ((time(22), time(6)),), 1: ((time(6), time(14)),)}, 0),
        ({0: ((time(22), time(6)),), 1: ((time(5, 59), time(14)),)}, 1),
        ({0: ((time(13), time(17)), (time(9), time(12)))}, 1),
        ({6: ((time(22), time(6)),), 0: ((time(5), time(8)),)}, 1),
        ({d: ((time(0), time(0)),) for d in range(7)}, 0),
        ({}, 0),
    ],
)
def test_shifts_that_overlap_are_told_also_over_midnight(week, problems):
    assert len(week_problems(week)) == problems


def test_a_night_shift_belongs_to_the_day_it_begins_on():
    night = BusinessCalendar("UTC", {d: ((time(22), time(6)),) for d in range(5)}, frozenset({date(2026, 11, 4)}))
    tuesday = datetime(2026, 11, 3, 22, tzinfo=UTC)
    assert night.add_time(tuesday, timedelta(hours=8)) == datetime(2026, 11, 4, 6, tzinfo=UTC)  # into the holiday
    assert night.add_time(tuesday, timedelta(hours=9)) == datetime(
        2026, 11, 5, 23, tzinfo=UTC
    )  # Wednesday night is off
