"""A percent of what a site has is the most one order may take: who cannot reach it waits for nobody."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.testing import unit
from inventory import share_queries
from inventory.queries import demand_states
from inventory.rules.asks import DemandAmendment
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services import pooled
from inventory.services.reserve import reserve
from inventory.services.save_policy import PolicyDraft, save_policy
from tests.factories.inventory import (
    NOW,
    PLANNER,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def locked(monkeypatch):
    """The products whose pools were locked; every product is under a policy that gives one order 30 % of a site."""
    policy = Policy(code="third", name="Third", order_cap_percent=Decimal(30))
    save_policy(draft=PolicyDraft(policy, (SegmentDraft("all", "gain"),), is_default=True), actor=PLANNER, now=NOW)
    monkeypatch.setattr(share_queries, "_has_wide_rules", True)
    found, lock = [], pooled.locks.lock_pools

    def lock_and_tell(product_ids):
        found.extend(product_ids)
        return lock(product_ids)

    monkeypatch.setattr(pooled.locks, "lock_pools", lock_and_tell)
    return found


def reserved(product, *qtys, **fields):
    """By one order with a line for each quantity."""
    first = spec(product, qtys[0])
    specs = [spec(product, qty, ref=first.ref, line_no=n) for n, qty in enumerate(qtys, start=1)]
    return sum(got.reserved for got in open_and_reserve(specs, **fields))


def a_product(*stocks, **fields):
    product = StockedProductFactory(**fields)
    for rank, qty in enumerate(stocks):
        stock(product, SiteFactory(rank=rank), qty)
    return product


@pytest.mark.parametrize(
    ("stocks", "multiple", "asked", "has", "is_locked"),
    [
        ((100,), 1, [30], 30, False),
        ((100,), 1, [31], 30, True),
        ((100,), 1, [15, 15], 30, False),
        ((100,), 1, [20, 20], 30, True),  # the lines of an order together
        ((99,), 6, [24], 24, False),
        ((99,), 6, [30], 24, True),  # 29.7 in whole multiples
        ((100, 10), 1, [3], 3, False),
        ((100, 10), 1, [5], 5, True),  # three of ten at the other site: it could be kept from more there, and is not
        ((100, 10), 1, [40], 33, True),
        ((), 1, [40], 0, False),
    ],
)
def test_only_an_order_that_its_percent_could_end_takes_the_lock(locked, stocks, multiple, asked, has, is_locked):
    product = a_product(*stocks, order_multiple=multiple)
    assert reserved(product, *asked) == has
    assert locked == ([product.pk] if is_locked else [])
    assert breaches() == []


def test_a_site_of_which_nothing_is_free_keeps_nobody_waiting(locked):
    product = a_product(100)
    small = SiteFactory(rank=9)
    stock(product, small, 10)
    assert [reserved(product, 33) for _ in range(3)] == [33, 33, 33]  # 30 and 3
    locked.clear()
    (last,) = open_and_reserve([spec(product, 1, site_id=small.pk)])
    assert (last.reserved, reserved(product, 4)) == (1, 4)
    assert locked == []


def test_what_carts_hold_is_not_there_until_they_run_out(locked):
    product = a_product(100)
    minute = NOW + timedelta(minutes=1)
    assert (reserved(product, 30, expires_at=minute), locked) == (30, [])
    assert (reserved(product, 22, expires_at=minute), locked) == (21, [product.pk])  # of the seventy that are left
    locked.clear()
    assert (reserved(product, 30, now=minute), locked) == (30, [])
    assert breaches() == []


def test_what_an_amendment_adds_is_within_the_percent_too(locked):
    product = a_product(100)
    (one,) = open_and_reserve([spec(product, 20)])
    assert locked == []
    with unit():
        reserve([one.demand_id], now=NOW, amending={one.demand_id: DemandAmendment(more=Decimal(20))})
    state = demand_states([one.demand_id])[one.demand_id]
    assert (state.reserved, state.backordered) == (30, 10)
    assert locked == [product.pk]
    assert breaches() == []
