"""Which orders go by themselves: by rank, the first that fits decides, in its hours."""

from datetime import UTC, datetime, time
from decimal import Decimal

import pytest

from fulfillment.rules.release_policy import Candidate, Policy, policy_for
from fulfillment.states import PolicyEffect

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORDER = Candidate(7, "SO-7", 1, 2, "USD", 3, Decimal(500), Decimal(5), Decimal(50), site_ids=frozenset({10}))


def policy(n=1, rank=10, **more):
    return Policy(n, f"P{n}", rank, **more)


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ({}, True),
        ({"account_id": 1, "tier_id": 2, "site_id": 10}, True),
        ({"account_id": 9}, False),
        ({"tier_id": 9}, False),
        ({"site_id": 11}, False),
        ({"currency": "EUR"}, False),
        ({"currency": "USD", "min_value": Decimal(500), "max_value": Decimal(500)}, True),
        ({"currency": "USD", "min_value": Decimal("500.01")}, False),
        ({"currency": "USD", "max_value": Decimal("499.99")}, False),
    ],
)
def test_an_order_fits_what_the_policy_names(more, fits):
    assert (policy_for(ORDER, [policy(**more)], MONDAY) is not None) == fits


def test_stock_at_two_sites_fits_no_policy_of_one():
    both = Candidate(7, "SO-7", 1, 2, "USD", 3, Decimal(500), Decimal(5), Decimal(50), site_ids=frozenset({10, 11}))
    assert policy_for(both, [policy(site_id=10)], MONDAY) is None


def test_the_first_by_rank_decides_also_when_it_says_wait_or_its_hours_are_over():
    go, wait = policy(1, 20), policy(2, 10, effect=PolicyEffect.WAIT)
    assert policy_for(ORDER, [go, wait], MONDAY) is None
    assert policy_for(ORDER, [go, policy(2, 10, account_id=9, effect=PolicyEffect.WAIT)], MONDAY) == go
    closed = policy(3, 10, weekdays=frozenset({1, 2}))
    assert policy_for(ORDER, [go, closed], MONDAY) is None


@pytest.mark.parametrize(
    ("hour", "goes"), [(time(12, 59), False), (time(13), True), (time(17, 59), True), (time(18), False)]
)
def test_hours_are_half_open_and_told_where_the_policy_says(hour, goes):
    berlin = policy(from_time=time(14), to_time=time(19), time_zone="Europe/Berlin")  # UTC + 1 in March
    assert (policy_for(ORDER, [berlin], datetime.combine(MONDAY, hour, UTC)) is not None) == goes
