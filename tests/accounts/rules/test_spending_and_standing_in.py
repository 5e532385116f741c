"""Periods of spending, who stands in for whom, proofs of membership, and tables of splits: pure rules."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.rules.checks import identifier_problem
from accounts.rules.spending import period_of
from accounts.rules.splits import SplitSpec, is_whole, split_problems
from accounts.rules.standing_in import Person, acting_for, escalation_chain
from accounts.states import SpendingPeriod, SplitKind
from core.periods import Period


@pytest.mark.parametrize(
    ("day", "period", "start", "end"),
    [
        (date(2026, 6, 14), SpendingPeriod.WEEK, date(2026, 6, 8), date(2026, 6, 15)),
        (date(2026, 6, 15), SpendingPeriod.WEEK, date(2026, 6, 15), date(2026, 6, 22)),
        (date(2026, 12, 31), SpendingPeriod.MONTH, date(2026, 12, 1), date(2027, 1, 1)),
        (date(2024, 2, 29), SpendingPeriod.MONTH, date(2024, 2, 1), date(2024, 3, 1)),
        (date(2026, 11, 2), SpendingPeriod.QUARTER, date(2026, 10, 1), date(2027, 1, 1)),
        (date(2026, 5, 2), SpendingPeriod.QUARTER, date(2026, 4, 1), date(2026, 7, 1)),
        (date(2026, 5, 2), SpendingPeriod.YEAR, date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_day_is_in_one_calendar_period(day, period, start, end):
    assert period_of(day, period) == Period(start, end)


def people(*persons):
    return {person.id: person for person in persons}


def test_whoever_is_there_acts_for_themselves():
    assert acting_for(1, people(Person(1, reports_to=2), Person(2))) == 1


def test_the_delegate_comes_before_the_manager_and_a_delegates_delegate_too():
    away = Person(1, reports_to=9, is_away=True, delegate=2)
    assert acting_for(1, people(away, Person(2), Person(9))) == 2
    assert acting_for(1, people(away, Person(2, is_away=True, delegate=3), Person(3), Person(9))) == 3


def test_without_a_delegate_the_manager_acts_and_who_is_locked_out_is_skipped():
    gone = Person(1, reports_to=2, is_active=False)
    assert acting_for(1, people(gone, Person(2, reports_to=3, is_away=True), Person(3))) == 3


def test_delegates_in_a_ring_end_at_the_manager_or_with_nobody():
    one, two = Person(1, is_away=True, delegate=2), Person(2, reports_to=7, is_away=True, delegate=1)
    assert acting_for(1, people(one, two, Person(7))) == 7
    assert acting_for(1, people(one, two)) is None
    assert acting_for(404, people(one, two)) is None


def test_a_chain_tells_each_once_and_ends_in_a_ring():
    chain = people(Person(1, reports_to=2, is_away=True, delegate=3), Person(2, reports_to=3), Person(3, reports_to=1))
    assert escalation_chain(1, chain) == [3, 2]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("gln", "0614141000012"), ("dea", "BH1234563"), ("hin", "1234567A0"), ("340b", "DSH050123"), ("other", "x 1")],
)
def test_a_proof_in_the_right_shape_is_taken(kind, value):
    assert identifier_problem(kind, value) == ""


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("gln", "0614141000013", "last digit should be 2"),
        ("gln", "614141", "13 digits"),
        ("dea", "BH1234564", "last digit should be 3"),
        ("dea", "1234563", "two letters and 7 digits"),
        ("hin", "12", "7 or 9"),
        ("340b", "?", "DSH050123"),
    ],
)
def test_a_mistyped_proof_is_told_what_is_wrong(kind, value, words):
    assert words in identifier_problem(kind, value)


def split(rep, percent, kind=SplitKind.REVENUE):
    return SplitSpec(rep, Decimal(percent), kind)


def test_revenue_shares_are_whole_at_100_or_none_and_overlays_do_not_count():
    thirds = [split(1, "33.33"), split(2, "33.33"), split(3, "33.34")]
    assert is_whole(thirds)
    assert is_whole([*thirds, split(1, 20, SplitKind.OVERLAY)])
    assert is_whole([])
    assert not is_whole(thirds[:2])
    assert not is_whole([split(1, 100), split(2, "0.01")])


def test_a_share_of_nothing_and_a_rep_named_twice_are_told_by_row():
    problems = split_problems([split(1, 50), split(1, 50), split(2, 0), split(3, "33.333")])
    assert [problem.pointer for problem in problems] == ["/splits/1/rep", "/splits/2/percent", "/splits/3/percent"]
