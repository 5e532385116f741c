"""More supply never lowers a line, but for reasons that are named by cause (OMS_CASES, 300 unless told).

A line that is lowered is judged by running again without a feature: what makes it stop is the cause. Four causes are
meant to be there; limits that several share are the fifth, which no rule can exclude (docs/adr/0011-more-supply.md).
"""

import os
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

import pytest

from inventory.rules.by_policy import Snapshot, allocate_by
from inventory.rules.policy import Policy, Segment
from inventory.rules.pools import OrderCap, Protection, Quota
from inventory.rules.sourcing import Need, Supply
from inventory.states import Strategy
from tests.inventory.rules.allocation_cases import OPENED, TODAY, policy_of, snapshot_of

CASES = int(os.environ.get("OMS_CASES", "300"))
MORE = 5


def of_needs(snapshot, **fields):
    return replace(snapshot, needs=[replace(n, **fields) for n in snapshot.needs])


def without_lots(policy, snapshot):
    needs = [replace(n, terms=replace(n.terms, lot=Decimal(0))) for n in snapshot.needs]
    return replace(policy, uses_lots=False), replace(snapshot, needs=needs)


def without_limits(policy, snapshot):
    return replace(policy, order_cap_percent=None), replace(snapshot, protections=(), quotas=(), caps=())


CAUSES = {
    "ship complete": lambda p, s: (p, of_needs(s, group="")),
    "minimum": lambda p, s: (p, of_needs(s, min_qty=Decimal(0))),
    "lot rounding": without_lots,
    "fair-share remainder": lambda p, s: (replace(p, segments=tuple(replace(x, is_fair=False) for x in p.segments)), s),
    "shared limit": without_limits,
}


def without(policy, snapshot, *causes):
    for cause in causes:
        policy, snapshot = CAUSES[cause](policy, snapshot)
    return policy, snapshot


def totals(policy, snapshot):
    plan = allocate_by(policy, snapshot, today=TODAY)
    found = Counter({d.need.demand_id: d.got for d in plan.decisions})
    for peg in plan.pegs:
        found[peg.demand_id] += peg.qty
    return found


def grown(snapshot, balance_id):
    supplies = [s._replace(qty=s.qty + MORE) if s.balance_id == balance_id else s for s in snapshot.supplies]
    return replace(snapshot, supplies=supplies)


def lowered(policy, snapshot, balance_id):
    before, after = totals(policy, snapshot), totals(policy, grown(snapshot, balance_id))
    return [i for i, qty in before.items() if after[i] < qty]


def cause_of(policy, snapshot, balance_id, demand_id):
    """The fewest features without which the line is not lowered; () where even without all of them it is."""
    for size in range(1, len(CAUSES) + 1):
        for some in combinations(CAUSES, size):
            if demand_id not in lowered(*without(policy, snapshot, *some), balance_id):
                return some
    return ()


def every_case():
    for seed in range(CASES):
        rng = random.Random(seed)
        policy = policy_of(rng)
        yield seed, policy, snapshot_of(rng, policy)


def additions(cases):
    """(how many additions were looked at, those that lowered a line)."""
    looked_at, found = 0, []
    for seed, policy, snapshot in cases:
        for more in snapshot.supplies:
            looked_at += 1
            found += [(seed, more.balance_id, i) for i in lowered(policy, snapshot, more.balance_id)]
    assert looked_at >= CASES / 4
    return looked_at, found


def test_a_line_that_is_lowered_is_so_by_a_cause_that_is_named():
    causes, looked_at = Counter(), 0
    for seed, policy, snapshot in every_case():
        if snapshot.supplies:
            looked_at += 1
            more = random.Random(-seed - 1).choice(snapshot.supplies).balance_id
            causes.update(cause_of(policy, snapshot, more, i) for i in lowered(policy, snapshot, more))
    print(f"lines lowered in {looked_at} additions, by cause:", dict(causes.most_common()))
    assert looked_at > CASES / 2
    assert causes[()] == 0
    assert causes.total() <= looked_at / 20


