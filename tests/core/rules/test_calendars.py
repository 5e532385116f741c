from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendars import ALWAYS_OPEN, OFFICE_HOURS, BusinessCalendar, CalendarNeverOpens

NIGHT = {d: ((time(0), time(6)), (time(22), time(0))) for d in range(7)}
BERLIN = BusinessCalendar("Europe/Berlin", NIGHT)
NEW_YORK = BusinessCalendar("America/New_York", NIGHT)
WEEKDAYS = BusinessCalendar(
    "Europe/Berlin", {d: ((time(9), time(12)), (time(13), time(17))) for d in range(5)}, frozenset({date(2026, 12, 25)})
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 28), 8),
        (BERLIN, date(2026, 3, 29), 7),  # the clocks skip an hour
        (BERLIN, date(2026, 10, 25), 9),  # and give it back
        (NEW_YORK, date(2026, 3, 8), 7),
        (NEW_YORK, date(2026, 11, 1), 9),
    ],
)
def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn(calendar, day, hours):
    open_time = sum((b - a for a, b in calendar.segments(day)), timedelta())
    assert open_time == timedelta(hours=hours)


def test_eight_open_hours_across_the_spring_change_end_an_hour_later_on_the_wall():
    start = at("2026-03-28T21:00")  # 22:00 in Berlin
    assert BERLIN.add_time(start, timedelta(hours=8)) == at("2026-03-29T20:00") + timedelta(hours=1)
    assert BERLIN.time_between(start, at("2026-03-29T04:00")) == timedelta(hours=7)


def test_a_segment_that_lies_in_the_skipped_hour_holds_no_time_and_takes_none_away():
    skipped = BusinessCalendar("Europe/Berlin", {6: ((time(2, 30), time(3)), (time(9), time(10)))})
    assert skipped.segments(date(2026, 3, 29)) == [(at("2026-03-29T07:00"), at("2026-03-29T08:00"))]
    assert skipped.time_between(at("2026-03-29T00:00"), at("2026-03-29T12:00")) == timedelta(hours=1)


def test_a_friday_evening_waits_for_monday_and_a_holiday_is_skipped():
    friday = at("2026-11-27T18:00")
    assert WEEKDAYS.add_time(friday, timedelta(0)) == at("2026-11-30T08:00")
    assert WEEKDAYS.add_time(friday, timedelta(hours=4)) == at("2026-11-30T13:00")  # lunch does not count
    assert WEEKDAYS.add_days(date(2026, 12, 24), 1) == date(2026, 12, 28)
    assert WEEKDAYS.add_days(date(2026, 12, 28), -1) == date(2026, 12, 24)
    assert WEEKDAYS.add_days(date(2026, 12, 25), 0) == date(2026, 12, 28)


@given(
    st.sampled_from([BERLIN, NEW_YORK, WEEKDAYS, OFFICE_HOURS, ALWAYS_OPEN]),
    st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 31)),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=12)),
)
def test_adding_open_time_is_the_inverse_of_counting_it(calendar, moment, duration):
    start = moment.replace(tzinfo=UTC)
    end = calendar.add_time(start, duration)
    assert end >= start
    assert calendar.time_between(start, end) == duration


def test_a_calendar_that_never_opens_says_so():
    with pytest.raises(CalendarNeverOpens):
        BusinessCalendar("UTC", {}).add_time(at("2026-01-01T00:00"), timedelta(minutes=1))
    assert OFFICE_HOURS.time_between(at("2026-01-02T00:00"), at("2026-01-01T00:00")) == timedelta()
