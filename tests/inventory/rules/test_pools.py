"""Pools as plain values: trees, over-commitment in whole lots, what members hold, places inside places."""

import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product as pairs
from random import Random

import pytest

from inventory.rules.asks import AtpPoint, Availability, SiteAvailability
from inventory.rules.offer import offered
from inventory.rules.pool_book import PoolBook
from inventory.rules.pools import (
    OrderCap,
    PoolShare,
    SafetyShare,
    SiteStock,
    fit,
    is_inside,
    resolve,
    scaled,
    share_out,
)
from inventory.states import AmountKind, PoolKind, PoolState

P = 1
NORTH, SOUTH, STRANGER = 10, 20, 30
A, B = 11, 12
RENO, CMH, WEST = 1, 2, frozenset({1, 3})


def protection(pool_id, amount, members=(), **fields):
    return PoolShare(
        pool_id, f"pool {pool_id}", PoolKind.PROTECTION, Decimal(amount), members=frozenset(members), **fields
    )


def quota(pool_id, amount, members=(), **fields):
    return PoolShare(pool_id, f"pool {pool_id}", PoolKind.QUOTA, Decimal(amount), members=frozenset(members), **fields)


def stock(**sites):
    """Free stock by site: s1=12."""
    return {int(site[1:]): SiteStock(Decimal(qty), Decimal(qty)) for site, qty in sites.items()}


def numbers(resolved):
    """{pool: (what it comes to, what is still protected or left)}."""
    return {s.share.pool_id: (s.amount, s.qty) for s in resolved.standings}


def book(resolved, there, caps=()):
    free = {(P, site): s.free for site, s in there.items()}
    return PoolBook(resolved.protections, resolved.quotas, caps, free=free)


def test_five_hundred_for_shares_of_a_thousand_are_dealt_pro_rata():
    shares = [quota(1, 1000, is_collector=True)]
    shares += [
        quota(n, amount, [n], parent_id=1) for n, amount in enumerate([100, 50, 50, 200, 300, 100, 200], start=2)
    ]
    found = numbers(resolve(P, shares, (), stock(s1=500)))
    assert [int(found[n][0]) for n in range(2, 9)] == [50, 25, 25, 100, 150, 50, 100]


def test_protections_of_more_than_there_is_are_scaled_in_whole_lots():
    shares = [protection(1, 8, [NORTH]), protection(2, 8, [SOUTH]), protection(3, 4, [STRANGER])]
    found = numbers(resolve(P, shares, (), stock(s1=13)))
    assert [found[n][1] for n in (1, 2, 3)] == [5, 5, 3]
    by_fives = numbers(resolve(P, shares, (), stock(s1=13), lot=Decimal(5)))
    assert sorted(found[1] for found in by_fives.values()) == [0, 5, 5]


def test_twelve_on_hand_and_eight_protected_leave_four_to_a_stranger_and_twelve_to_a_member():
    there = stock(s1=12)
    ruled = book(resolve(P, [protection(1, 8, [NORTH])], (), there), there)
    assert ruled.room(STRANGER, P, RENO) == 4
    assert ruled.room(None, P, RENO) == 4
    assert ruled.room(NORTH, P, RENO) == 12


def test_what_members_hold_lowers_what_is_still_to_protect():
    there = {RENO: SiteStock(Decimal(12), Decimal(7))}
    found = resolve(P, [protection(1, 8, [NORTH], held=Decimal(5))], (), there)
    assert numbers(found) == {1: (8, 3)}
    assert book(found, there).room(STRANGER, P, RENO) == 4


def test_what_was_shipped_in_the_period_stays_part_of_the_supply():
    there = {RENO: SiteStock(Decimal(70), Decimal(70))}
    share = quota(1, 50, [NORTH], amount_kind=AmountKind.PERCENT, held=Decimal(30), shipped=Decimal(30))
    assert numbers(resolve(P, [share], (), there)) == {1: (50, 20)}


def test_a_tree_protects_its_whole_amount_and_each_part_for_its_own():
    shares = [
        protection(1, 80, [NORTH]),
        protection(2, 30, [A], parent_id=1),
        protection(3, 20, [B], parent_id=1),
    ]
    there = stock(s1=100)
    ruled = book(resolve(P, shares, (), there), there)
    assert ruled.room(STRANGER, P, RENO) == 20
    assert ruled.room(A, P, RENO) == 80
    assert ruled.room(NORTH, P, RENO) == 50
    ruled.take(A, P, RENO, Decimal(40))  # its own 30, and 10 of what is everybody's in the group
    assert ruled.room(STRANGER, P, RENO) == 20
    assert ruled.room(B, P, RENO) == 60
    assert ruled.room(NORTH, P, RENO) == 40


