"""Orders that ship whole are judged over all their products, whatever policies these have (OMS_CASES, 300 unless told)."""

import os
import random
from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal

from inventory.rules.by_policy import allocate_by, allocate_under
from inventory.rules.policy import Policy, Segment
from inventory.states import Strategy
from tests.inventory.rules.allocation_cases import TODAY, after, policy_of, snapshot_of

CASES = int(os.environ.get("OMS_CASES", "300"))
KEEPING = {Strategy.GAIN, Strategy.IMPROVE, Strategy.SKIP}


def two_policies(seed):
    """(a policy for each of two products, at least one of which judges orders; a snapshot of both)."""
    rng = random.Random(seed)
    first, second = replace(policy_of(rng), passes=rng.choice([0, 1, 3])), replace(policy_of(rng), code="second")
    snapshot = snapshot_of(rng, first)
    while len({n.product_id for n in snapshot.needs}) < 2:
        snapshot = snapshot_of(rng, first)
    return {1: first, 2: second}, snapshot


def plans():
    for seed in range(CASES):
        policies, snapshot = two_policies(seed)
        yield policies, snapshot, allocate_under(policies, snapshot, today=TODAY)


def test_an_order_over_two_policies_ships_what_it_must_or_is_dealt_nothing():
    seen = Counter()
    for policies, snapshot, plan in plans():
        got = {d.need.demand_id: d for d in plan.decisions}
        groups = defaultdict(list)
        for need in snapshot.needs:
            if need.group:
                groups[need.group].append(need)
        for lines in groups.values():
            if all(policies[n.product_id].passes is None for n in lines):
                continue  # no policy over its lines judges orders
            asked, has = sum(n.qty for n in lines), sum(got[n.demand_id].got for n in lines)
            is_met = has * 100 >= max(n.group_percent for n in lines) * asked
            seen[len({n.product_id for n in lines}), is_met] += 1
            for n in lines:
                decision = got[n.demand_id]
                keeps = decision.verdict.strategy in KEEPING or decision.verdict.stage == "keep"
                assert is_met or decision.got <= (n.held_qty if keeps else 0)
    assert min(seen[2, True], seen[2, False]) > CASES / 50


def test_it_never_deals_more_than_there_is_and_a_second_run_changes_nothing():
    unsettled = 0
    for policies, snapshot, plan in plans():
        there = {s.balance_id: s.qty for s in snapshot.supplies}
        firm = defaultdict(lambda: defaultdict(Decimal))
        for line in plan.lines:
            there[line.balance_id] -= line.qty
            if line.is_firm:
                firm[line.demand_id][line.balance_id] += line.qty
        assert min(there.values(), default=0) >= 0
        if plan.is_settled:
            again = allocate_under(policies, after(snapshot, firm), today=TODAY)
            assert amounts(again) == amounts(plan)
        unsettled += not plan.is_settled
    assert unsettled <= CASES / 100


def amounts(plan):
    found = Counter()
    for line in plan.lines:
        found[line.demand_id, line.balance_id, line.is_firm] += line.qty
    return found


def test_each_product_is_dealt_by_its_own_policy_and_what_no_order_joins_as_if_alone():
    several = 0
    for policies, snapshot, plan in plans():
        told = {d.need.product_id: d.verdict.policy for d in plan.decisions}
        assert told == {i: f"{p.code} v{p.version}" for i, p in policies.items()}
        loose = replace(snapshot, needs=[replace(n, group="") for n in snapshot.needs])
        together = allocate_under(policies, loose, today=TODAY)
        alone = [allocate_by(policies[i], loose.of({i}), today=TODAY) for i in (1, 2)]
        assert amounts(together) == sum(map(amounts, alone), Counter())
        several += policies[1].segments != policies[2].segments
    assert several > CASES / 2


def test_a_policy_that_judges_no_order_does_not_keep_an_order_s_other_line_waiting_for_nothing():
    """Product 2 has a policy without passes; the order's line of it is short, so its line of product 1 gives way."""
    rng = random.Random(1)
    _, snapshot = two_policies(1)
    need, supply = snapshot.needs[0], snapshot.supplies[0]
    plain = replace(need, qty=Decimal(4), held=(), min_qty=Decimal(0), is_blocked=False, site_id=None, account_id=None,
                    min_shelf_life_days=0, terms=replace(need.terms, lot=Decimal(0)))  # fmt: skip
    first = replace(plain, demand_id=1, product_id=1, order_key="O1", group="O1", tier_rank=1)
    short = replace(first, demand_id=2, product_id=2)
    next_one = replace(plain, demand_id=3, product_id=1, order_key="O2", group="", tier_rank=2)
    stock = supply._replace(balance_id=1, product_id=1, qty=Decimal(4), expiry_date=None)
    policies = {1: Policy("judges", passes=1, segments=(Segment("all", Strategy.REDISTRIBUTE),)), 2: Policy("plain")}
    needs = [first, short, next_one]
    rng.shuffle(needs)
    plan = allocate_under(
        policies, replace(snapshot, needs=needs, supplies=[stock], protections=(), quotas=()), today=TODAY
    )
    assert {d.need.demand_id: d.got for d in plan.decisions} == {1: 0, 2: 0, 3: 4}
