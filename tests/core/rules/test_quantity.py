from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.quantity import BadQuantity, as_quantity, is_multiple, plain, to_base


@pytest.mark.parametrize("text", ["", "ten", "NaN", "Infinity", "1_000", "0.00001", "99999999999", "1e999999", None])
def test_what_is_not_a_quantity_is_refused_and_never_rounded(text):
    with pytest.raises(BadQuantity):
        as_quantity(text)


@pytest.mark.parametrize(("text", "qty"), [(" 12 ", "12"), ("1e3", "1000"), ("-2.5000", "-2.5"), (7, "7")])
def test_plain_numbers_are_read(text, qty):
    assert as_quantity(text) == Decimal(qty)


def test_units_convert_exactly_or_not_at_all():
    assert to_base(Decimal(3), 12, 1) == Decimal(36)
    assert to_base(Decimal(3), 1, 3) == Decimal(1)
    with pytest.raises(BadQuantity):
        to_base(Decimal(1), 1, 3)
    with pytest.raises(BadQuantity):
        to_base(Decimal("9999999999"), 12, 1)


@given(st.integers(min_value=-(10**13), max_value=10**13))
def test_plain_text_reads_back_as_the_same_quantity_without_exponent_or_trailing_zeros(units):
    qty = Decimal(units).scaleb(-4)
    text = plain(qty)
    assert as_quantity(text) == qty
    assert "E" not in text
    assert not ("." in text and text.endswith("0"))


def test_a_multiple_of_nothing_is_anything():
    assert is_multiple(Decimal("7"), Decimal(0))
    assert is_multiple(Decimal("24"), Decimal("12"))
    assert not is_multiple(Decimal("25"), Decimal("12"))
