from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    CurrencyMismatch,
    Money,
    is_kept,
    line_amount,
    not_kept,
    quantum,
    round_amount,
    round_down,
    round_up,
    split_amount,
)

amounts = st.decimals(min_value=-(10**11), max_value=10**11, places=2)
weights = st.lists(st.decimals(min_value=0, max_value=10**9, places=6), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("0.005", "USD", "0.01"), ("-0.005", "USD", "-0.01"), ("2.5", "JPY", "3"), ("0.0005", "KWD", "0.001")],
)
def test_half_a_unit_goes_away_from_zero_in_the_currencys_exponent(amount, currency, rounded):
    assert round_amount(Decimal(amount), currency) == Decimal(rounded)


def test_a_line_is_rounded_once_even_when_the_product_has_more_than_28_digits():
    # 32 digits: a product cut to 28 would be rounded before the rounding that is meant
    qty, price = Decimal("9999999999.9999"), Decimal("99999999999.499999")
    exact_cents, rest = divmod(int(qty.scaleb(4)) * int(price.scaleb(6)), 10**8)
    expected = Decimal(exact_cents + (rest >= 5 * 10**7)).scaleb(-2)
    assert line_amount(qty, price, "USD") == expected


@given(total=amounts, parts=weights)
def test_shares_add_up_to_the_total_and_none_is_off_by_a_whole_cent(total, parts):
    shares = split_amount(total, parts, "USD")
    assert sum(shares) == total
    pool = sum(parts)
    for share, part in zip(shares, parts, strict=True):
        exact = total * part / pool if pool else total / len(parts)
        assert abs(share - exact) < quantum("USD") + Decimal("1e-9")


def test_the_largest_remainder_gets_the_odd_cent_and_equal_remainders_go_to_the_first():
    assert split_amount(Decimal("100.00"), [Decimal(1)] * 3, "USD") == [
        Decimal("33.34"),
        Decimal("33.33"),
        Decimal("33.33"),
    ]
    assert split_amount(Decimal("10"), [Decimal(0), Decimal(0)], "JPY") == [Decimal(5), Decimal(5)]
    assert split_amount(Decimal("-0.01"), [Decimal(1), Decimal(2)], "USD") == [Decimal("0.00"), Decimal("-0.01")]
    assert split_amount(Decimal("5.00"), [], "USD") == []


def test_two_currencies_are_never_added():
    with pytest.raises(CurrencyMismatch):
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")
    assert Money(Decimal("1.005"), "USD").rounded() == Money(Decimal("1.01"), "USD")
    assert str(Money(Decimal("1234.5"), "USD")) == "1,234.50 USD"


def test_up_covers_and_down_stays_below_by_the_currency():
    assert [str(round_up(Decimal(x), c)) for x, c in (("0.001", "USD"), ("100.01", "JPY"), ("7", "USD"))] == [
        "0.01", "101", "7.00",
    ]  # fmt: skip
    assert [str(round_down(Decimal(x), c)) for x, c in (("0.019", "USD"), ("100.99", "JPY"), ("-0.001", "USD"))] == [
        "0.01", "100", "-0.01",
    ]  # fmt: skip


def test_currencies_of_three_decimals_do_not_fit_and_are_told_so():
    assert [c for c in ("USD", "EUR", "JPY", "KWD", "BHD", "TND", "JOD", "OMR", "LYD") if not is_kept(c)] == [
        "KWD", "BHD", "TND", "JOD", "OMR", "LYD",
    ]  # fmt: skip
    assert not_kept("KWD") == "Amounts in KWD have 3 decimals, and 2 are kept here."
