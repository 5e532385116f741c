"""ATP against the dumbest possible answer: promise one unit more until somebody would go short.

3,000 cases in the suite; `OMS_CASES=100000 ./run test tests/inventory/rules/test_atp_by_force.py` for all, `OMS_SEED` for
others.
"""

import os
import random
from datetime import date, timedelta
from decimal import Decimal

from inventory.rules.atp import cumulative_atp, dated_atp

CASES, SEED = int(os.environ.get("OMS_CASES", "3000")), int(os.environ.get("OMS_SEED", "20261125"))
TODAY = date(2026, 11, 23)


def goes_short_from(day, supply, demand):
    """Walk through the days with what comes and what is wanted: whether anything is missing on `day` or later."""
    stock, short = 0, False
    for n, (came, wanted) in enumerate(zip(supply, demand, strict=True)):
        stock += came - wanted
        short = short or (n >= day and stock < 0)
    return short


def most_on(day, supply, demand):
    """How many units more can be promised for `day` so that nobody goes short on it or later."""
    extra = 0
    while True:
        wanted = [*demand[:day], demand[day] + extra + 1, *demand[day + 1 :]]
        if goes_short_from(day, supply, wanted):
            return extra
        extra += 1


def decimals(numbers):
    return [Decimal(n) for n in numbers]


def test_the_case_of_the_reference_is_what_trying_gives():
    supply, demand = (6, 4, 2, 4, 8, 4, 4, 4), (6, 2, 3, 6, 6, 1, 2, 2)
    assert [most_on(day, supply, list(demand)) for day in range(8)] == [0, 0, 0, 0, 1, 4, 6, 8]


def test_every_day_of_random_weeks_promises_what_trying_finds():
    chance = random.Random(SEED)
    for case in range(CASES):
        days = chance.randint(1, 8)
        supply = [chance.choice((0, 0, 1, 2, 5, 9)) for _ in range(days)]
        demand = [chance.choice((0, 0, 1, 2, 4, 7)) for _ in range(days)]
        found = cumulative_atp(decimals(supply), decimals(demand))
        assert found == [most_on(day, supply, demand) for day in range(days)], (SEED, case, supply, demand)


def test_dates_in_any_order_several_a_day_and_in_the_past_promise_the_same():
    chance = random.Random(SEED + 1)
    for case in range(CASES):
        free = chance.randint(0, 6)
        inbound = [(chance.randint(0, 6), chance.randint(1, 6)) for _ in range(chance.randint(0, 4))]
        wanted = [(chance.randint(-3, 6), chance.randint(1, 6)) for _ in range(chance.randint(0, 4))]
        supply, demand = [free] + [0] * 6, [0] * 7
        for day, qty in inbound:
            supply[day] += qty
        for day, qty in wanted:
            demand[max(day, 0)] += qty
        points = dated_atp(Decimal(free), dated(inbound), dated(wanted), today=TODAY)
        told = [max((p for p in points if p.day <= on(day)), key=lambda p: p.day).qty for day in range(7)]
        assert told == [most_on(day, supply, demand) for day in range(7)], (SEED, case, free, inbound, wanted)


def on(day):
    return TODAY + timedelta(days=day)


def dated(pairs):
    return [(on(day), Decimal(qty)) for day, qty in pairs]