def test_taking_one_by_one_and_counting_what_is_held_come_to_the_same():
    shares = [protection(1, 80, [NORTH]), protection(2, 30, [A], parent_id=1), protection(3, 20, [B], parent_id=1)]
    there = stock(s1=100)
    for of_a, of_b in pairs((0, 10, 30, 45), (0, 20, 35)):
        taken = book(resolve(P, shares, (), there), there)
        taken.take(A, P, RENO, Decimal(of_a))
        taken.take(B, P, RENO, Decimal(of_b))
        counted = [
            protection(1, 80, [NORTH], held=Decimal(of_a + of_b)),
            protection(2, 30, [A], parent_id=1, held=Decimal(of_a)),
            protection(3, 20, [B], parent_id=1, held=Decimal(of_b)),
        ]
        left = {RENO: SiteStock(Decimal(100), Decimal(100 - of_a - of_b))}
        again = book(resolve(P, counted, (), left), left)
        for whom in (NORTH, A, B, STRANGER):
            assert taken.room(whom, P, RENO) == again.room(whom, P, RENO), (of_a, of_b, whom)


def test_percents_and_ratios_share_what_the_pool_above_comes_to():
    shares = [
        quota(1, 60, is_collector=True, amount_kind=AmountKind.PERCENT),
        quota(2, 50, [A], parent_id=1, amount_kind=AmountKind.PERCENT),
        quota(3, 2, [B], parent_id=1, amount_kind=AmountKind.RATIO),
        quota(4, 1, [SOUTH], parent_id=1, amount_kind=AmountKind.RATIO),
        quota(5, 1, [NORTH], parent_id=3, amount_kind=AmountKind.RATIO),
    ]
    found = numbers(resolve(P, shares, (), stock(s1=60, s2=40)))
    assert [int(found[n][0]) for n in range(1, 6)] == [60, 30, 20, 10, 20]


def test_a_neutral_quota_counts_and_does_not_limit():
    there = stock(s1=12)
    found = resolve(P, [quota(1, 5, [NORTH], state=PoolState.NEUTRAL, held=Decimal(2))], (), there)
    assert numbers(found) == {1: (5, 3)}
    assert book(found, there).room(NORTH, P, RENO) == 12


def test_a_need_fits_every_quota_it_is_under_and_a_part_never_takes_more_than_the_whole():
    shares = [quota(1, 10, [A, B]), quota(2, 8, [A], parent_id=1), quota(3, 8, [B], parent_id=1)]
    there = stock(s1=100)
    ruled = book(resolve(P, shares, (), there), there)
    assert ruled.room(A, P, RENO) == 5  # 8 + 8 of 10
    ruled = book(resolve(P, [quota(1, 10, [A, B]), quota(2, 8, [A], parent_id=1)], (), there), there)
    ruled.take(B, P, RENO, Decimal(7))
    assert ruled.room(A, P, RENO) == 3


def test_what_stands_below_an_inactive_pool_or_collects_nobody_counts_for_nothing():
    there = stock(s1=12)
    inactive = [protection(1, 8, [NORTH], state=PoolState.INACTIVE), protection(2, 8, [A], parent_id=1)]
    empty = [protection(3, 8, is_collector=True), protection(4, 8, is_collector=True, parent_id=3)]
    assert resolve(P, [*inactive, *empty], (), there).protections == ()


def test_a_protection_at_one_site_leaves_the_other_sites_alone():
    there = stock(s1=7, s2=5)
    ruled = book(resolve(P, [protection(1, 6, [NORTH], site_ids=frozenset({RENO}))], (), there), there)
    assert [ruled.room(STRANGER, P, site) for site in (RENO, CMH)] == [1, 5]
    everywhere = book(resolve(P, [protection(1, 6, [NORTH])], (), there), there)
    assert [everywhere.room(STRANGER, P, site) for site in (RENO, CMH)] == [6, 5]
    everywhere.take(STRANGER, P, RENO, Decimal(6))
    assert everywhere.room(STRANGER, P, CMH) == 0


def test_safety_stock_stays_whoever_takes_and_only_the_best_tiers_may_have_it():
    there = stock(s1=10)
    kept = [SafetyShare(1, RENO, Decimal(5), frozenset({A}))]
    ruled = book(resolve(P, [protection(1, 8, [NORTH])], kept, there), there)
    assert [ruled.room(x, P, RENO) for x in (STRANGER, NORTH, A)] == [0, 5, 5]
    ruled.take(A, P, RENO, Decimal(3))
    assert ruled.room(NORTH, P, RENO) == 2  # 7 are there, 5 stay


def test_the_least_cap_an_account_is_under_counts():
    ruled = PoolBook(
        (), (), [OrderCap(1, P, frozenset({A}), Decimal(3)), OrderCap(2, P, frozenset({B}), Decimal(9))], free={}
    )
    assert [ruled.cap(x, P) for x in (A, B)] == [3, 9]
    assert ruled.cap(STRANGER, P) > 1_000_000