def test_without_the_four_permitted_causes_only_limits_that_several_share_lower_a_line():
    """All additions of every case, so the rest of the causes cannot hide it: a floor, quota or cap is in force there."""
    cases = [(seed, *without(p, s, *list(CAUSES)[:4])) for seed, p, s in every_case()]
    looked_at, found = additions(cases)
    print(f"{len(found)} lines lowered by shared limits in {looked_at} additions")
    of_seed = {seed: (policy, snapshot) for seed, policy, snapshot in cases}
    for seed, balance_id, demand_id in found:
        assert demand_id not in lowered(*without_limits(*of_seed[seed]), balance_id)
    assert len(found) <= looked_at / 100


def test_where_nothing_is_whole_shared_or_limited_no_line_is_lowered():
    assert additions((seed, *without(p, s, *CAUSES)) for seed, p, s in every_case())[1] == []


def test_no_line_is_lowered_by_a_percent_of_each_site_that_one_order_may_take():
    """Where lots of a site serve everybody: also of orders with several lines."""
    cases = []
    for seed, p, s in every_case():
        policy, snapshot = without(p, s, *CAUSES)
        supplies = [x._replace(expiry_date=None) for x in snapshot.supplies]
        percent = Decimal(random.Random(seed).choice([20, 30, 50, 70]))
        policy = replace(policy, order_cap_percent=percent, borrow_after_days=None)
        cases.append((seed, policy, replace(snapshot, supplies=supplies, coming=())))
    assert additions(cases)[1] == []


def of_one_line_each(snapshot):
    """No floor and no quota is for two lines."""
    used, needs = set(), []
    for need in snapshot.needs:
        mine = {(p.name, need.product_id) for p in (*snapshot.protections, *snapshot.quotas)
                if need.account_id in p.account_ids}  # fmt: skip
        needs.append(replace(need, account_id=None if mine & used else need.account_id))
        used |= mine
    return replace(snapshot, needs=needs)


@pytest.mark.parametrize("limit", ["quotas", "protections"])
def test_no_line_is_lowered_by_a_quota_or_a_floor_of_its_own(limit):
    """A floor over all sites: what its member takes always counts in it. Without wins and borrowing: one
    that a floor holds back takes from improving demands or from later ones once it does not."""
    cases = []
    for seed, p, s in every_case():
        policy, snapshot = without(p, s, *CAUSES)
        policy = replace(policy, borrow_after_days=None)
        mild = {Strategy.WIN: Strategy.GAIN}
        policy = replace(
            policy, segments=tuple(replace(x, strategy=mild.get(x.strategy, x.strategy)) for x in policy.segments)
        )
        if some := [replace(x, site_ids=None) if limit == "protections" else x for x in getattr(s, limit)]:
            cases.append((seed, policy, of_one_line_each(replace(snapshot, **{limit: some}))))
    assert additions(cases)[1] == []


# --- the least examples of limits that no rule can keep without lowering a line ------------------------------------------
DEAL = Policy("deal", segments=(Segment("all", Strategy.REDISTRIBUTE),))


def need(demand_id, qty, *, due=30, **fields):
    """Wanted in 30 days a line cannot use a lot that expires in 10."""
    return Need(demand_id, 1, Decimal(qty), TODAY + timedelta(days=due), OPENED, **fields)


def supply(balance_id, qty, site_id, days=None):
    expiry = None if days is None else TODAY + timedelta(days=days)
    return Supply(balance_id, 1, site_id, Decimal(qty), site_rank=site_id, site_code=f"S{site_id}", expiry_date=expiry)


def dealt(needs, *supplies, policy=DEAL, **limits):
    return dict(totals(policy, Snapshot(needs, supplies, **limits)))


