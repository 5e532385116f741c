from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.calendars import OFFICE_HOURS, BusinessCalendar
from exceptions_app.rules.ranking import Effect, Suggestion, ranked
from exceptions_app.rules.sla import DuesOfMany, dues, is_late, shifted

BERLIN = BusinessCalendar(
    "Europe/Berlin", {d: ((time(9), time(17)),) for d in range(5)}, frozenset({date(2026, 12, 25)})
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_four_business_hours_from_friday_afternoon_end_on_monday():
    found = dues(at("2026-11-06T15:00"), 240, OFFICE_HOURS)
    assert [(d.threshold, d.due_at) for d in found] == [
        (50, at("2026-11-06T17:00")),
        (75, at("2026-11-09T10:00")),
        (100, at("2026-11-09T11:00")),
    ]


def test_the_clock_change_does_not_move_the_end_of_a_business_day():
    # Friday 16:00 Berlin is 15:00 UTC before the autumn change, Monday 10:00 Berlin is 09:00 UTC after it
    assert dues(at("2026-10-23T14:00"), 120, BERLIN)[-1].due_at == at("2026-10-26T09:00")


moments = st.datetimes(min_value=datetime(2026, 3, 1), max_value=datetime(2026, 4, 30))


@given(
    moments,
    st.integers(1, 2000),
    st.timedeltas(timedelta(0), timedelta(days=9)),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_a_pause_leaves_exactly_the_open_time_that_was_left(start, minutes, until_pause, pause):
    start = start.replace(tzinfo=UTC)
    due = dues(start, minutes, BERLIN)[-1].due_at
    paused_at, resumed_at = start + until_pause, start + until_pause + pause
    moved = shifted(due, paused_at=paused_at, resumed_at=resumed_at, calendar=BERLIN)
    if due <= paused_at:
        assert moved == due
    else:
        assert BERLIN.time_between(resumed_at, moved) == BERLIN.time_between(paused_at, due)
        assert moved >= due


def test_a_step_is_late_only_when_the_sweep_was_down():
    assert not is_late(at("2026-11-06T15:00"), at("2026-11-06T15:00:30"))
    assert is_late(at("2026-11-06T15:00"), at("2026-11-06T15:02:01"))


def test_suggestions_put_the_customers_date_before_our_money_and_the_impossible_last():
    offers = [
        Suggestion("expedite", "Expedite", Effect("", Decimal(-90), days_late=0)),
        Suggestion("substitute", "Substitute", Effect("", Decimal(-41), days_late=0)),
        Suggestion("wait", "Wait", Effect("", Decimal(0), days_late=5)),
        Suggestion("borrow", "Borrow", Effect("", Decimal(10), is_possible=False, why_not="locked")),
    ]
    assert [s.code for s in ranked(offers)] == ["substitute", "expedite", "wait", "borrow"]


def test_of_many_cases_the_same_is_counted_once_and_gives_what_each_would():
    count, start = DuesOfMany(), at("2026-11-06T15:00")
    for minutes, calendar in ((120, BERLIN), (120, OFFICE_HOURS), (240, BERLIN), (120, BERLIN)):
        assert count(start, minutes, calendar) == dues(start, minutes, calendar)
    assert count(start, 120, BERLIN) is count(start, 120, BERLIN)
    assert count(start + timedelta(hours=1), 120, BERLIN) != count(start, 120, BERLIN)