@pytest.mark.parametrize(("total", "weights", "lot", "expected"), [
    (10, [1, 1, 1], 1, [4, 3, 3]),
    (10, [1, 1, 1], 3, [3, 3, 3]),
    (2, [5, 1], 3, [0, 0]),
    (7, [0, 0], 1, [0, 0]),
    (1, [1, 1, 2], 1, [0, 0, 1]),
])  # fmt: skip
def test_whole_lots_by_the_largest_remainder(total, weights, lot, expected):
    assert share_out(Decimal(total), [Decimal(w) for w in weights], lot=Decimal(lot)) == expected


def test_random_pools_never_promise_more_than_there_is():
    """Scaled shares fit every place; whatever members and strangers take, every floor can still be served."""
    chance = Random(4)
    for _ in range(int(os.environ.get("OMS_CASES", "300"))):
        lot = Decimal(chance.choice([1, 1, 5]))
        there = {
            site: SiteStock(Decimal(q := chance.randint(0, 30)), Decimal(chance.randint(0, q))) for site in (1, 2, 3)
        }
        places = [None, frozenset({1}), frozenset({2}), WEST]
        shares = [
            protection(n, chance.randint(0, 30), [chance.choice([NORTH, SOUTH, A])], site_ids=chance.choice(places),
                       parent_id=chance.choice([None, n - 1]) if n > 1 else None, held=Decimal(chance.choice([0, 0, 4])))
            for n in range(1, 5)
        ]  # fmt: skip
        found = resolve(P, shares, [SafetyShare(1, 1, Decimal(chance.randint(0, 9)))], there, lot=lot)
        assert all(p.qty >= 0 and p.qty <= max(p.full_qty, p.qty) for p in found.protections)
        ruled = book(found, there)
        _fits(found.protections, [p.qty for p in found.protections], there)
        for _ in range(4):
            whom, site = chance.choice([STRANGER, NORTH, SOUTH, A]), chance.choice([1, 2, 3])
            qty = ruled.room(whom, P, site)
            ruled.take(whom, P, site, qty)
            there = {**there, site: there[site]._replace(free=there[site].free - qty)}
            kept = {p.pool_id: q for p, q in ruled.kept_for_others(None, P)}
            floors = [p for p in found.protections if not p.is_safety]
            _fits(floors, [kept.get(p.pool_id, Decimal(0)) for p in floors], there)


def _fits(protections, qtys, there):
    for place in {p.site_ids for p in protections}:
        inside = sum((q for p, q in zip(protections, qtys, strict=True) if is_inside(p.site_ids, place)), Decimal(0))
        free = sum((s.free for site, s in there.items() if place is None or site in place), Decimal(0))
        assert inside <= free


def test_nobody_gets_more_than_was_asked_when_scaled():
    chance = Random(5)
    for _ in range(int(os.environ.get("OMS_CASES", "300"))):
        asked = [Decimal(chance.randint(0, 20)) for _ in range(chance.randint(1, 6))]
        total, lot = Decimal(chance.randint(0, 60)), Decimal(chance.choice([1, 3]))
        dealt = scaled(total, asked, lot=lot)
        assert all(d <= a for d, a in zip(dealt, asked, strict=True))
        assert sum(dealt) <= max(total, sum(dealt) if sum(asked) <= total else Decimal(0))
        if sum(asked) > total:
            assert all(d % lot == 0 or d in asked for d in dealt)
    assert fit({}, lambda _: Decimal(0), Decimal(1)) == {}


def test_pools_without_places_are_offered_as_those_with_places_are():
    """The short way of the common case and the long way of every other give the same figures."""
    chance, today = Random(6), date(2026, 11, 23)
    for _ in range(int(os.environ.get("OMS_CASES", "300"))):
        there = {n: SiteStock(Decimal(q := chance.randint(0, 30)), Decimal(chance.randint(0, q))) for n in (1, 2, 3)}
        shares = [protection(n, chance.randint(0, 30), [chance.choice([NORTH, SOUTH, A])]) for n in range(1, 4)]
        shares += [quota(9, chance.randint(0, 30), [chance.choice([NORTH, STRANGER])])]
        sites = tuple(
            SiteAvailability(n, f"S{n}", available=Decimal(chance.randint(0, int(s.free)))) for n, s in there.items()
        )
        usable = sum((s.available for s in sites), Decimal(0))
        found = Availability(P, sites, available=usable, atp=(AtpPoint(today, usable),))
        rules = resolve(P, shares, (), there)
        beside = resolve(P, [*shares, protection(7, 5, site_ids=frozenset({99}))], (), there)  # a place without stock
        for whom in (NORTH, STRANGER):
            short, long = (offered(found, r, (), there, account_id=whom, today=today) for r in (rules, beside))
            assert short == replace(long, kept_for=short.kept_for)
