"""An order that changed is sourced again with what it holds: units move to where it is better, and none is lost."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import writers
from core.testing import drain, unit
from inventory.models import Claim, Demand, Pool, SourcingRule
from inventory.queries import promises
from inventory.rules.asks import DemandAmendment
from inventory.rules.weigh_again import Holding, Move, Planned, is_no_later, moves_of, staying
from inventory.services import weigh_again as module
from inventory.services.allocate import allocate
from inventory.services.reserve import reserve
from inventory.services.source_again import source_again
from inventory.sourcing_queries import why_these_sites
from tests.factories.accounts import AccountFactory
from tests.factories.catalog import ProductFactory
from tests.factories.inventory import NOW, PLANNER, TODAY, SiteFactory, breaches, open_and_reserve, spec, stock
from tests.inventory.test_sourcing import held_at, lane, order, rule, ship_to

RENO, CMH, ATL = 1, 2, 3
LATER = TODAY + timedelta(days=5)


def holding(key, site, qty, balance=None):
    return Holding(key, balance or site * 10, site, Decimal(qty))


def planned(*stock, days=None, wanted=TODAY):
    rows = [(balance, site, Decimal(qty)) for balance, site, qty in stock]
    return Planned(rows, days or dict.fromkeys((RENO, CMH, ATL), wanted), wanted)


# --- the rule ---------------------------------------------------------------------------------------------------------


def test_units_move_from_where_more_is_held_than_planned_to_where_less_is():
    held = [holding(0, RENO, 6), holding(1, CMH, 4)]
    plan = planned((20, CMH, 7), (30, ATL, 3))
    moves = moves_of(held, plan)
    assert moves == [Move(0, 20, CMH, Decimal(3)), Move(0, 30, ATL, Decimal(3))]
    assert staying(held, moves, plan) == {}


def test_within_a_site_nothing_moves_and_what_the_plan_has_no_use_for_stays():
    held = [holding(0, RENO, 6, balance=11), holding(1, CMH, 4)]
    plan = planned((10, RENO, 6))
    assert moves_of(held, plan) == []
    assert staying(held, [], plan) == {CMH: 4}


def test_a_unit_moves_to_where_it_comes_on_its_day_or_no_later_than_from_where_it_is():
    days = {RENO: TODAY, CMH: LATER, ATL: LATER + timedelta(days=1)}
    on_time = planned((20, CMH, 5), days=days, wanted=LATER)
    late = planned((20, CMH, 5), days=days, wanted=TODAY)
    assert moves_of([holding(0, RENO, 5)], on_time) == [Move(0, 20, CMH, Decimal(5))]
    assert moves_of([holding(0, RENO, 5)], late) == []
    assert staying([holding(0, RENO, 5)], [], late) == {RENO: 5}
    assert moves_of([holding(0, ATL, 5)], late) == [Move(0, 20, CMH, Decimal(5))]  # late either way, but sooner
    assert not is_no_later(RENO, 99, on_time)  # a site whose day nobody knows


def test_whatever_is_held_and_planned_every_unit_is_held_once_and_no_planned_unit_twice():
    chance = random.Random(20261127)
    moved = 0
    for _ in range(2000):
        held = [
            holding(n, chance.randint(1, 4), chance.randint(1, 9), balance=100 * n) for n in range(chance.randint(0, 4))
        ]
        stock_ = {n: (n, chance.randint(1, 4), Decimal(chance.randint(1, 9))) for n in range(chance.randint(0, 4))}
        days = {s: TODAY + timedelta(days=chance.randint(0, 3)) for s in range(1, 5) if chance.random() < 0.9}
        plan = Planned(list(stock_.values()), days, TODAY + timedelta(days=chance.randint(0, 3)))
        moves = moves_of(held, plan)
        for h in held:
            assert sum(m.qty for m in moves if m.key == h.key) <= h.qty
        for balance, site, qty in stock_.values():
            here = [m for m in moves if m.balance_id == balance]
            assert sum(m.qty for m in here) <= qty
            assert all(m.site_id == site and m.qty > 0 and held[m.key].site_id != site for m in here)
            assert all(is_no_later(held[m.key].site_id, site, plan) for m in here)
        moved += len(moves)
    assert moved > 500


# --- source again -----------------------------------------------------------------------------------------------------


@pytest.fixture
def two_sites(db):
    product = ProductFactory()
    reno, cmh = SiteFactory(code="RENO", rank=1), SiteFactory(code="CMH", rank=2)
    stock(product, reno, 10)
    stock(product, cmh, 10)
    lane(reno, cost_per_shipment=5)
    lane(cmh, cost_per_shipment=40)
    rule()
    return product, reno, cmh


def firm(product):
    allocate(trigger_key=f"run {Claim.objects.count()}", product_ids=[product.pk], actor=PLANNER, now=NOW)


def again(*demand_ids, now=NOW):
    return source_again(demand_ids=demand_ids, actor=PLANNER, now=now)


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_what_is_held_moves_to_the_site_the_rule_names_now_and_stays_as_firm_as_it_was(two_sites, kind):
    product, _, cmh = two_sites
    (got,) = open_and_reserve([spec(product, 8)])
    if kind == "hard":
        firm(product)
    assert held_at() == {1: {"RENO": 8}}
    SourcingRule.objects.update(sites=["CMH"])
    assert again(got.demand_id) == 1
    assert held_at() == {1: {"CMH": 8}}
    (claim,) = Claim.objects.filter(state="open")
    assert (claim.kind, claim.qty) == (kind, 8)
    assert [(p.qty, p.site_id) for p in promises([got.demand_id])[got.demand_id]] == [(8, cmh.pk)]
    assert why_these_sites([got.demand_id])[got.demand_id].startswith("8 from CMH by sourcing rule everything")
    assert breaches() == []


def test_what_finds_no_better_place_stays_and_says_so(two_sites):
    product, _, cmh = two_sites
    (got,) = open_and_reserve([spec(product, 8)])
    firm(product)
    open_and_reserve([spec(product, 7, site_id=cmh.pk)])
    SourcingRule.objects.update(sites=["CMH"])
    again(got.demand_id)
    demand = Demand.objects.get(pk=got.demand_id)
    assert {c.balance.site.code: c.qty for c in demand.claims.filter(state="open")} == {"CMH": 3, "RENO": 5}
    assert (demand.allocated_qty, demand.backordered_qty) == (8, 0)
    assert "5 at RENO stay promised there." in why_these_sites([got.demand_id])[got.demand_id]
    assert breaches() == []


def test_what_is_held_at_the_site_it_was_asked_from_stays_there(two_sites):
    product, _, cmh = two_sites
    (got,) = open_and_reserve([spec(product, 7, site_id=cmh.pk)])
    firm(product)
    SourcingRule.objects.update(sites=["RENO"])
    again(got.demand_id)
    assert held_at() == {1: {"CMH": 7}}
    assert breaches() == []


def test_what_is_released_is_left_to_the_warehouse(two_sites):
    product, *_ = two_sites
    (got,) = open_and_reserve([spec(product, 8)])
    firm(product)
    claim = Claim.objects.get(state="open")
    Claim.objects.filter(pk=claim.pk).update(kind="released")
    with writers.by_hand("stock"):
        type(claim.balance).objects.filter(pk=claim.balance_id).update(allocated_qty=0, released_qty=8)
    Demand.objects.filter(pk=got.demand_id).update(allocated_qty=0, released_qty=8)
    SourcingRule.objects.update(sites=["CMH"])
    assert again(got.demand_id) == 0
    assert held_at() == {1: {"RENO": 8}}
    assert breaches() == []


def test_a_promise_is_never_made_later_by_it(two_sites):
    """CMH is all the rule names now, but arrives five days after the confirmed day."""
    product, reno, cmh = two_sites
    (got,) = open_and_reserve([spec(product, 8, requested_date=TODAY + timedelta(days=2))])
    firm(product)
    was = promises([got.demand_id])[got.demand_id]
    cmh_lane = type(lane(cmh, "nowhere"))
    cmh_lane.objects.filter(site=cmh).update(transit_days=9)
    SourcingRule.objects.update(sites=["CMH", "RENO"], max_distance_km=100, distance="hard")
    cmh_lane.objects.filter(site=reno).update(distance_km=500)
    again(got.demand_id)
    assert held_at() == {1: {"RENO": 8}}
    assert promises([got.demand_id])[got.demand_id] == was
    why = why_these_sites([got.demand_id])[got.demand_id]
    assert "8 at RENO stay promised there." in why and "RENO is 500 km away, more than 100." in why
    assert breaches() == []


def test_what_a_pool_keeps_for_others_at_the_better_site_is_not_taken(two_sites):
    product, _, cmh = two_sites
    strategic, other = AccountFactory(), AccountFactory()
    (got,) = open_and_reserve([spec(product, 8, account_id=other.pk)])
    firm(product)
    with writers.by_hand("pools"):
        Pool.objects.create(
            code="KEPT", name="Kept", kind="protection", who="account", account=strategic, product=product, site=cmh,
            amount=Decimal(6), valid_from=TODAY - timedelta(days=1),
        )  # fmt: skip
    SourcingRule.objects.update(sites=["CMH"])
    again(got.demand_id)
    assert held_at() == {1: {"RENO": 4, "CMH": 4}}
    assert breaches() == []


def test_lines_are_weighed_together_so_that_the_order_leaves_in_one_shipment(two_sites):
    product, _, cmh = two_sites
    other = ProductFactory()
    first, second = open_and_reserve(order([(product, 4, {}), (other, 4, {})]))
    assert (held_at(), second.backordered) == ({1: {"RENO": 4}}, 4)
    stock(other, cmh, 4)
    again(first.demand_id, second.demand_id)
    drain(NOW)
    assert held_at() == {1: {"CMH": 4}, 2: {"CMH": 4}}
    assert breaches() == []


def test_two_lines_of_one_order_change_places_and_nothing_is_lost(two_sites):
    product, *_ = two_sites
    west, east = ship_to("West"), ship_to("East")
    specs = order([(product, 10, {"ship_to_id": west.pk}), (product, 10, {"ship_to_id": east.pk})])
    rule("West", region="West", sites=["RENO"])
    rule("East", region="East", sites=["CMH"])
    first, second = open_and_reserve(specs)
    assert held_at() == {1: {"RENO": 10}, 2: {"CMH": 10}}
    SourcingRule.objects.filter(name="West").update(sites=["CMH"])
    SourcingRule.objects.filter(name="East").update(sites=["RENO"])
    again(first.demand_id, second.demand_id)
    assert held_at() == {1: {"CMH": 10}, 2: {"RENO": 10}}
    assert breaches() == []


def test_a_balance_that_was_taken_in_between_leaves_everything_where_it_was(two_sites, monkeypatch):
    """The plan is made from what was read; another claim is faster."""
    product, _, cmh = two_sites
    (got,) = open_and_reserve([spec(product, 8)])
    firm(product)
    SourcingRule.objects.update(sites=["CMH"])
    real = module.surroundings

    def stale(*args, **more):
        around = real(*args, **more)
        with writers.by_hand("stock"):
            type(Claim.objects.get(state="open").balance).objects.filter(site=cmh).update(on_hand_qty=1)
        return around

    monkeypatch.setattr(module, "surroundings", stale)
    again(got.demand_id)
    assert held_at() == {1: {"RENO": 8}}
    demand = Demand.objects.get(pk=got.demand_id)
    assert (demand.allocated_qty, demand.backordered_qty) == (8, 0)


def test_no_statement_more_for_many_demands_than_for_two(two_sites):
    product, *_ = two_sites
    counts = []
    for lines in (2, 20):
        ids = [g.demand_id for g in open_and_reserve([spec(product, Decimal("0.2")) for _ in range(lines)])]
        with unit(), CaptureQueriesContext(connection) as queries:
            reserve((), now=NOW, amending={i: DemandAmendment(is_weighed_again=True) for i in ids})
        counts.append(len(queries))
    assert counts[0] == counts[1]
