from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.periods import Period

DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 3, 1))


@st.composite
def periods(draw):
    start = draw(st.none() | DAYS)
    end = draw(st.none() | DAYS)
    if start and end:
        start, end = min(start, end), max(start, end) + timedelta(days=1)
    return Period(start, end)


@given(periods(), periods(), DAYS)
def test_overlap_is_symmetric_and_means_that_some_day_is_in_both(a, b, day):
    assert a.overlaps(b) == b.overlaps(a)
    if day in a and day in b:
        assert a.overlaps(b)
        assert day in a.intersection(b)
    if not a.overlaps(b):
        assert a.intersection(b) is None


@given(st.lists(periods()))
def test_periods_sort_even_when_they_are_open(some):
    assert [p.start or date.min for p in sorted(some)] == sorted(p.start or date.min for p in some)


def test_the_end_is_the_first_day_that_no_longer_counts():
    march = Period(date(2026, 3, 1), date(2026, 4, 1))
    assert date(2026, 3, 31) in march
    assert date(2026, 4, 1) not in march
    assert not march.overlaps(Period(date(2026, 4, 1), None))


def test_a_period_without_a_day_is_refused():
    with pytest.raises(ValueError, match="must end after it starts"):
        Period(date(2026, 3, 1), date(2026, 3, 1))
