from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from inventory.rules.asks import AtpPoint
from inventory.rules.atp import cumulative_atp, dated_atp, expected_on

TODAY = date(2026, 11, 23)
quantities = st.lists(st.integers(0, 20).map(Decimal), min_size=1, max_size=12)


def test_the_suffix_minimum_does_not_over_promise_as_the_textbook_does():
    supply = [Decimal(n) for n in (6, 4, 2, 4, 8, 4, 4, 4)]
    demand = [Decimal(n) for n in (6, 2, 3, 6, 6, 1, 2, 2)]
    assert cumulative_atp(supply, demand) == [0, 0, 0, 0, 1, 4, 6, 8]


@given(quantities, st.data())
def test_atp_never_falls_and_what_it_promises_can_always_be_kept(supply, data):
    demand = data.draw(st.lists(st.integers(0, 20).map(Decimal), min_size=len(supply), max_size=len(supply)))
    atp = cumulative_atp(supply, demand)
    assert atp == sorted(atp)
    for day, extra in enumerate(atp):
        taken = [d + (extra if i == day else 0) for i, d in enumerate(demand)]
        for until in range(day, len(supply)):
            was_short = min(Decimal(0), sum(supply[: until + 1]) - sum(demand[: until + 1]))
            if extra:
                assert sum(supply[: until + 1]) - sum(taken[: until + 1]) >= min(Decimal(0), was_short)


def test_only_the_days_on_which_the_quantity_changes_are_told():
    week = TODAY + timedelta(days=7)
    points = dated_atp(Decimal(3), [(week, Decimal(10))], [(TODAY, Decimal(1)), (week, Decimal(2))], today=TODAY)
    assert points == (AtpPoint(TODAY, Decimal(2)), AtpPoint(week, Decimal(10)))


def test_demand_of_the_past_is_owed_today():
    points = dated_atp(Decimal(3), [], [(TODAY - timedelta(days=30), Decimal(3))], today=TODAY)
    assert points == (AtpPoint(TODAY, Decimal(0)),)


def test_overdue_inbound_is_expected_tomorrow_until_its_cut_off_and_then_not_at_all():
    seven_late, eight_late = TODAY - timedelta(days=7), TODAY - timedelta(days=8)
    assert expected_on(seven_late, today=TODAY, cutoff_days=7) == TODAY + timedelta(days=1)
    assert expected_on(eight_late, today=TODAY, cutoff_days=7) is None
    assert expected_on(TODAY, today=TODAY, cutoff_days=7) == TODAY
