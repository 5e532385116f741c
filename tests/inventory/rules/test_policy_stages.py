"""Each stage of a policy run on a small example, with exact numbers and the reason that is told."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from inventory.rules.allocate import allocate, in_words, on_its_day
from inventory.rules.borrow import Coming, Repeg
from inventory.rules.by_policy import Snapshot, allocate_by
from inventory.rules.policy import DEFAULT, Filters, Policy, Segment, problems
from inventory.rules.pools import OrderCap, Protection, Quota
from inventory.rules.sourcing import Need, Supply, Terms
from inventory.states import FairWeight, SortKey, Strategy
from tests.inventory.rules.allocation_cases import OPENED, TODAY, snapshot_of

EVERYONE = (Segment("all", Strategy.REDISTRIBUTE),)


def need(demand_id, qty, *, due=2, **fields):
    return Need(demand_id, 1, Decimal(qty), TODAY + timedelta(days=due), OPENED, **fields)


def supply(balance_id, qty, site_id=1, **fields):
    return Supply(balance_id, 1, site_id, Decimal(qty), site_code=f"S{site_id}", **fields)


def run(policy, needs, supplies, **more):
    return allocate_by(policy, Snapshot(needs, supplies, **more), today=TODAY)


def got(plan):
    return {d.need.demand_id: d.got for d in plan.decisions}


def why(plan, demand_id):
    return next(d for d in plan.decisions if d.need.demand_id == demand_id)


def test_without_segments_the_plan_is_that_of_the_plain_deal():
    for seed in range(200):
        rng = random.Random(seed)
        snapshot = snapshot_of(rng, Policy())
        needs = [Need(**{**vars(n), "held": (), "min_qty": Decimal(0)}) for n in snapshot.needs]
        plain = allocate(needs, snapshot.supplies, today=TODAY)
        by_policy = run(DEFAULT, needs, snapshot.supplies)
        assert got(by_policy) == got(plain)
        assert sorted((x.demand_id, x.balance_id, x.qty) for x in by_policy.lines) == sorted(
            (x.demand_id, x.balance_id, x.qty) for x in plain.lines
        )


def test_the_strategies_take_and_keep_in_their_order():
    policy = Policy(segments=tuple(
        Segment(s, s, Filters(tier_ranks=frozenset({n}))) for n, s in enumerate(Strategy, start=1)
    ))  # fmt: skip
    held = ((1, Decimal(2)),)
    needs = [need(n, 4, tier_rank=n, held=held) for n, _ in enumerate(Strategy, start=1)]
    full = run(policy, needs, [supply(1, 24)])
    assert got(full) == {1: 4, 2: 4, 3: 4, 4: 4, 5: 2, 6: 0, 7: 2}
    scarce = run(policy, needs, [supply(1, 14)])  # keepers hold 6 of it; 4 win, 2 and 2 gain
    assert got(scarce) == {1: 4, 2: 4, 3: 4, 4: 0, 5: 0, 6: 0, 7: 2}
    short = run(policy, needs, [supply(1, 6)])  # the win takes from who may only improve
    assert got(short) == {1: 2, 2: 2, 3: 0, 4: 0, 5: 0, 6: 0, 7: 2}
    assert why(short, 1).verdict.is_win_failed
    assert ("to be served in full", "there is not enough for all that must be") in [
        (x.what, x.why) for x in why(short, 1).explanation().losers
    ]


def test_a_win_takes_from_an_improving_demand_only_what_it_is_served_with():
    """It held five at each of two sites; the win can be served from the first alone, and nobody gets the other five."""
    first, rest = Filters(tier_ranks=frozenset({1})), Filters()
    policy = Policy(segments=(Segment("win", Strategy.WIN, first), Segment("rest", Strategy.IMPROVE, rest)))
    held = ((1, Decimal(5)), (2, Decimal(5)))
    needs = [
        need(1, 10, tier_rank=9, held=held), need(2, 5, tier_rank=1, route=(1,)), need(3, 5, tier_rank=5, account_id=3)
    ]  # fmt: skip
    assert got(run(policy, needs, [supply(1, 5), supply(2, 5, 2)])) == {2: 5, 3: 0, 1: 5}


def test_a_win_is_confirmed_in_full_on_its_day_or_has_failed():
    policy = Policy(segments=(Segment("must", Strategy.WIN),))
    decision = why(run(policy, [need(1, 4, due=2)], [supply(1, 4)]), 1)
    due = decision.need.requested_date
    assert on_its_day(decision, due) == decision == on_its_day(decision, None)
    late = on_its_day(decision, due + timedelta(days=1))
    assert (decision.verdict.is_win_failed, late.verdict.is_win_failed) == (False, True)
    (told,) = late.explanation().losers
    assert (told.what, told.why) == ("to be there on its day", "it is promised for 26 Nov")
    gain = why(run(Policy(segments=(Segment("may", Strategy.GAIN),)), [need(1, 4, due=2)], [supply(1, 4)]), 1)
    assert on_its_day(gain, due + timedelta(days=1)) == gain


def test_an_order_inside_its_lock_window_keeps_what_it_holds():
    held = {"tier_rank": 9, "held": ((1, Decimal(5)),), "terms": Terms(lock_days=3)}
    better = need(2, 5, tier_rank=1)
    policy = Policy(segments=EVERYONE)
    assert got(run(policy, [need(1, 5, due=3, **held), better], [supply(1, 6)])) == {1: 5, 2: 1}
    assert got(run(policy, [need(1, 5, due=4, **held), better], [supply(1, 6)])) == {1: 1, 2: 5}


def test_a_floor_is_kept_for_its_members_and_named_to_the_others():
    floor = Protection(7, "Strategic", 1, frozenset({1}), Decimal(60))
    plan = run(Policy(segments=EVERYONE), [need(1, 80, account_id=2)], [supply(1, 100)], protections=[floor])
    assert got(plan) == {1: 40}
    losers = [(x.what, x.why) for x in why(plan, 1).explanation().losers]
    assert losers == [("40 more", "what is left is kept for Strategic"), ("60 in stock", "kept for Strategic")]
    both = run(Policy(segments=EVERYONE), [need(1, 80, account_id=2), need(2, 50, account_id=1)], [supply(1, 100)],
               protections=[floor])  # fmt: skip
    assert got(both) == {1: 40, 2: 50}
    assert sum(got(both).values()) == 90  # 10 stay for the members


def test_a_floor_of_one_site_leaves_the_others_free_and_those_of_a_tree_each_keep_their_part():
    west = Protection(1, "West", 1, frozenset({1}), Decimal(5), frozenset({1}))
    plan = run(
        Policy(segments=EVERYONE), [need(1, 20, account_id=2)], [supply(1, 8), supply(2, 8, 2)], protections=[west]
    )
    assert got(plan) == {1: 11}
    one = Protection(2, "Harbor", 1, frozenset({1}), Decimal(6), tree_id=1)
    tier = Protection(1, "Tier", 1, frozenset({1, 3}), Decimal(4), tree_id=1)  # what is left of 10 for the others of it
    for account, most in ((2, 10), (3, 14), (1, 20)):
        plan = run(
            Policy(segments=EVERYONE), [need(1, 20, account_id=account)], [supply(1, 20)], protections=[tier, one]
        )
        assert got(plan) == {1: most}
    needs = [need(1, 8, account_id=1), need(2, 20, account_id=2), need(3, 20, account_id=3)]
    assert got(run(Policy(segments=EVERYONE), needs, [supply(1, 20)], protections=[one, tier])) == {1: 8, 2: 10, 3: 2}
    safety = Protection(-1, "safety stock", 1, frozenset({1}), Decimal(5), frozenset({1}), is_safety=True)
    plan = run(Policy(segments=EVERYONE), needs, [supply(1, 20)], protections=[safety])
    assert got(plan) == {1: 8, 2: 7, 3: 0}  # what a member takes does not lower it


def test_a_quota_and_an_order_cap_end_what_one_may_take():
    needs = [need(1, 9, account_id=1, order_key="A"), need(2, 9, account_id=1, order_key="B"), need(3, 9, account_id=2)]
    quota = Quota(1, "Long tail", 1, frozenset({1}), Decimal(12))
    plan = run(Policy(segments=EVERYONE), needs, [supply(1, 30)], quotas=[quota])
    assert got(plan) == {1: 9, 2: 3, 3: 9}
    assert why(plan, 2).verdict.barred == "the quota Long tail is used up"
    counted = Quota(1, "Long tail", 1, frozenset({1}), Decimal(12), is_limiting=False)
    assert got(run(Policy(segments=EVERYONE), needs, [supply(1, 30)], quotas=[counted])) == {1: 9, 2: 9, 3: 9}
    capped = Policy(segments=EVERYONE, order_cap_percent=Decimal(20))
    plan = run(capped, needs, [supply(1, 30)])
    assert got(plan) == {1: 6, 2: 6, 3: 9}  # the third belongs to no order
    assert why(plan, 1).verdict.barred == "one order may not take more of this product"
    cap = OrderCap(1, 1, frozenset({1}), Decimal(5))
    plan = run(Policy(segments=EVERYONE), needs, [supply(1, 30)], caps=[cap], taken={("A", 1): Decimal(2)})
    assert got(plan) == {1: 3, 2: 5, 3: 9}


def test_regions_absorb_the_delay_in_the_order_the_policy_says():
    keys = (SortKey.REGION, SortKey.REQUESTED_DATE)
    needs = [need(n, 5, terms=Terms(region=region)) for n, region in enumerate(["south", "east", "west", ""], start=1)]
    ranks = {"west": 1, "east": 2, "south": 3}
    policy = Policy(segments=(Segment("all", Strategy.REDISTRIBUTE, sort_keys=keys),), region_ranks=ranks)
    assert got(run(policy, needs, [supply(1, 12)])) == {3: 5, 2: 5, 1: 2, 4: 0}
    turned = Policy(segments=policy.segments, region_ranks={"south": 1, "west": 2, "east": 3})
    assert got(run(turned, needs, [supply(1, 12)])) == {1: 5, 3: 5, 2: 2, 4: 0}


def test_contract_beats_spot_and_margin_counts_in_the_policys_bands():
    contract = Policy(segments=(Segment("all", Strategy.REDISTRIBUTE, sort_keys=(SortKey.CONTRACT, SortKey.AGE)),))
    needs = [need(1, 5, margin_band=9), need(2, 5, is_contract=True)]
    assert got(run(contract, needs, [supply(1, 5)])) == {2: 5, 1: 0}
    margin = Segment("all", Strategy.REDISTRIBUTE, sort_keys=(SortKey.MARGIN, SortKey.REQUESTED_DATE))
    needs = [need(1, 5, margin_band=4, due=1), need(2, 5, margin_band=5, due=2), need(3, 5, margin_band=8, due=3)]
    assert got(run(Policy(segments=(margin,)), needs, [supply(1, 5)])) == {3: 5, 2: 0, 1: 0}
    assert got(run(Policy(segments=(margin,), margin_edges=(3, 7)), needs, [supply(1, 10)])) == {3: 5, 1: 5, 2: 0}


def test_a_class_of_equals_shares_fairly_in_whole_lots():
    fair = Segment("all", Strategy.REDISTRIBUTE, sort_keys=(SortKey.TIER,), is_fair=True, weight=FairWeight.TIER)
    lots = Terms(lot=Decimal(6), fair_weight=Decimal(1))
    needs = [
        need(1, 60, terms=Terms(lot=Decimal(6), fair_weight=Decimal(2))),
        need(2, 60, terms=lots),
        need(3, 60, terms=lots),
    ]
    plan = run(Policy(segments=(fair,), uses_lots=True), needs, [supply(1, 70)])
    assert got(plan) == {1: 30, 2: 18, 3: 18}  # 66 in whole lots: 33, 16.5, 16.5, so 30, 12, 12 and two lots more
    assert why(plan, 1).verdict.stage == "fair share"


def test_an_order_that_cannot_be_completed_gives_back_and_the_rest_is_dealt_again():
    needs = [
        need(1, 5, tier_rank=1, group="O1"),
        Need(2, 2, Decimal(5), TODAY, OPENED, tier_rank=1, group="O1"),
        need(3, 4, tier_rank=2),
    ]
    supplies = [supply(1, 5), Supply(2, 2, 1, Decimal(3))]
    kept = run(Policy(segments=EVERYONE), needs, supplies)
    assert got(kept) == {1: 5, 3: 0, 2: 3}
    plan = run(Policy(segments=EVERYONE, passes=1), needs, supplies)
    assert got(plan) == {1: 0, 3: 4, 2: 0}
    assert "cannot be completed now" in why(plan, 1).verdict.barred
    enough = run(Policy(segments=EVERYONE, passes=1), [Need(**{**vars(n), "group_percent": Decimal(80)}) for n in needs],
                 supplies)  # fmt: skip
    assert got(enough) == {1: 5, 3: 0, 2: 3}  # 8 of 10 is what it ships for


def test_a_later_order_lends_to_an_earlier_one_if_supply_comes_by_its_date():
    policy = Policy(segments=EVERYONE, borrow_after_days=7)
    needs = [need(1, 5, due=20, tier_rank=1), need(2, 5, due=1, tier_rank=2)]
    coming = [
        Coming(40, 1, TODAY + timedelta(days=15), Decimal(3)),
        Coming(41, 1, TODAY + timedelta(days=21), Decimal(9)),
    ]
    plan = run(policy, needs, [supply(1, 5)], coming=coming)
    assert got(plan) == {1: 2, 2: 3}
    assert plan.pegs == (Repeg(1, 40, Decimal(3), 2),)
    text = in_words(why(plan, 1).explanation(), "")
    assert "3 lent: supply that comes by its date serves it instead" in text.replace("Lent", "lent")
    near = [need(1, 5, due=6, tier_rank=1), needs[1]]
    assert got(run(policy, near, [supply(1, 5)], coming=coming)) == {1: 5, 2: 0}


def test_a_policy_that_cannot_run_is_told_by_field():
    wrong = Policy(
        code=" ", order_cap_percent=Decimal(0), margin_edges=(5, 3),
        segments=(
            Segment("A", Strategy.LOSE, is_fair=True),
            Segment("A", filters=Filters(min_margin_band=5, max_margin_band=2), sort_keys=()),
        ),
    )  # fmt: skip
    assert [field for field, _ in problems(wrong)] == [
        "code", "order_cap_percent", "margin_edges", "segments.0", "segments.1", "segments.1", "segments.1",
    ]  # fmt: skip
    assert problems(DEFAULT) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lock_days", 3_651),
        ("lock_days", -1),
        ("borrow_after_days", 10**9),
        ("order_cap_percent", Decimal("NaN")),
        ("order_cap_percent", Decimal("100.1")),
        ("code", "c" * 41),
        ("name", "n" * 121),
    ],
)
def test_what_would_stop_every_run_or_does_not_fit_is_refused(field, value):
    """A day that is in no calendar would stop the run that reads it."""
    assert [name for name, _ in problems(replace(DEFAULT, **{field: value}))] == [field]
    assert problems(Policy(lock_days=3_650, borrow_after_days=3_650, order_cap_percent=Decimal(100))) == []


def test_the_farthest_windows_that_are_allowed_can_be_run():
    policy = Policy(segments=EVERYONE, lock_days=3_650, borrow_after_days=3_650)
    assert got(run(policy, [need(1, 5, held=((1, Decimal(2)),))], [supply(1, 8)])) == {1: 5}


def test_regions_are_the_same_whatever_their_capitals():
    needs = [need(1, 5, terms=Terms(region="EAST")), need(2, 5, terms=Terms(region="West"))]
    ranked = Segment("all", Strategy.REDISTRIBUTE, sort_keys=(SortKey.REGION,))
    assert got(run(Policy(segments=(ranked,), region_ranks={"WEST": 1, "east": 2}), needs, [supply(1, 6)])) == {
        2: 5,
        1: 1,
    }
    west = Segment("west", Strategy.LOSE, Filters(regions=frozenset({"west"})))
    assert got(run(Policy(segments=(west,)), needs, [supply(1, 12)])) == {1: 5, 2: 0}
