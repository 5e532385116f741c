"""Allocation to the cent, months, and progress from any mix of credits."""

import os
import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.rules.claims import ClaimSpec, Known, denials
from billing.rules.revenue import BilledLine, Progress, allocate, earned, months_later, schedule, whole_months
from billing.states import Recognition

D = Decimal
CASES = int(os.environ.get("OMS_CASES", "300"))


def test_a_bundle_of_1000_is_dealt_by_stand_alone_prices():
    lines = [BilledLine(D(900), D(0), D(800)), BilledLine(D(100), D(0), D(400))]
    assert allocate(lines, "USD") == [D("666.67"), D("333.33")]


def test_any_allocation_adds_up_to_what_is_left_and_recognition_never_passes_it():
    rng = random.Random(8)
    for _ in range(CASES):
        lines = []
        for _ in range(rng.randint(1, 6)):
            amount = D(rng.randint(0, 500_000)).scaleb(-2)
            credited = D(rng.randint(0, int(amount * 100))).scaleb(-2) if rng.random() < 0.5 else D(0)
            lines.append(BilledLine(amount, credited, D(rng.randint(0, 900_000)).scaleb(-2)))
        parts = allocate(lines, "USD")
        assert sum(parts) == sum(x.amount - x.credited for x in lines)
        start, months = date(2026, rng.randint(1, 12), rng.randint(1, 28)), rng.randint(1, 24)
        progress = Progress(Recognition.OVER_TIME, start, months)
        for part in parts:
            done = [earned(part, progress, on=months_later(start, n), currency="USD") for n in range(months + 2)]
            assert done == sorted(done) and done[0] == 0 and done[months:] == [part, part]
            assert sum(amount for _, amount in schedule(part, progress, "USD")) == part


@pytest.mark.parametrize(
    ("start", "on", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 15), date(2026, 2, 14), 0),
        (date(2026, 1, 15), date(2027, 1, 15), 12),
        (date(2026, 5, 1), date(2026, 4, 1), 0),
    ],
)
def test_months_end_where_people_expect_it(start, on, months):
    assert whole_months(start, on) == months


def test_use_and_delivery():
    used = Progress(Recognition.USE, date(2026, 1, 1), share_used=Fraction(1, 3))
    assert earned(D(100), used, on=date(2026, 1, 1), currency="USD") == D("33.33")
    sent = Progress(Recognition.DELIVER, date(2026, 1, 1), delivered=date(2026, 1, 5))
    assert [earned(D(9), sent, on=date(2026, 1, d), currency="USD") for d in (4, 5)] == [0, 9]


ALL_WRONG = ["contract_not_live", "not_a_member", "not_on_contract", "more_than_sold", "duplicate"]
CLAIM = ClaimSpec(1, "D-1", "GPO", "HV", "SUT", D(5), date(2026, 6, 1), D(10), D(8), "USD")


@pytest.mark.parametrize(
    ("known", "codes"),
    [
        (Known(True, True, D(8), D(5), False), []),
        (Known(False, False, None, D(4), True), ALL_WRONG),
        (Known(True, True, D("7.5"), D(5), False), ["other_price"]),
    ],
)  # fmt: skip
def test_every_reason_of_a_claim_is_told(known, codes):
    assert [d.code for d in denials(CLAIM, known, today=date(2026, 8, 30))] == codes
    assert "too_old" in [d.code for d in denials(CLAIM, known, today=date(2026, 8, 31))]
