from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from core.explain import Explanation
from inventory.rules.allocate import allocate, in_words, rank
from inventory.rules.sourcing import Need, Supply, is_usable

TODAY = date(2026, 11, 23)
EARLY, LATE = TODAY + timedelta(days=2), TODAY + timedelta(days=9)
OPENED = datetime(2026, 11, 20, tzinfo=UTC)


def need(demand_id, qty, **fields):
    return Need(demand_id, 1, Decimal(qty), **{"requested_date": EARLY, "opened_at": OPENED, **fields})


def supply(balance_id, qty, site_id=1, **fields):
    return Supply(balance_id, 1, site_id, Decimal(qty), site_code=f"S{site_id}", **fields)


def dealt(plan):
    return [(line.demand_id, line.balance_id, line.qty) for line in plan.lines]


def test_each_part_of_the_rank_decides_before_the_next():
    worst_to_best = [
        need(1, 1, is_blocked=True, priority=9, tier_rank=1),
        need(9, 1, requested_date=LATE),
        need(8, 1, opened_at=OPENED + timedelta(days=1)),
        need(7, 1),
        need(6, 1),
        need(5, 1, margin_band=1),
        need(4, 1, is_contract=True),
        need(11, 1, sla_penalty=Decimal(50)),
        need(3, 1, tier_rank=2),
        need(2, 1, tier_rank=1),
        need(10, 1, priority=1),
    ]
    assert [n.demand_id for n in sorted(worst_to_best, key=rank)] == [10, 2, 3, 11, 4, 5, 6, 7, 8, 9, 1]


def test_what_is_left_goes_to_the_next_and_the_explanation_names_who_was_ahead():
    plan = allocate([need(1, 6, tier_rank=2), need(2, 6, tier_rank=1)], [supply(50, 10)], today=TODAY)
    assert dealt(plan) == [(2, 50, 6), (1, 50, 4)]
    last = plan.decisions[1].explanation()
    assert last.outcome == "4 of 6 allocated from S1"
    assert (last.inputs["position"], last.inputs["ahead_took"], last.inputs["next_ahead_demand"]) == (2, "6", 2)
    assert [(x.what, x.why) for x in last.losers] == [("2 more", "those ahead took it")]


def test_a_decision_reads_as_a_sentence_that_names_the_next_ahead_by_its_document():
    first, last = allocate([need(1, 6, tier_rank=2), need(2, 6, tier_rank=1)], [supply(50, 10)], today=TODAY).decisions
    by = "priority, tier, SLA penalty, contract, margin, date, age"
    assert in_words(first.explanation(), "") == f"6 of 6 allocated from S1: place 1 of 2 by {by}."
    assert in_words(last.explanation(), "SO-7 line 1") == (
        f"4 of 6 allocated from S1: place 2 of 2 by {by}; those ahead took 6, next ahead is SO-7 line 1. "
        "2 more: those ahead took it."
    )


def test_the_preferred_site_then_the_rank_of_sites_then_the_earliest_expiry():
    stock = [
        supply(1, 2, site_id=1, site_rank=1),
        supply(2, 2, site_id=2, site_rank=2, expiry_date=LATE + timedelta(days=9)),
        supply(3, 2, site_id=2, site_rank=2, expiry_date=LATE),
        supply(4, 2, site_id=3, site_rank=3),
    ]
    assert dealt(allocate([need(1, 8)], stock, today=TODAY)) == [(1, 1, 2), (1, 3, 2), (1, 2, 2), (1, 4, 2)]
    assert dealt(allocate([need(1, 5, site_id=3)], stock, today=TODAY)) == [(1, 4, 2), (1, 1, 2), (1, 3, 1)]


def test_a_lot_must_outlive_the_delivery_by_the_customers_minimum():
    lot = supply(1, 5, expiry_date=EARLY + timedelta(days=30))
    assert is_usable(lot, need(1, 1, min_shelf_life_days=30), TODAY)
    assert not is_usable(lot, need(1, 1, min_shelf_life_days=31), TODAY)
    far = supply(1, 5, expiry_date=EARLY + timedelta(days=30), transit_days=3)
    assert not is_usable(far, need(1, 1, min_shelf_life_days=30), TODAY)


def test_trunk_stock_serves_only_who_names_it():
    trunk = supply(1, 5, site_id=7, is_general=False)
    assert dealt(allocate([need(1, 5)], [trunk], today=TODAY)) == []
    assert dealt(allocate([need(1, 5, site_id=7)], [trunk], today=TODAY)) == [(1, 1, 5)]


