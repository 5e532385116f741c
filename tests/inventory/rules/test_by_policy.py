"""What must hold of every run by a policy, over random cases (OMS_CASES, 300 unless told), judged by slow plain code."""

import os
import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

import pytest

from inventory.rules.by_policy import BARRED, allocate_by, moved_since
from inventory.rules.policy import Filters, Segment
from inventory.rules.shelf import Shelf
from inventory.rules.sourcing import is_usable
from inventory.rules.strategies import deal, seats_of
from inventory.states import Strategy
from tests.inventory.rules.allocation_cases import TODAY, after, policy_of, snapshot_of
from tests.inventory.rules.floors_by_force import kept_parts, parts_of, placed

CASES = int(os.environ.get("OMS_CASES", "300"))
KEEPING = {Strategy.GAIN, Strategy.SKIP}  # improve gives way to a win
LOCKABLE = {Strategy.IMPROVE, Strategy.REDISTRIBUTE, Strategy.FILL}


class Case:
    """One random run with its plan, read in ways that are plain to check."""

    def __init__(self, seed):
        rng = random.Random(seed)
        self.policy = policy_of(rng)
        self.snapshot = snapshot_of(rng, self.policy)
        self.read()

    def read(self):
        self.plan = allocate_by(self.policy, self.snapshot, today=TODAY)
        self.needs = {n.demand_id: n for n in self.snapshot.needs}
        self.supply = {s.balance_id: s for s in self.snapshot.supplies}
        self.why = {d.need.demand_id: d.verdict for d in self.plan.decisions}
        self.on = defaultdict(lambda: defaultdict(Decimal))
        self.firm = defaultdict(dict)
        for line in self.plan.lines:
            assert line.qty > 0
            self.on[line.demand_id][line.balance_id] += line.qty
            if line.is_firm:
                held = self.firm[line.demand_id]
                held[line.balance_id] = held.get(line.balance_id, 0) + line.qty
        self.got = {i: sum(self.on[i].values(), Decimal(0)) for i in self.needs}
        self.left = {b: s.qty - sum(on[b] for on in self.on.values()) for b, s in self.supply.items()}
        self.lent = Counter()
        for peg in self.plan.pegs:
            self.lent[peg.demand_id] += peg.qty

    def strategy(self, demand_id):
        return Strategy(self.why[demand_id].strategy)

    def keeps(self, demand_id):
        need, strategy = self.needs[demand_id], self.strategy(demand_id)
        days = max(self.policy.lock_days, need.terms.lock_days)
        locked = days and need.requested_date <= TODAY + timedelta(days=days)
        return strategy in KEEPING or (strategy in LOCKABLE and bool(locked))

    def at(self, demand_id, sites):
        return sum((q for b, q in self.on[demand_id].items() if self.supply[b].site_id in sites), Decimal(0))

    def sites_of(self, pool):
        return pool.site_ids if pool.site_ids is not None else {1, 2, 3}

    def stocked(self, pool, product_id=1):
        """The balances a floor is about: all of its sites, or every general one."""
        return [
            s for s in self.snapshot.supplies
            if s.product_id == product_id and (s.site_id in pool.site_ids if pool.site_ids is not None else s.is_general)
        ]  # fmt: skip


@pytest.fixture(scope="module")
def cases():
    return [Case(seed) for seed in range(CASES)]


def test_never_more_than_there_is_and_never_more_than_asked(cases):
    for case in cases:
        assert all(left >= 0 for left in case.left.values())
        assert all(case.got[i] + case.lent[i] <= n.qty for i, n in case.needs.items())
        assert {d.need.demand_id: d.got for d in case.plan.decisions} == case.got


def test_what_is_dealt_comes_in_whole_lots_of_each_site(cases):
    seen = Counter()
    for case in cases:
        if not case.policy.uses_lots:
            continue
        for i, need in case.needs.items():
            if case.strategy(i) == Strategy.IMPROVE and wins(case, need.product_id):
                continue  # what a win left it is looked at below
            held = dict(need.held) if case.keeps(i) or case.strategy(i) == Strategy.IMPROVE else {}
            seen[case.strategy(i)] += 1
            for site in (1, 2, 3):
                kept = sum((q for b, q in held.items() if case.supply[b].site_id == site), Decimal(0))
                assert (case.at(i, {site}) - kept) % need.terms.lot == 0
    assert set(seen) == set(Strategy)


