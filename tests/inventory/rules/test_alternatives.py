"""Stages 12 and 13: what a short demand might have instead, each unit offered once, nothing protected offered."""

import os
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from inventory.rules.allocate import Decision, Verdict
from inventory.rules.alternatives import HELD_BACK, StandIn, Way, alternatives, day_of_rest, whole
from inventory.rules.pool_book import PoolBook
from inventory.rules.pools import Protection
from inventory.rules.sourcing import Need, Supply, Terms, is_usable

CASES = int(os.environ.get("OMS_CASES", "300"))
TODAY = date(2026, 3, 2)
OPENED = datetime(2026, 3, 1, tzinfo=UTC)
HELD = sorted(HELD_BACK)[0]


def need(demand_id, qty, **more):
    return Need(demand_id, more.pop("product", 1), Decimal(qty), TODAY, OPENED, **more)


def short(wanted, got=0, position=1, barred=""):
    verdict = Verdict("p", "s", "fill", "fill", "", barred=barred) if barred else None
    return Decision(wanted, position, 9, Decimal(got), Decimal(0), None, (), Decimal(0), verdict=verdict)


def supply(balance, product, site, qty, **more):
    return Supply(balance, product, site, Decimal(qty), **more)


def free_of(left):
    free = defaultdict(Decimal)
    for s in left:
        free[s.product_id, s.site_id] += s.qty
    return dict(free)


def found(decisions, left, stand_ins=None, protections=()):
    book = PoolBook(protections, (), free=free_of(left))
    ways = alternatives(decisions, left, stand_ins or {}, book, today=TODAY)
    return [(a.demand_id, str(a.way), a.product_id, a.site_id, a.qty, a.replaces) for a in ways]


def test_a_substitute_is_offered_in_whole_lots_for_what_is_short():
    stand_ins = {1: [StandIn(2, Decimal("1.5"), lot=Decimal(6))]}
    assert found([short(need(1, 10), got=2)], [supply(1, 2, 7, 100)], stand_ins) == [(1, "substitute", 2, 7, 12, 8)]
    # 10 free are one lot of 6 and a bit: 6 of it serve 4
    assert found([short(need(1, 10), got=2)], [supply(1, 2, 7, 10)], stand_ins) == [(1, "substitute", 2, 7, 6, 4)]


def test_the_better_substitute_comes_first_and_the_next_covers_the_rest():
    stand_ins = {1: [StandIn(2, Decimal(1)), StandIn(3, Decimal(2))]}
    ways = found([short(need(1, 10))], [supply(1, 2, 7, 4), supply(2, 3, 7, 100)], stand_ins)
    assert ways == [(1, "substitute", 2, 7, 4, 4), (1, "substitute", 3, 7, 12, 6)]


def test_each_unit_is_offered_once_to_who_was_served_first():
    stand_ins = {1: [StandIn(2, Decimal(1))]}
    ways = found([short(need(9, 5), position=2), short(need(4, 5), position=1)], [supply(1, 2, 7, 8)], stand_ins)
    assert ways == [(4, "substitute", 2, 7, 5, 5), (9, "substitute", 2, 7, 3, 3)]


def test_stock_at_a_site_the_route_leaves_out_is_told_before_a_substitute():
    ways = found(
        [short(need(1, 5, route=(7,)))], [supply(1, 1, 8, 3), supply(2, 2, 7, 9)], {1: [StandIn(2, Decimal(1))]}
    )
    assert ways == [(1, "site", 1, 8, 3, 3), (1, "substitute", 2, 7, 2, 2)]


def test_what_an_order_that_ships_complete_gave_back_could_go_now():
    assert found([short(need(1, 5), barred=HELD)], [supply(1, 1, 7, 3)]) == [(1, "split", 1, 7, 3, 3)]
    assert found([short(need(1, 5), barred="one order may not take more of this product")], [supply(1, 1, 7, 3)]) == []


