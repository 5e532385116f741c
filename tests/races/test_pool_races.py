"""Real threads against a pool: its members together never pass the ceiling, and nobody else gets into the floor."""

from datetime import timedelta

import pytest

from core.testing import race
from inventory.models import Claim, StockBalance
from inventory.queries import promises
from tests.factories.accounts import AccountFactory
from tests.factories.inventory import (
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    breaches,
    spec,
    stock,
)
from tests.factories.pools import cap, limit, member_of, north, protect, safety
from tests.races.test_stock_races import no_errors, submit

pytestmark = pytest.mark.django_db(transaction=True)


def test_sixteen_strangers_share_the_four_that_are_not_protected_and_the_members_have_their_eight():
    product = StockedProductFactory()
    for rank in (1, 2):
        stock(product, SiteFactory(rank=rank), 6)
    group, member, _ = north()
    protect(8, product=product, group=group)
    strangers = AccountFactory.create_batch(16)
    results = no_errors(race(*[lambda a=a: submit([spec(product, 1, account_id=a.pk)])[0] for a in strangers]))
    assert sorted(r.reserved for r in results) == [0] * 12 + [1] * 4
    assert submit([spec(product, 12, account_id=member.pk)])[0].reserved == 8
    assert breaches() == []


def test_sixteen_members_of_a_quota_of_five_get_five_together():
    product = StockedProductFactory()
    sites = [SiteFactory(rank=n) for n in range(4)]
    for site in sites:
        stock(product, site, 20)
    group, *_ = north()
    limit(5, product=product, group=group)
    members = [member_of(group) for _ in range(16)]
    # each asks another site first, so that no balance keeps them apart
    calls = [
        lambda a=a, n=n: submit([spec(product, 2, account_id=a.pk, site_id=sites[n % 4].pk)])[0]
        for n, a in enumerate(members)
    ]
    results = no_errors(race(*calls))
    assert sum(r.reserved for r in results) == 5
    assert breaches() == []


def test_members_strangers_and_orders_of_two_products_wait_for_each_other_and_never_for_ever():
    first, second = StockedProductFactory.create_batch(2)
    site = SiteFactory()
    group, member, stranger = north()
    for product in (first, second):
        stock(product, site, 12)
        InboundFactory(product=product, site=site, ordered_qty=5, eta_date=TODAY + timedelta(days=4))
        protect(8, product=product, group=group)
        safety(product, site, 1)
        cap(3, product=product)
    orders = []
    for n in range(8):
        for account in (member, stranger):
            pair = [spec(p, 3, account_id=account.pk) for p in ((first, second) if n % 2 else (second, first))]
            orders.append(lambda pair=pair: submit(pair))
    results = no_errors(race(*orders))
    held = {a.pk: sum(c.qty for c in Claim.objects.filter(demand__account=a)) for a in (member, stranger)}
    assert held[member.pk] + held[stranger.pk] == 22  # all but the safety stock
    assert held[stranger.pk] <= 6
    assert all(r.reserved <= 3 for pair in results for r in pair)
    slices = [p for pair in results for r in pair for p in promises([r.demand_id])[r.demand_id]]
    assert sum(p.qty for p in slices if p.kind == "inbound") == 10
    assert all(b.on_hand_qty - b.reserved_qty == 1 for b in StockBalance.objects.all())
    assert breaches() == []
