"""Chance, demand, replenishment and the controller: plain values, no database."""

import random

import pytest

from config.replay.chance import Chance
from config.replay.controller import Controller, fit, totals
from config.replay.demand import LEAD_DAYS, Asked, Demand


def test_chance_depends_on_seed_and_subject_only():
    one, other = Chance(1), Chance(2)
    assert one.share("short", "536365", 3) == one.share("short", "536365", 3)
    assert one.share("short", "536365", 3) != one.share("short", "536365", 4)
    assert one.share("short") != other.share("short")
    drawn = [one.between(-5, 2, n) for n in range(1000)]
    assert (min(drawn), max(drawn)) == (-5, 2)


def test_the_level_is_the_mean_over_seven_days_and_cover_times_the_deviation():
    asked = Asked()
    for qty in (10, 0, 10, 0):
        asked.add(qty)
    assert asked.level(0, 4) == pytest.approx(35)  # 5 a day over lead time and review
    assert asked.level(2, 4) == pytest.approx(35 + 2 * 5 * 7**0.5)
    assert asked.level(-10, 4) == 0


def test_only_what_is_missing_from_hand_and_order_is_ordered():
    demand = Demand.opened([{"A": 28.0, "B": 2.8}], 28)
    assert demand.to_order(0, 0.0, {"A": 7.0, "B": -4.0}) == {}
    assert demand.to_order(0, 0.0, {"A": 3.0, "B": -4.0}) == {"A": 4}


def test_every_product_has_its_turn_once_in_three_nights():
    demand = Demand.opened([dict.fromkeys("ABCD", 28.0)], 28)
    asked = [sorted(demand.to_order(night, 0.0, {})) for night in range(4)]
    assert asked == [["A", "D"], ["B"], ["C"], ["A", "D"]]


def test_a_product_nobody_knew_starts_like_a_typical_one_and_is_learned_after_the_opening():
    demand = Demand.opened([{"A": 28.0, "B": 84.0}], 28)
    assert demand.launch("NEW", 0.0) == 14  # 56 in 28 days, over 7 days
    demand.learn(27, {"NEW": 500.0})
    assert demand.by_sku["NEW"].total == 28.0
    demand.learn(28, {"NEW": 500.0})
    assert demand.by_sku["NEW"].total == 528.0


def test_more_is_covered_after_misses_and_less_after_plenty():
    short = Controller(0.95, 2.0)
    short.observe(1000, 800)
    plenty = Controller(0.95, 2.0)
    plenty.observe(1000, 1000)
    assert short.cover == pytest.approx(2.0 + 2 * 0.15 + 25 * 150 / 1500)
    assert plenty.cover == pytest.approx(2.0 - 2 * 0.05 - 25 * 50 / 1500)


@pytest.mark.parametrize("target", [0.7, 0.9, 0.97])
def test_the_fitted_cover_and_the_controller_hold_other_demands_at_the_service_level(target):
    """Lumpy made-up demand for 300 products, 90 days: within 3 points, whatever the level."""
    dice = random.Random(17)
    rates = [dice.paretovariate(1.1) for _ in range(300)]
    days = [
        [(f"P{n}", float(dice.choice((1, 2, 6, 12, 24, 48)))) for n in dice.choices(range(300), rates, k=250)]
        for _ in range(90)
    ]
    opening = days[:28]
    controller = Controller(target, fit(target, opening))
    demand = Demand.opened([totals(day) for day in opening], 28)
    shelf = {sku: float(q) for sku, q in demand.opening_stock(controller.cover).items()}
    arriving: dict[int, dict[str, int]] = {}
    lines = filled = 0
    for no, day in enumerate(days):
        for sku, qty in arriving.pop(no, {}).items():
            shelf[sku] += qty
        for sku, qty in day:
            if sku not in shelf:
                shelf[sku] = float(demand.launch(sku, controller.cover))
            lines, filled = lines + 1, filled + (shelf[sku] >= qty)
            shelf[sku] -= qty
        controller.observe(lines, filled)
        demand.learn(no, totals(day))
        coming = {sku: sum(a.get(sku, 0) for a in arriving.values()) for sku in shelf}
        arriving[no + LEAD_DAYS] = demand.to_order(no, controller.cover, {s: shelf[s] + coming[s] for s in shelf})
    assert abs(filled / lines - target) < 0.03
