"""When money is due."""

from datetime import date
from decimal import Decimal

import pytest

from core.calendars import OFFICE_HOURS, BusinessCalendar
from credit.rules.terms import Terms, discount, due_date, is_worse, upfront_amount


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
    assert upfront_amount(Terms("D", "", deposit_percent=Decimal("33.333")), Decimal(100), "USD") == Decimal("33.34")
    assert upfront_amount(Terms("N30", ""), Decimal(100), "USD") == Decimal(0)
    third = Terms("D", "", deposit_percent=Decimal("33.333"))
    assert upfront_amount(third, Decimal(1000), "JPY") == Decimal(334)  # 333.33 would not cover it


CLOSED_WEEKENDS = BusinessCalendar("UTC", OFFICE_HOURS.week, frozenset({date(2026, 12, 25)}))


@pytest.mark.parametrize(
    ("terms", "invoiced", "due"),
    [
        (Terms("N30", "", 30, calendar=CLOSED_WEEKENDS), date(2026, 11, 25), date(2026, 12, 28)),  # holiday, weekend
        (Terms("N2", "", 2, calendar=CLOSED_WEEKENDS), date(2026, 11, 26), date(2026, 11, 30)),
        (Terms("EOM", "", 10, is_end_of_month=True, month_cutoff_day=25), date(2026, 11, 25), date(2026, 12, 10)),
        (Terms("EOM", "", 10, is_end_of_month=True, month_cutoff_day=25), date(2026, 11, 26), date(2027, 1, 10)),
        (Terms("EOM", "", 0, is_end_of_month=True, month_cutoff_day=30), date(2027, 1, 31), date(2027, 2, 28)),
    ],
)
def test_due_dates_by_calendar_and_cut_off(terms, invoiced, due):
    assert due_date(terms, invoiced) == due


def test_two_percent_in_ten_days_is_rounded_once_and_prepayment_has_no_discount():
    terms = Terms("2/10N30", "", 30, discount_days=10, discount_percent=Decimal(2))
    found = discount(terms, date(2026, 11, 22), Decimal("1234.25"), currency="USD")
    assert (found.until, found.amount) == (date(2026, 12, 2), Decimal("24.69"))
    assert discount(Terms("N30", ""), date(2026, 11, 22), Decimal(100), currency="USD") is None
    in_yen = discount(terms, date(2026, 11, 22), Decimal(1225), currency="JPY")
    assert in_yen is not None and str(in_yen.amount) == "25"  # 24.5 half up: there is no half yen
    assert (
        discount(
            Terms("PRE", "", 0, is_prepayment=True, discount_percent=Decimal(2)),
            date(2026, 1, 1),
            Decimal(1),
            currency="USD",
        )
        is None
    )
