"""Allocation runs on PostgreSQL: rank, re-dealing, what stays untouched, what is said about it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import OutboxFact
from core.testing import drain, unit
from inventory.models import AllocationRun, Claim, Promise, StockBalance
from inventory.queries import decisions, demand_states, promises
from inventory.rules.asks import DemandChange, RankSnapshot
from inventory.services.allocate import allocate
from inventory.services.expire_claims import expire_claims
from inventory.services.refresh_demands import refresh_demands
from inventory.tasks import run_allocation
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    open_and_reserve,
    spec,
    stock,
)

pytestmark = pytest.mark.django_db


def run(product, key="run", now=NOW):
    return allocate(trigger_key=key, product_ids=[product.pk], actor=PLANNER, now=now)


def got(demand_id):
    s = demand_states([demand_id])[demand_id]
    return s.backordered, s.reserved, s.allocated


def test_the_better_tier_is_served_first_then_the_earlier_date():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 10)
    late = demand(product, 6, tier=1, requested_date=TODAY + timedelta(days=9))
    early = demand(product, 6, tier=1, requested_date=TODAY + timedelta(days=2))
    silver = demand(product, 6, tier=2, requested_date=TODAY)
    outcome = run(product)
    assert [got(i) for i in (early, late, silver)] == [(0, 0, 6), (2, 0, 4), (6, 0, 0)]
    assert (outcome.demands, outcome.allocated, outcome.still_short) == (3, 10, 8)
    why = decisions([silver])[silver]
    assert (why.inputs["position"], why.inputs["of"], why.inputs["ahead_took"]) == (3, 3, "10")
    assert why.inputs["next_ahead_demand"] == late
    assert breaches() == []


def test_a_soft_reservation_is_dealt_again_to_whoever_ranks_higher():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 5)
    (first,) = open_and_reserve([spec(product, 5, rank=RankSnapshot(tier_rank=3))])
    better = demand(product, 4, tier=1)
    run(product)
    assert (got(better), got(first.demand_id)) == ((0, 0, 4), (4, 0, 1))
    moved = OutboxFact.objects.get(kind="inventory.PromiseMoved")
    assert (moved.stream, moved.payload["now"], moved.payload["cause"]) == (
        f"demand:{first.demand_id}", "", "orders that rank higher came first",
    )  # fmt: skip
    assert promises([first.demand_id])[first.demand_id][-1].first_delivery_date == TODAY + timedelta(days=3)
    assert breaches() == []


def test_hard_claims_and_living_quotes_are_left_alone():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 5)
    firm = demand(product, 3, tier=5)
    run(product, "first")
    (quote,) = open_and_reserve([spec(product, 2)], expires_at=NOW + timedelta(days=1))
    vip = demand(product, 5, tier=1)
    run(product, "second")
    assert (got(firm), got(quote.demand_id), got(vip)) == ((0, 0, 3), (0, 2, 0), (5, 0, 0))
    run(product, "third", now=NOW + timedelta(days=1))
    assert (got(firm), got(vip)) == ((0, 0, 3), (3, 0, 2))
    assert got(quote.demand_id) == (2, 0, 0)
    assert breaches() == []


def test_a_blocked_demand_comes_last_and_holds_stock_only_softly():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 5)
    held = demand(product, 4, tier=1, is_blocked=True)
    plain = demand(product, 3, tier=9)
    run(product)
    assert (got(held), got(plain)) == ((2, 2, 0), (0, 0, 3))
    with unit():
        assert refresh_demands({held: DemandChange(is_blocked=False)}, now=NOW) == [held]
        assert refresh_demands({held: DemandChange(is_blocked=False)}, now=NOW) == []
    run(product, "cleared")
    assert got(held) == (2, 0, 2)
    assert breaches() == []


def test_the_same_trigger_key_gives_the_first_outcome_and_changes_nothing():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 5)
    demand(product, 3)
    first = run(product, "once")
    late = demand(product, 2)
    assert run(product, "once") == first
    assert got(late) == (2, 0, 0)
    assert AllocationRun.objects.count() == 1


def test_a_second_run_finds_nothing_to_change_and_writes_no_claim_and_no_promise():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 5)
    demand(product, 8)
    run(product, "one")
    before = list(Claim.objects.values_list("id", "qty")), list(Promise.objects.values_list("id", "qty"))
    outcome = run(product, "two", now=NOW + timedelta(hours=1))
    assert outcome.allocated == 0
    assert before == (list(Claim.objects.values_list("id", "qty")), list(Promise.objects.values_list("id", "qty")))
    assert OutboxFact.objects.filter(kind="inventory.DemandsAllocated").count() == 1


def test_the_earliest_lot_that_lives_long_enough_goes_first():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 5, lot="LATE", expiry=TODAY + timedelta(days=300))
    mid = stock(product, site, 5, lot="MID", expiry=TODAY + timedelta(days=100))
    stock(product, site, 5, lot="SOON", expiry=TODAY + timedelta(days=20))
    wanted = demand(product, 5, min_shelf_life_days=60)
    run(product)
    assert Claim.objects.get(demand_id=wanted).balance_id == mid


def test_the_named_site_goes_first_then_the_sites_by_rank_and_a_line_may_be_split():
    product, first, second, named = StockedProductFactory(), *(SiteFactory(rank=r) for r in (1, 2, 9))
    balances = [stock(product, site, 4) for site in (first, second, named)]
    wanted = demand(product, 10, site_id=named.pk)
    run(product)
    qtys = dict(Claim.objects.filter(demand_id=wanted).values_list("balance_id", "qty"))
    assert [qtys[b] for b in balances] == [4, 2, 4]


def test_inbound_is_promised_by_rank_and_a_later_arrival_moves_the_promise_with_its_cause():
    product, site = StockedProductFactory(), SiteFactory(transit_days=2)
    inbound = InboundFactory(product=product, site=site, ordered_qty=5, eta_date=TODAY + timedelta(days=10))
    silver, gold = demand(product, 4, tier=2), demand(product, 4, tier=1)
    run(product, "one")
    assert [(p.qty, p.kind) for p in promises([gold])[gold]] == [(4, "inbound")]
    assert [(p.qty, p.kind) for p in promises([silver])[silver]] == [(1, "inbound"), (3, "none")]
    inbound.eta_date = TODAY + timedelta(days=20)
    inbound.save()
    run(product, "two")
    (slipped,) = promises([gold])[gold]
    assert slipped.first_delivery_date == TODAY + timedelta(days=12)
    cause = "the delivery it waits for has another date"
    assert (slipped.delivery_date, slipped.slip_cause) == (TODAY + timedelta(days=22), cause)
    assert breaches() == []


def test_the_scheduled_run_is_cheap_when_there_is_nothing_to_deal():
    product = StockedProductFactory()
    demand(product, 3)
    with CaptureQueriesContext(connection) as captured:
        assert run_allocation() == 0
    assert len(captured) <= 7, [q["sql"] for q in captured]
    stock(product, SiteFactory(), 2)
    assert run_allocation() == 1
    assert run_allocation() == 0  # its shard waits for a worker
    drain(NOW)
    assert StockBalance.objects.get().allocated_qty == 2
    assert breaches() == []


def test_the_sweep_ends_what_ran_out_and_nothing_else():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 10)
    (over,) = open_and_reserve([spec(product, 4)], expires_at=NOW + timedelta(hours=1))
    (living,) = open_and_reserve([spec(product, 3)], expires_at=NOW + timedelta(hours=2))
    assert expire_claims(now=NOW + timedelta(hours=1)) == 1
    assert expire_claims(now=NOW + timedelta(hours=1)) == 0
    assert (got(over.demand_id), got(living.demand_id)) == ((4, 0, 0), (0, 3, 0))
    assert (
        OutboxFact.objects.filter(kind="inventory.SupplyIncreased", payload__cause="reservations ran out").count() == 1
    )
    assert breaches() == []


def test_a_run_takes_the_same_number_of_statements_for_1_and_for_200_products():
    site = SiteFactory()
    products = StockedProductFactory.create_batch(200)
    for product in products:
        stock(product, site, 3)
        demand(product, Decimal(2))
        demand(product, Decimal(2))
    counts = []
    for some in (products[:1], products):
        with CaptureQueriesContext(connection) as captured:
            allocate(trigger_key=f"{len(some)}", product_ids=[p.pk for p in some], actor=PLANNER, now=NOW)
        counts.append(len(captured))
    assert counts[0] == counts[1], counts
    assert breaches() == []
