"""The plain rules of stock in the field, by exact numbers and by many drawn cases."""

import os
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from inventory.rules.field import Level, Stated, ThereNow, bookable, push_step, take_first_expiring, to_fill_up

TODAY = date(2026, 11, 23)
CASES = int(os.environ.get("OMS_CASES", "300"))


ONES = {1: Decimal(1)}  # sold by the piece


def level(par, there, *, below=None, coming=0, asked=0):
    refill = None if below is None else Decimal(below)
    return Level(1, Decimal(par), refill, Decimal(there), Decimal(coming), Decimal(asked))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (level(6, 2), 4),
        (level(6, 6), None),
        (level(6, 9), None),
        (level(6, 2, coming=3), 1),
        (level(6, 2, coming=3, asked=1), None),
        (level(6, 4, below=4), None),
        (level(6, 3, below=4), 3),
        (level("2.5", "0.5"), 2),
    ],
)
def test_a_fill_up_brings_what_is_there_coming_and_asked_for_to_par(given, missing):
    assert to_fill_up([given], ONES) == ({} if missing is None else {1: missing})


def test_filled_up_once_nothing_is_missing():
    dice = random.Random(4)
    for _ in range(CASES):
        par = dice.randint(1, 20)
        given = level(
            par, dice.randint(0, 25), below=dice.choice([None, dice.randint(1, par)]), coming=dice.randint(0, 9)
        )
        multiple = Decimal(dice.choice([1, 2, 6, 12]))
        asked = to_fill_up([given], {1: multiple}).get(1, Decimal(0))
        after = Level(1, given.par, given.refill_below, given.there, given.coming, asked)
        assert asked >= 0 and to_fill_up([after], ONES) == {}
        assert not asked or given.par <= after.position < given.par + multiple
        assert asked % multiple == 0


@pytest.mark.parametrize(
    ("par", "there", "multiple", "asked"), [(6, 2, 3, 6), (6, 0, 6, 6), (6, 5, 12, 12), (6, 2, 1, 4)]
)
def test_whole_packs_are_asked_for_and_the_last_one_may_pass_par(par, there, multiple, asked):
    assert to_fill_up([level(par, there)], {1: Decimal(multiple)}) == {1: asked}


@pytest.mark.parametrize(
    ("days", "step"), [(200, None), (91, None), (90, 90), (61, 90), (60, 60), (31, 60), (30, 30), (0, 30), (-1, None)]
)
def test_the_step_a_lot_has_reached(days, step):
    assert push_step(TODAY + timedelta(days=days), TODAY) == step


def test_the_earliest_expiry_is_used_first_and_never_more_than_is_free():
    dice = random.Random(7)
    for _ in range(CASES):
        there = [
            ThereNow(
                n, 1, n, Decimal(dice.randint(-1, 5)), dice.choice([None, TODAY + timedelta(days=dice.randint(0, 9))])
            )
            for n in range(dice.randint(0, 6))
        ]
        qty = Decimal(dice.randint(1, 12))
        takes, short = take_first_expiring(qty, there)
        free = {t.balance_id: max(t.free, Decimal(0)) for t in there}
        assert sum(takes.values()) + short == qty
        assert all(0 < taken <= free[i] for i, taken in takes.items())
        assert short == max(Decimal(0), qty - sum(free.values()))
        dates = {t.balance_id: t.expiry_date or date.max for t in there}
        last = max((dates[i] for i in takes), default=date.min)
        assert all(takes.get(i, 0) == free[i] for i in free if free[i] and dates[i] < last)


def test_no_more_is_booked_than_was_sent():
    for good, damaged, sent, expected in ((3, 0, 5, (3, 0)), (6, 0, 5, (5, 0)), (4, 2, 5, (3, 2)), (0, 9, 5, (0, 5))):
        assert bookable(Stated(Decimal(good), Decimal(damaged)), Decimal(sent)) == Stated(*map(Decimal, expected))