def test_a_blocked_demand_and_one_that_is_served_are_offered_nothing():
    stand_ins = {1: [StandIn(2, Decimal(1))]}
    left = [supply(1, 2, 7, 9)]
    assert found([short(need(1, 5, is_blocked=True)), short(need(2, 5), got=5)], left, stand_ins) == []


def test_what_is_protected_for_others_or_does_not_live_long_enough_is_not_offered():
    stand_ins = {1: [StandIn(2, Decimal(1))]}
    floor = Protection(1, "strategic", 2, frozenset({77}), Decimal(8))
    left = [supply(1, 2, 7, 10)]
    assert found([short(need(1, 5, account_id=5))], left, stand_ins, [floor]) == [(1, "substitute", 2, 7, 2, 2)]
    old = [supply(1, 2, 7, 10, expiry_date=TODAY + timedelta(days=3))]
    assert found([short(need(1, 5, min_shelf_life_days=30))], old, stand_ins) == []


def test_the_rest_of_a_split_is_there_with_the_last_supply_it_needs():
    soon, late = TODAY + timedelta(days=3), TODAY + timedelta(days=9)
    promised = [(Decimal(4), None), (Decimal(2), late), (Decimal(4), soon)]
    assert day_of_rest(promised, Decimal(4)) == soon
    assert day_of_rest(promised, Decimal(6)) == late
    assert day_of_rest(promised, Decimal(7)) is None


def test_whole_lots():
    assert (whole(Decimal("7.5"), Decimal(2)), whole(Decimal("7.5"), Decimal(0))) == (6, Decimal("7.5"))


def test_random_shortages_never_offer_more_than_is_left_or_missing():
    dice = random.Random(12)
    for _ in range(CASES):
        products, sites = range(1, 5), range(1, 4)
        left = [
            supply(n, dice.choice(products), dice.choice(sites), dice.randint(1, 20),
                   expiry_date=dice.choice([None, TODAY + timedelta(days=dice.randint(1, 60))]))
            for n in range(dice.randint(0, 8))
        ]  # fmt: skip
        stand_ins = {
            p: [StandIn(s, Decimal(dice.choice(["1", "0.5", "1.5", "3"])), lot=Decimal(dice.choice([0, 1, 4])))
                for s in products if s != p and dice.random() < 0.5]
            for p in products
        }  # fmt: skip
        decisions = []
        for n in range(dice.randint(1, 8)):
            wanted = need(
                n, dice.randint(1, 15), product=dice.choice(products), min_shelf_life_days=dice.choice([0, 20]),
                route=dice.choice([(), (1,), (1, 2)]), is_blocked=dice.random() < 0.1,
                terms=Terms(lot=Decimal(dice.choice([0, 2]))),
            )  # fmt: skip
            decisions.append(short(wanted, dice.randint(0, int(wanted.qty)), n, HELD if dice.random() < 0.2 else ""))
        book = PoolBook((), (), free=free_of(left))
        ways = alternatives(decisions, left, stand_ins, book, today=TODAY)
        by_place, by_demand = defaultdict(Decimal), defaultdict(Decimal)
        asked = {d.need.demand_id: d for d in decisions}
        for way in ways:
            by_place[way.product_id, way.site_id] += way.qty
            by_demand[way.demand_id] += way.replaces
            d = asked[way.demand_id]
            assert not d.need.is_blocked
            assert (way.way == Way.SUBSTITUTE) == (way.product_id != d.need.product_id)
            reached = [s for s in left if (s.product_id, s.site_id) == (way.product_id, way.site_id)]
            routed = (
                d.need
                if way.way != Way.SITE
                else Need(0, 1, d.need.qty, TODAY, OPENED, min_shelf_life_days=d.need.min_shelf_life_days)
            )
            assert any(is_usable(s, routed, TODAY) for s in reached)
        assert all(qty <= free_of(left)[place] for place, qty in by_place.items())
        assert all(qty <= asked[i].need.qty - asked[i].got for i, qty in by_demand.items())
