"""Pools in life: what a stranger and a member are offered, what they get, and what frees it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import writers
from core.testing import unit
from inventory.models import Demand, StockBalance
from inventory.queries import availability, decisions, demand_states
from inventory.rules.asks import AtpPoint, AvailabilityQuery, RankSnapshot
from inventory.rules.offer import in_words, to_customer
from inventory.services.allocate import allocate
from inventory.services.cancel import cancel
from inventory.services.open_demands import open_demands
from inventory.services.reserve import reserve
from inventory.states import AmountKind, PoolState
from tests.factories.accounts import AccountFactory, TierFactory
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.pools import cap, limit, member_of, north, protect, safety

pytestmark = pytest.mark.django_db
DECEMBER = date(2026, 12, 1)


def offer(product, account, *, on=TODAY, **fields):
    query = AvailabilityQuery((product.pk,), account.pk if account else None, on, now=NOW, **fields)
    return availability(query)[product.pk]


def order(product, qty, account, **fields):
    """What a submit gets."""
    (got,) = open_and_reserve([spec(product, qty, account_id=account.pk, **fields)])
    return got


@pytest.fixture
def twelve():
    """12 on hand, 8 protected for GPO North until the end of November: (product, member, stranger)."""
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    group, member, stranger = north()
    protect(8, product=product, group=group, name="GPO North", valid_to=DECEMBER)
    return product, member, stranger


def test_twelve_on_hand_eight_protected_for_a_group_a_stranger_is_offered_four_and_a_member_twelve(twelve):
    product, member, stranger = twelve
    theirs, ours = offer(product, stranger), offer(product, member)
    assert (theirs.on_hand, theirs.available, theirs.protected) == (12, 4, 8)
    assert (ours.on_hand, ours.available, ours.protected) == (12, 12, 0)
    assert [(s.available, s.protected) for s in theirs.sites] == [(4, 8)]
    assert in_words(theirs) == "12 on hand, 4 for you: 8 protected for GPO North until 30 Nov"
    assert to_customer(theirs) == "4 for you: more is kept for other customers until 30 Nov"
    assert to_customer(ours) == ""
    assert in_words(ours) == "12 on hand, 12 for you"


def test_a_stranger_gets_what_he_is_offered_and_is_told_who_has_the_rest(twelve):
    product, member, stranger = twelve
    got = order(product, 10, stranger)
    assert (got.reserved, got.backordered) == (4, 6)
    assert [(x.what, x.why) for x in got.explanation.losers] == [("8 in stock", "protected for GPO North until 30 Nov")]
    assert decisions([got.demand_id])[got.demand_id] == got.explanation
    assert order(product, 1, stranger).reserved == 0
    assert order(product, 10, member).reserved == 8
    assert breaches() == []


def test_what_members_take_is_protected_no_longer_and_comes_back_when_they_cancel(twelve):
    product, member, stranger = twelve
    (held,) = open_and_reserve([spec(product, 5, account_id=member.pk)])
    assert (offer(product, stranger).available, offer(product, stranger).protected) == (4, 3)
    with unit():
        cancel([held.demand_id], now=NOW)
    assert (offer(product, stranger).available, offer(product, stranger).protected) == (4, 8)
    assert breaches() == []


def test_an_expired_pool_frees_what_it_kept(twelve):
    product, _, stranger = twelve
    assert offer(product, stranger, on=DECEMBER - timedelta(days=1)).available == 4
    assert offer(product, stranger, on=DECEMBER).available == 12
    later = NOW + (DECEMBER - TODAY)
    (got,) = open_and_reserve([spec(product, 12, account_id=stranger.pk)], now=later)
    assert got.reserved == 12


def test_dated_promises_leave_alone_what_is_protected_until_the_pool_ends():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 2)
    InboundFactory(product=product, site=site, ordered_qty=10, eta_date=TODAY + timedelta(days=4))
    group, member, stranger = north()
    protect(8, product=product, group=group, valid_to=TODAY + timedelta(days=6))
    assert offer(product, stranger).atp == (
        AtpPoint(TODAY, Decimal(0)),
        AtpPoint(TODAY + timedelta(days=4), Decimal(4)),
        AtpPoint(TODAY + timedelta(days=6), Decimal(12)),
    )
    assert offer(product, member).atp == (AtpPoint(TODAY, Decimal(2)), AtpPoint(TODAY + timedelta(days=4), Decimal(12)))
    limit(5, product=product, account=member)
    assert offer(product, member).atp[-1] == AtpPoint(TODAY + timedelta(days=4), Decimal(5))


def test_a_quota_is_the_most_its_members_take_together_and_a_neutral_one_only_counts():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    group, member, stranger = north()
    cousin = member_of(group)
    quota = limit(5, product=product, group=group, name="North")
    assert offer(product, member).quota_left == 5
    assert in_words(offer(product, member)) == "12 on hand, 5 for you: 5 left of your quota"
    got = order(product, 3, cousin)
    assert got.reserved == 3
    got = order(product, 9, member)
    assert (got.reserved, got.backordered) == (2, 7)
    assert [(x.what, x.why) for x in got.explanation.losers] == [("more", "the quota North is used up")]
    assert offer(product, stranger).available == 7
    quota.state = PoolState.NEUTRAL
    with writers.by_hand("pools"):
        quota.save()
    assert (offer(product, member).available, offer(product, member).quota_left) == (7, None)
    assert order(product, 4, member).reserved == 4


def test_nested_pools_keep_the_part_of_each_and_share_the_rest():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 100)
    group, member, stranger = north()
    cousin, other = member_of(group), member_of(group)
    whole = protect(80, product=product, group=group, name="GPO North")
    protect(30, parent=whole, account=member, name="Hospital A")
    protect(20, parent=whole, account=cousin, name="Hospital B")
    assert [offer(product, x).available for x in (stranger, other, member, cousin)] == [20, 50, 80, 70]
    assert (
        order(product, 60, member).reserved == 60
    )  # its own 30, the 30 of all, and nothing of what strangers may have
    assert [offer(product, x).available for x in (stranger, other, cousin)] == [20, 20, 40]
    assert in_words(offer(product, stranger)) == "100 on hand, 20 for you: 20 protected for Hospital B"


def test_more_protected_than_there_is_is_scaled_and_nobody_loses_all():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    first, second, stranger = AccountFactory.create_batch(3)
    protect(8, product=product, account=first)
    protect(8, product=product, account=second)
    assert [offer(product, x).available for x in (first, second, stranger)] == [6, 6, 0]
    assert order(product, 12, first).reserved == 6
    assert order(product, 12, second).reserved == 6


def test_protected_at_one_site_is_open_at_the_others():
    product, reno, cmh = StockedProductFactory(), SiteFactory(rank=1), SiteFactory(rank=2)
    stock(product, reno, 7)
    stock(product, cmh, 5)
    _, member, stranger = north()
    protect(6, product=product, account=member, site=reno)
    found = offer(product, stranger)
    assert [(s.available, s.protected) for s in found.sites] == [(1, 6), (5, 0)]
    assert (found.available, found.protected) == (6, 6)
    got = order(product, 12, stranger)
    assert (got.reserved, got.backordered) == (6, 6)
    assert order(product, 12, member).reserved == 6


def test_safety_stock_is_offered_to_the_tiers_it_is_open_to_and_to_nobody_else():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 10)
    InboundFactory(product=product, site=site, ordered_qty=10, eta_date=TODAY + timedelta(days=4))
    gold = TierFactory(rank=1)
    golden, other = AccountFactory(tier=gold), AccountFactory(tier=TierFactory(rank=2))
    safety(product, site, 3, tier=gold)
    found = offer(product, other)
    assert (found.available, found.safety, found.protected) == (7, 3, 0)
    assert found.atp[-1].qty == 17
    assert in_words(found) == "10 on hand, 7 for you: 3 safety stock"
    assert order(product, 10, other).reserved == 7
    assert offer(product, None).available == 0
    assert order(product, 10, golden).reserved == 3


def test_one_order_takes_no_more_than_its_cap_over_all_its_lines_and_the_next_order_may():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 100)
    big = AccountFactory()
    cap(10, product=product)
    ref = spec(product, 1).ref
    lines = [spec(product, 6, account_id=big.pk, ref=ref, line_no=n, key=f"line {n}") for n in (1, 2)]
    got = open_and_reserve(lines)
    assert [(g.reserved, g.backordered) for g in got] == [(6, 0), (4, 2)]
    assert got[1].explanation.losers[0].why == "one order takes no more of it"
    (third,) = open_and_reserve([spec(product, 1, account_id=big.pk, ref=ref, line_no=3)])
    assert third.reserved == 0
    assert order(product, 60, big).reserved == 10
    found = offer(product, big)
    assert (found.available, found.order_cap) == (80, 10)
    assert in_words(found) == "100 on hand, 80 for you: at most 10 an order"


def test_an_order_asks_again_within_what_it_holds_already():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    _, member, stranger = north()
    protect(8, product=product, account=member)
    limit(3, product=product, account=stranger)
    got = order(product, 4, stranger)
    assert got.reserved == 3
    with unit():
        again = reserve([got.demand_id], now=NOW + timedelta(minutes=1))[got.demand_id]
    assert (again.reserved, again.backordered) == (3, 1)
    mine = offer(product, stranger, ignore_demand_ids=(got.demand_id,))
    assert (mine.available, mine.quota_left) == (3, 3)
    assert breaches() == []


def test_a_cart_that_ran_out_frees_its_part_of_the_quota_without_the_sweeper():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 12)
    _, member, _ = north()
    limit(5, product=product, account=member)
    open_and_reserve([spec(product, 5, account_id=member.pk)], expires_at=NOW + timedelta(minutes=1))
    assert offer(product, member).available == 0
    later = NOW + timedelta(minutes=1)
    (got,) = open_and_reserve([spec(product, 5, account_id=member.pk)], now=later)
    assert got.reserved == 5
    assert breaches() == []


def test_half_of_what_comes_is_protected_as_it_comes():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 10)
    _, member, stranger = north()
    protect(50, product=product, account=member, amount_kind=AmountKind.PERCENT)
    assert offer(product, stranger).available == 5
    stock(product, site, 10)
    assert offer(product, stranger).available == 10


def test_a_run_deals_within_the_pools_by_rank_and_what_it_dealt_before_counts_once(twelve):
    product, member, stranger = twelve
    first = order(product, 9, stranger, rank=RankSnapshot(tier_rank=1))
    (late,) = open_and_reserve([spec(product, 9, account_id=member.pk, rank=RankSnapshot(tier_rank=2))])
    assert (first.reserved, late.reserved) == (4, 8)
    for n in (1, 2):
        allocate(trigger_key=f"run {n}", product_ids=[product.pk], actor=PLANNER, now=NOW)
        got = demand_states([first.demand_id, late.demand_id])
        assert [(s.allocated, s.backordered) for s in got.values()] == [(4, 5), (8, 1)]
    assert breaches() == []


def test_a_run_gives_an_order_no_more_than_its_cap_though_it_deals_its_reservation_again():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 100)
    cap(10, product=product)
    got = order(product, 15, AccountFactory())
    allocate(trigger_key="run", product_ids=[product.pk], actor=PLANNER, now=NOW)
    state = demand_states([got.demand_id])[got.demand_id]
    assert (state.allocated, state.reserved, state.backordered) == (10, 0, 5)


def test_products_without_pools_cost_one_more_statement_to_claim_and_none_to_read():
    plain_one, pooled, site = StockedProductFactory(), StockedProductFactory(), SiteFactory()
    for product in (plain_one, pooled):
        stock(product, site, 50)
    _, member, _ = north()
    protect(8, product=pooled, account=member)

    def count(product):
        with unit():
            ids = list(open_demands([spec(product, 1)], now=NOW).values())
            with CaptureQueriesContext(connection) as claimed:
                reserve(ids, now=NOW)
        with CaptureQueriesContext(connection) as read:
            offer(product, None)
        return len(claimed), len(read)

    assert count(plain_one) == (5, 4)
    assert count(pooled) == (5 + 2 + 1 + 7 + 1, 4 + 7)


def test_a_reservation_made_before_the_receipt_s_run_gives_way_to_the_member_who_waited_for_such_lots():
    """What ADR 11 says of reservations: at submit a floor is an amount, in the run it is lots its waiting members can use.
    So a stranger who comes between a receipt and its run may reserve what the run gives to the member who waits."""
    product, site = StockedProductFactory(), SiteFactory()
    _, member, stranger = north()
    stock(product, site, 10, lot="OLD", expiry=TODAY + timedelta(days=9))
    protect(10, product=product, account=member)
    (waiting,) = open_and_reserve([spec(product, 10, account_id=member.pk, min_shelf_life_days=60)])
    assert (waiting.reserved, waiting.backordered) == (0, 10)
    stock(product, site, 10, lot="FRESH", expiry=TODAY + timedelta(days=300))
    late = {"account_id": stranger.pk, "min_shelf_life_days": 60}
    (between,) = open_and_reserve([spec(product, 10, **late)], now=NOW + timedelta(seconds=1))
    assert between.reserved == 10
    allocate(trigger_key="receipt", product_ids=[product.pk], actor=PLANNER, now=NOW + timedelta(seconds=2))
    states = demand_states([waiting.demand_id, between.demand_id])
    assert (states[waiting.demand_id].allocated, states[between.demand_id].allocated) == (10, 0)
    assert states[between.demand_id].backordered == 10
    (after,) = open_and_reserve([spec(product, 10, **late)], now=NOW + timedelta(seconds=3))
    assert after.reserved == 0  # once the run is over, nothing is reserved that the next one takes away
    assert breaches() == []


def test_stock_that_goes_away_leaves_the_pool_what_is_there_and_nothing_is_negative(twelve):
    product, member, stranger = twelve
    order(product, 4, stranger)
    with writers.by_hand("stock"):
        StockBalance.objects.filter(product=product).update(status="quality")
    found = offer(product, stranger)
    assert (found.available, found.protected, found.unusable) == (0, 0, 12)
    assert Demand.objects.get(account=stranger).reserved_qty == 4
    assert offer(product, member).available == 0
