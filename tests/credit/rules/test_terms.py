"""When money is due."""

from datetime import date
from decimal import Decimal

import pytest

from credit.rules.terms import Terms, due_date, is_worse, upfront_amount


@pytest.mark.parametrize(
    ("terms", "invoiced", "due"),
    [
        (Terms("N30", "", 30), date(2026, 1, 31), date(2026, 3, 2)),
        (Terms("N0", "", 0), date(2026, 1, 31), date(2026, 1, 31)),
        (Terms("EOM30", "", 30, is_end_of_month=True), date(2026, 1, 1), date(2026, 3, 2)),
        (Terms("EOM0", "", 0, is_end_of_month=True), date(2028, 2, 3), date(2028, 2, 29)),
        (Terms("EOM0", "", 0, is_end_of_month=True), date(2026, 12, 31), date(2026, 12, 31)),
        (Terms("PRE", "", 30, is_prepayment=True), date(2026, 1, 31), date(2026, 1, 31)),
    ],
)
def test_due_dates(terms, invoiced, due):
    assert due_date(terms, invoiced) == due


def test_later_is_worse_a_smaller_deposit_is_worse_and_the_same_is_not():
    net30, net45 = Terms("N30", "", 30), Terms("N45", "", 45)
    deposit = Terms("D50", "", 30, deposit_percent=Decimal(50))
    on = date(2026, 11, 22)
    assert is_worse(net45, net30, on)
    assert is_worse(net30, deposit, on)
    assert not is_worse(net30, net30, on)
    assert not is_worse(deposit, net30, on)


def test_a_third_of_100_up_front_is_33_34_rounded_up():
    assert upfront_amount(Terms("D", "", deposit_percent=Decimal("33.333")), Decimal(100)) == Decimal("33.34")
    assert upfront_amount(Terms("N30", ""), Decimal(100)) == Decimal(0)