def of_sites():
    """Line 1 is served from site 1 alone and ranks first, line 2 from site 2 alone."""
    return [need(1, 10, account_id=1, order_key="A", route=(1,), priority=1),
            need(2, 10, account_id=1, order_key="A", route=(2,))]  # fmt: skip


@pytest.mark.parametrize(
    "limit",
    [
        {"quotas": [Quota(1, "ten", 1, frozenset({1}), Decimal(10))]},
        {"caps": [OrderCap(1, 1, frozenset({1}), Decimal(10))]},
    ],
)
def test_lines_that_share_a_ceiling_and_use_different_stock_cannot_both_keep_what_each_had_alone(limit):
    """Alone each site's stock is dealt whole, or it would idle; together there are ten for both, so one gives way."""
    assert dealt(of_sites(), supply(1, 10, 1), supply(2, 0, 2), **limit) == {1: 10, 2: 0}
    assert dealt(of_sites(), supply(1, 0, 1), supply(2, 10, 2), **limit) == {1: 0, 2: 10}
    assert dealt(of_sites(), supply(1, 10, 1), supply(2, 10, 2), **limit) == {1: 10, 2: 0}


def test_a_floor_keeps_its_amount_once_whoever_of_its_members_takes_it():
    """Line 3 ranks first and is no member: beyond the floor's ten it takes what line 2 had."""
    floor = {"protections": [Protection(1, "ten", 1, frozenset({1}), Decimal(10))]}
    needs = [*of_sites(), need(3, 10, account_id=2, route=(2,), priority=9)]
    assert dealt(needs, supply(1, 0, 1), supply(2, 10, 2), **floor) == {1: 0, 2: 10, 3: 0}
    assert dealt(needs, supply(1, 10, 1), supply(2, 10, 2), **floor) == {1: 10, 2: 0, 3: 10}


def test_a_percent_grows_with_lots_that_not_all_under_it_can_use():
    """The fresh lot goes to lines 1 and 2, who can use no other; line 3 may take half of more, and line 4 finds less."""
    needs = [need(n, 9, order_key=str(n), priority=9 - n) for n in (1, 2)]
    needs += [need(n, 9, order_key=str(n), priority=9 - n, due=5) for n in (3, 4)]
    half = replace(DEAL, order_cap_percent=Decimal(50))
    before = dealt(needs, supply(1, 10, 1, 10), supply(2, 2, 1, 90), policy=half)
    assert before == {1: 1, 2: 1, 3: 6, 4: 4}
    assert dealt(needs, supply(1, 10, 1, 10), supply(2, 4, 1, 90), policy=half) == {1: 2, 2: 2, 3: 7, 4: 3}


def test_a_floor_is_kept_in_stock_that_its_waiting_member_can_use():
    """Ten more that expire too soon for the member do not set free the ten it waits for."""
    floor = {"protections": [Protection(1, "ten", 1, frozenset({1}), Decimal(10))]}
    needs = [need(1, 10, account_id=2, priority=9, due=5), need(2, 10, account_id=1)]
    assert dealt(needs, supply(1, 10, 1), **floor) == {1: 0, 2: 10}
    assert dealt(needs, supply(1, 10, 1), supply(2, 10, 1, 10), **floor) == {1: 10, 2: 10}
    long_lived = [replace(needs[0], requested_date=needs[1].requested_date), needs[1]]
    assert dealt(long_lived, supply(1, 10, 1), supply(2, 10, 1, 10), **floor) == {1: 0, 2: 10}


def test_what_comes_to_one_site_lets_no_order_drain_another():
    half = replace(DEAL, order_cap_percent=Decimal(50))
    needs = [need(1, 100, order_key="big", priority=9, site_id=1), need(2, 20, order_key="small", route=(1,))]
    assert dealt(needs, supply(1, 40, 1), supply(2, 0, 2), policy=half) == {1: 20, 2: 20}
    assert dealt(needs, supply(1, 40, 1), supply(2, 100, 2), policy=half) == {1: 70, 2: 20}