def wins(case, product_id):
    return any(case.strategy(i) == Strategy.WIN for i, n in case.needs.items() if n.product_id == product_id)


def test_also_what_an_improving_demand_gets_beside_what_a_win_leaves_it():
    """It keeps of what it held all that is still there, and is dealt whole lots of each site beside it."""
    gave_way = 0
    for seed in range(4 * CASES):
        rng = random.Random(seed)
        policy = replace(policy_of(rng), uses_lots=True)
        kinds = [Segment("win", Strategy.WIN, Filters(tier_ranks=frozenset({1}))), Segment("rest", Strategy.IMPROVE)]
        policy = replace(policy, segments=tuple(kinds), order_cap_percent=None)
        snapshot = replace(snapshot_of(rng, policy).of({1}), protections=())
        seats = seats_of(snapshot.needs, policy, TODAY)
        shelf = Shelf(snapshot.supplies, today=TODAY, uses_lots=True)
        deal(seats, shelf)
        for seat in seats:
            on_site = Counter()
            for balance_id, qty in seat.takes:
                on_site[shelf.supply[balance_id].site_id] += qty
            assert all(qty % seat.need.terms.lot == 0 for qty in on_site.values())
            if seat.strategy == Strategy.IMPROVE:
                kept = Counter(dict(seat.kept))
                lost = {b: q - kept[b] for b, q in seat.need.held if kept[b] < q}
                assert all(kept[b] <= q for b, q in seat.need.held)
                assert all(taken_by_wins(seats, b) >= qty for b, qty in lost.items())
                gave_way += bool(lost)
    assert gave_way > 0


def taken_by_wins(seats, balance_id):
    takes = [t for s in seats if s.strategy == Strategy.WIN for t in s.takes]
    return sum((qty for b, qty in takes if b == balance_id), Decimal(0))


def test_win_is_full_or_reported_gain_keeps_fill_never_gains_lose_is_nothing(cases):
    seen = Counter()
    for case in cases:
        for i, need in case.needs.items():
            strategy, got = case.strategy(i), case.got[i]
            seen[strategy, got < need.qty] += 1
            if strategy == Strategy.WIN:
                assert (got == need.qty) != case.why[i].is_win_failed
            if strategy in (Strategy.GAIN, Strategy.SKIP):
                assert all(case.on[i][b] >= q for b, q in need.held)
            if strategy == Strategy.FILL:
                assert got <= need.held_qty
            if strategy == Strategy.LOSE:
                assert got == 0
    assert len(seen) >= 12  # every strategy was met, short and full


def test_no_protected_unit_leaks_to_a_stranger(cases):
    """Whoever is a member of none of some floors leaves as much of their places as those floors can keep."""
    assert sum(leaks_nothing(case) for case in cases) > 0


def leaks_nothing(case):
    """How often a floor was what ended a stranger's share."""
    bound = 0
    floors = case.snapshot.protections
    for some in [s for size in (1, 2) for s in combinations(floors, size)]:
        if len(some) < len(floors) and kept_by(case, floors) < sum(p.qty for p in floors):
            continue  # together they ask for more than there is: the earlier floor has it
        if len(some) == 2 and some[0].account_ids & some[1].account_ids:
            continue  # what a member of both takes counts for both
        members = frozenset().union(*(p.account_ids for p in some))
        places = {s.balance_id for p in some for s in case.stocked(p)}
        strangers = [i for i, n in case.needs.items() if n.product_id == 1 and n.account_id not in members]
        dealt = sum((case.on[i][b] for i in strangers for b in places), Decimal(0))
        may_keep = [i for i in strangers if case.keeps(i) or case.strategy(i) == Strategy.IMPROVE]
        kept = sum((q for i in may_keep for b, q in case.needs[i].held if b in places), Decimal(0))
        there = sum((case.supply[b].qty for b in places), Decimal(0))
        most = max(kept, there - kept_by(case, some))
        assert dealt <= most
        bound += dealt == most > kept
    return bound


