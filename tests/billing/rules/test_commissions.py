"""Whose rate, whose credit, and where a commission goes from any standing."""

import os
import random
from decimal import Decimal

import pytest

from billing.rules.commissions import (
    Money,
    Rate,
    Sale,
    Split,
    Standing,
    bases,
    commission,
    margin_words,
    moves,
    rate_for,
    remaining,
    told_to_rep,
)

D = Decimal
CASES = int(os.environ.get("OMS_CASES", "300"))


def sale(amount="100.00", margin="30"):
    return Sale(7, (3, 2, 1), 5, D(margin) if margin else None, D(amount), "USD")


@pytest.mark.parametrize(
    ("rates", "percent"),
    [
        ([Rate(D(1)), Rate(D(2), product_id=7), Rate(D(3), category_id=3)], 2),
        ([Rate(D(1)), Rate(D(2), category_id=1), Rate(D(3), category_id=2), Rate(D(4), tier_id=5)], 3),
        ([Rate(D(1)), Rate(D(2), min_margin=D(20)), Rate(D(3), min_margin=D(30)), Rate(D(4), min_margin=D(31))], 3),
        ([Rate(D(1), product_id=8), Rate(D(2), tier_id=6), Rate(D(3), kind="overlay")], None),
        ([Rate(D(1), category_id=3), Rate(D(2), category_id=3, tier_id=5)], 2),
    ],
)
def test_the_most_specific_row_wins(rates, percent):
    found = rate_for(rates, sale(), "revenue")
    assert (found.percent if found else None) == percent


def test_a_margin_nobody_knows_reaches_no_margin_row():
    assert rate_for([Rate(D(9), min_margin=D(-50)), Rate(D(1))], sale(margin=""), "revenue").percent == 1


def test_thirds_of_100_add_up_to_the_cent_and_an_overlay_does_not_count():
    splits = [Split(1, "revenue", D("33.33")), Split(2, "revenue", D("33.33")), Split(3, "revenue", D("33.34"))]
    found = bases(sale(), [*splits, Split(4, "overlay", D(50))])
    assert (sum(found[:3]), found[3]) == (D("100.00"), D("50.00"))


def test_any_history_of_credits_and_payment_ends_where_one_look_at_the_end_ends():
    rng = random.Random(4)
    for _ in range(CASES):
        amount = D(rng.randint(1, 1_000_000)).scaleb(-2)
        base, rate = amount, D(rng.randint(0, 200_000)).scaleb(-4)
        credited, standing, done = D(0), Standing(), False
        for n in range(6):
            credited = min(amount, credited + D(rng.randint(0, 40_000)).scaleb(-2))
            done = done or rng.random() < 0.3
            money = Money(amount, credited, amount, D(0), done)
            target = remaining(base, rate, money, "USD")
            for move in moves(standing, target, is_done=done, is_first=n == 0):
                standing = Standing(standing.accrued + move.accrued, standing.earned + move.earned)
            assert standing.accrued + standing.earned == target
            assert standing.accrued == 0 or not done
            assert moves(standing, target, is_done=done, is_first=False) == []
        assert target <= commission(base, rate, "USD")


@pytest.mark.parametrize(("margin", "said"), [("20.50", "20.5"), ("30", "30"), ("-5.00", "-5")])
def test_what_a_rep_reads_of_a_rate_leaves_out_the_margin_it_asks_for(margin, said):
    words = margin_words(Rate(Decimal(12), min_margin=Decimal(margin)))
    assert words == f" from {said} % margin"
    why = f"30.00 USD on INV-1, 100 % revenue credit = 30.00; 12 % of everything{words} by Field plan v1"
    assert told_to_rep(why) == "30.00 USD on INV-1, 100 % revenue credit = 30.00; 12 % of everything by Field plan v1"
    assert margin_words(Rate(Decimal(12))) == ""
