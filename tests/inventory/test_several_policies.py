"""Orders that ship whole, over products that are allocated by different policies or by none."""

from dataclasses import replace
from decimal import Decimal

import pytest

from accounts.states import ShipComplete
from core.testing import drain
from inventory.queries import demand_states
from inventory.rules.asks import RankSnapshot
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services.allocate import allocate
from inventory.services.open_demands import open_demands
from inventory.services.save_policy import PolicyDraft, save_policy
from tests.factories.accounts import AccountFactory
from tests.factories.inventory import (
    NOW,
    PLANNER,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    spec,
    stock,
    unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def two():
    """Two products, four units of the first; it has a policy that judges orders."""
    site, products = SiteFactory(), [StockedProductFactory(), StockedProductFactory()]
    stock(products[0], site, 4)
    drain(NOW)
    policy("judges", products[0], passes=1)
    return site, *products


def policy(code, product, **fields):
    draft = PolicyDraft(Policy(code=code, name=code, **fields), (SegmentDraft("all", "gain"),), skus=(product.sku,))
    save_policy(draft=draft, actor=PLANNER, now=NOW)


def an_order_of(account, *products, qty=4):
    specs = []
    for n, product in enumerate(products, start=1):
        first = spec(product, qty, account_id=account.pk, rank=RankSnapshot(tier_rank=1))
        specs.append(replace(first, key=f"{n} of {account.pk}", ref=specs[0].ref if specs else first.ref, line_no=n))
    with unit():
        ids = open_demands(specs, now=NOW)
    return [ids[s.key] for s in specs]


def held(*demand_ids):
    states = demand_states(demand_ids)
    return [states[i].allocated for i in demand_ids]


@pytest.mark.parametrize("of_the_other", ["a policy that judges", "one that does not", "none"])
@pytest.mark.parametrize("by", ["run", "products"])
def test_an_order_whose_other_line_is_short_gives_way_whatever_policy_that_has(two, of_the_other, by):
    site, one, other = two
    if of_the_other != "none":
        policy("other", other, passes=3 if of_the_other == "a policy that judges" else None, lock_days=1)
    lacking = an_order_of(AccountFactory(ship_complete=ShipComplete.ORDER), one, other)
    waits = demand(one, 3, tier=2)
    key = {"trigger_key": "x", "product_ids": [one.pk, other.pk] if by == "products" else None}
    allocate(**key, actor=PLANNER, now=NOW)
    assert held(*lacking, waits) == [0, 0, 3]

    stock(one, site, 4)
    stock(other, site, 4)
    drain(NOW)
    assert held(*lacking, waits) == [4, 4, 3]
    assert breaches() == []


def test_what_is_firm_already_by_rank_counts_towards_the_percent_an_order_ships(two):
    """Half of it must be there: six of eight of the second product are firm, four of eight of the first come beside them."""
    site, one, other = two
    account = AccountFactory(min_order_percent=Decimal(60))
    lines = an_order_of(account, one, other, qty=8)
    stock(other, site, 6)
    allocate(trigger_key="x", product_ids=[one.pk, other.pk], actor=PLANNER, now=NOW)
    assert held(*lines) == [4, 6]
    allocate(trigger_key="y", actor=PLANNER, now=NOW)
    assert held(*lines) == [4, 6]
    assert breaches() == []