def kept_by(case, floors):
    """What the floors can keep at once, in lots that serve those who wait for it."""
    some = [(places, qty) for n, _, places, qty in parts_of(case) if case.snapshot.protections[n] in floors]
    return placed(some, {b: free(case, b) for b in case.supply})


def free(case, balance_id):
    """What is not kept by a demand from the start."""
    kept = (q for i, n in case.needs.items() if case.keeps(i) or case.strategy(i) == Strategy.IMPROVE
            for b, q in n.held if b == balance_id)  # fmt: skip
    return case.supply[balance_id].qty - sum(kept, Decimal(0))


def test_no_quota_and_no_cap_is_passed(cases):
    for case in cases:
        for quota in case.snapshot.quotas:
            under = [i for i, n in case.needs.items() if n.account_id in quota.account_ids and n.product_id == 1]
            got = sum((case.at(i, case.sites_of(quota)) for i in under), Decimal(0))
            kept = sum((q for i in under for b, q in case.needs[i].held), Decimal(0))
            if quota.is_limiting:
                assert got <= max(kept, quota.qty) if kept else got <= quota.qty
        if case.policy.order_cap_percent is not None:
            for product_id in {n.product_id for n in case.needs.values()}:
                assert_capped(case, product_id)


def assert_capped(case, product_id):
    """No order has more of a site than its percent of what is there, and of what serves its lines less of that."""
    some = [n for n in case.needs.values() if n.product_id == product_id]
    for order in {n.order_key for n in some}:
        lines = [n for n in some if n.order_key == order]
        for site in (1, 2, 3):
            stock = {s.balance_id: s for s in case.snapshot.supplies
                     if s.site_id == site and s.product_id == product_id and s.is_general}  # fmt: skip
            kept = sum((q for n in lines for b, q in n.held if b in stock), Decimal(0))
            got = sum((q for n in lines for b, q in case.on[n.demand_id].items() if b in stock), Decimal(0))
            assert got <= max(
                kept, sum((s.qty for s in stock.values()), Decimal(0)) * case.policy.order_cap_percent / 100
            )
            for n in lines:
                usable = sum((s.qty for s in stock.values() if is_usable(s, n, TODAY)), Decimal(0))
                own = sum((q for b, q in case.on[n.demand_id].items() if b in stock), Decimal(0))
                assert own <= max(kept, usable * case.policy.order_cap_percent / 100)


def may_take(case, need, site):
    """What the need could still have at the site; what orders that gave back wait for is kept or not, as it was then."""
    return min(would_take(case, need, site, counts_barred) for counts_barred in (True, False))


def would_take(case, need, site, counts_barred):
    """By plain reasoning over every subset of what floors keep."""
    left = dict(case.left)
    lots = [s for s in case.snapshot.supplies if s.product_id == need.product_id and s.site_id == site]
    kept = kept_parts(case, counts_barred) if need.product_id == 1 else []
    total = Decimal(0)
    for lot in (s for s in lots if is_usable(s, need, TODAY)):
        strange = [(places, qty) for floor, places, qty in kept
                   if need.account_id not in floor.account_ids or lot not in case.stocked(floor)]  # fmt: skip
        slack = {}
        for size in range(len(strange) + 1):
            for some in combinations(strange, size):
                places = frozenset().union(*(places for places, _ in some))
                slack[places] = min(slack.get(places, Decimal(10**6)),
                                    sum((left[b] for b in places), Decimal(0)) - sum(qty for _, qty in some))  # fmt: skip
        least = min(slack.values())
        more = min(
            [left[lot.balance_id], *(room - least for places, room in slack.items() if lot.balance_id in places)]
        )
        left[lot.balance_id] -= more
        total += more
    for quota in case.snapshot.quotas:
        sites = case.sites_of(quota)
        if quota.is_limiting and need.account_id in quota.account_ids and need.product_id == 1 and site in sites:
            under = [i for i, n in case.needs.items() if n.account_id in quota.account_ids and n.product_id == 1]
            total = min(total, quota.qty - sum((case.at(i, sites) for i in under), Decimal(0)))
    return max(total, Decimal(0))