def test_a_blocked_need_gets_leftovers_that_are_not_firm():
    plan = allocate([need(1, 5, is_blocked=True, tier_rank=1), need(2, 3)], [supply(1, 5)], today=TODAY)
    assert [(x.demand_id, x.qty, x.is_firm) for x in plan.lines] == [(2, 3, True), (1, 2, False)]


needs = st.lists(
    st.builds(
        lambda qty, tier, site, blocked, shelf: dict(  # noqa: C408
            qty=qty, tier_rank=tier, site_id=site, is_blocked=blocked, min_shelf_life_days=shelf
        ),
        st.integers(1, 12), st.integers(1, 3), st.sampled_from([None, 1, 2]), st.booleans(), st.sampled_from([0, 20]),
    ),
    max_size=7,
)  # fmt: skip
supplies = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 3), st.sampled_from([None, 3, 15, 40]), st.booleans()), max_size=6
)


def build(wanted, stocked):
    some = [need(i, w.pop("qty"), **w) for i, w in enumerate([dict(w) for w in wanted], start=1)]
    stock = [
        supply(i, qty, site_id=site, is_general=general, expiry_date=TODAY + timedelta(days=days) if days else None)
        for i, (qty, site, days, general) in enumerate(stocked, start=1)
    ]
    return some, stock


@given(needs, supplies)
def test_never_more_than_there_is_never_more_than_asked_and_nothing_usable_left_idle(wanted, stocked):
    some, stock = build(wanted, stocked)
    plan = allocate(some, stock, today=TODAY)
    by_balance, by_demand = {}, {}
    for line in plan.lines:
        assert line.qty > 0
        by_balance[line.balance_id] = by_balance.get(line.balance_id, 0) + line.qty
        by_demand[line.demand_id] = by_demand.get(line.demand_id, 0) + line.qty
    assert all(by_balance.get(s.balance_id, 0) <= s.qty for s in stock)
    assert all(by_demand.get(n.demand_id, 0) <= n.qty for n in some)
    assert {d.need.demand_id: d.got for d in plan.decisions} == {
        n.demand_id: by_demand.get(n.demand_id, 0) for n in some
    }
    for n in some:
        if by_demand.get(n.demand_id, 0) < n.qty:
            assert all(by_balance.get(s.balance_id, 0) == s.qty for s in stock if is_usable(s, n, TODAY))


def brute_force(some, stock):
    """Unit by unit, as a clerk with the list would do it."""
    left, got = {s.balance_id: s.qty for s in stock}, {n.demand_id: Decimal(0) for n in some}
    for n in sorted(some, key=rank):
        places = sorted(
            (s for s in stock if is_usable(s, n, TODAY)),
            key=lambda s: (s.site_id != n.site_id, s.site_rank, s.site_id, s.expiry_date or date.max, s.balance_id),
        )
        for s in places:
            while left[s.balance_id] > 0 and got[n.demand_id] < n.qty:
                left[s.balance_id] -= 1
                got[n.demand_id] += 1
    return got, left


@given(needs, supplies)
def test_the_plan_equals_dealing_by_hand_unit_by_unit(wanted, stocked):
    some, stock = build(wanted, stocked)
    plan = allocate(some, stock, today=TODAY)
    got, left = brute_force(some, stock)
    assert {d.need.demand_id: d.got for d in plan.decisions} == got
    for s in stock:
        assert s.qty - sum(x.qty for x in plan.lines if x.balance_id == s.balance_id) == left[s.balance_id]


def test_the_order_in_which_needs_and_stock_are_read_does_not_matter():
    some = [need(1, 4, tier_rank=2), need(2, 4), need(3, 4, tier_rank=1)]
    stock = [supply(1, 5, site_id=2), supply(2, 5, site_id=1)]
    plans = {tuple(sorted(dealt(allocate(a, b, today=TODAY)))) for a in permutations(some) for b in permutations(stock)}
    assert len(plans) == 1


def test_a_decision_without_a_queue_names_its_rule_alone():
    """Goods used in the field stand in no queue; the order's page reads their reason as any other's."""
    why = Explanation("used in the field", "2 of 2 used from TRUNK-1", {"site": "TRUNK-1"})
    assert in_words(why, "") == "2 of 2 used from TRUNK-1: used in the field."