def room_of_order(case, need, site):
    if case.policy.order_cap_percent is None:
        return Decimal(10**6)
    stock = [s for s in case.snapshot.supplies
             if s.product_id == need.product_id and s.site_id == site and is_usable(s, need, TODAY)]  # fmt: skip
    if not all(s.is_general for s in stock):
        return Decimal(10**6)
    lines = [n for n in case.needs.values() if n.order_key == need.order_key and n.product_id == need.product_id]
    lot = need.terms.lot or Decimal("0.0001")
    cap = sum((s.qty for s in stock), Decimal(0)) * case.policy.order_cap_percent / 100 // lot * lot
    return max(Decimal(0), cap - sum(case.at(n.demand_id, {site}) for n in lines))


def test_no_usable_lot_is_idle_while_a_demand_waits_that_nothing_bars(cases):
    assert sum(idles_nothing(case) for case in cases) > 0


def idles_nothing(case):
    """How many demands wait."""
    waiting = 0
    for i, need in case.needs.items():
        strategy, why = case.strategy(i), case.why[i]
        if strategy in (Strategy.FILL, Strategy.LOSE, Strategy.SKIP) or case.got[i] >= need.qty or case.lent[i]:
            continue
        if why.barred == BARRED["ship complete"]:
            continue
        waiting += 1
        lot = need.terms.lot if case.policy.uses_lots else Decimal(0)
        for site in (1, 2, 3):
            more = min(need.qty - case.got[i], room_of_order(case, need, site), may_take(case, need, site))
            more = more // lot * lot if lot else more
            assert more <= 0 or case.got[i] + more < need.min_qty, (i, site, more, why)
    return waiting


def test_a_second_run_changes_nothing(cases):
    """But where orders keep giving back in turn: the plan says so."""
    unsettled = sum(not case.plan.is_settled for case in cases)
    for case in cases:
        changes_nothing(case)
    print("plans that were not settled:", unsettled, "of", len(cases))
    assert unsettled <= len(cases) / 200


def changes_nothing(case):
    again = allocate_by(case.policy, after(case.snapshot, case.firm), today=TODAY)
    assert totals(again) == totals(case.plan) or not case.plan.is_settled


def totals(plan):
    found = defaultdict(Decimal)
    for line in plan.lines:
        found[line.demand_id, line.balance_id, line.is_firm] += line.qty
    return dict(found)


def test_what_a_product_is_dealt_does_not_depend_on_what_else_is_in_the_run(cases):
    """But for the products an order joins that is judged whole: those are planned together."""
    several = 0
    for case in cases:
        products = {n.product_id for n in case.snapshot.needs}
        if len(products) == 1 or any(n.group for n in case.snapshot.needs):
            continue
        several += 1
        alone = [allocate_by(case.policy, case.snapshot.of({i}), today=TODAY) for i in sorted(products)]
        assert tuple(line for plan in alone for line in plan.lines) == case.plan.lines
        assert tuple(d for plan in alone for d in plan.decisions) == case.plan.decisions
    assert several > 0


def test_the_same_rows_read_in_another_order_have_not_moved(cases):
    differ = 0
    for case in cases:
        was = case.snapshot
        turned = replace(
            was, needs=was.needs[::-1], supplies=was.supplies[::-1], coming=was.coming[::-1], quotas=was.quotas[::-1],
            protections=was.protections[::-1], caps=was.caps[::-1],
        )  # fmt: skip
        differ += turned.by_product() != was.by_product()
        assert moved_since(was, turned) == frozenset()
    assert differ > len(cases) / 2


def test_a_product_has_moved_when_anything_the_plan_rests_on_has_and_takes_along_those_of_its_orders(cases):
    seen = Counter()
    for seed, case in enumerate(cases):
        rng = random.Random(seed)
        assert moved_since(case.snapshot, case.snapshot) == frozenset()
        if not case.snapshot.supplies:
            continue
        more = rng.choice(case.snapshot.supplies)
        after_it = replace(
            case.snapshot, supplies=[s._replace(qty=s.qty + 1) if s is more else s for s in case.snapshot.supplies]
        )
        groups = defaultdict(set)
        for need in case.snapshot.needs:
            groups[need.product_id].add(need.group)
        products = set(groups)
        joined = groups[1] & groups[2] - {""}
        expected = {1, 2} if joined else {more.product_id}
        assert moved_since(case.snapshot, after_it) == expected & products
        seen[bool(joined), len(products)] += 1
    assert len(seen) >= 3
