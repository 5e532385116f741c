from decimal import Decimal

import pytest
from rest_framework import serializers

from api.drafting import OrderRequest, renamed
from api.fields import QuantityField, is_uuid, money, quantity, unit_price
from api.paging import read_cursor, read_limit, write_cursor
from api.problem import BadParameter
from core.errors import FieldError
from orders.rules.asks import LineDraft, OrderDraft


def test_money_and_quantities_are_strings_with_currency_and_unit():
    assert money(Decimal("12.5"), "USD") == {"amount": "12.50", "currency": "USD"}
    assert money(Decimal("1200"), "JPY") == {"amount": "1200", "currency": "JPY"}
    assert unit_price(Decimal("0.012500"), "USD") == {"amount": "0.0125", "currency": "USD"}
    assert unit_price(Decimal("11.900000"), "USD") == {"amount": "11.90", "currency": "USD"}
    assert quantity(Decimal("12.0000"), "EA") == {"value": "12", "uom": "EA"}


@pytest.mark.parametrize("given", ["0", "-1", "ten", "1e400", "", True, None, ["1"], {"value": "1"}, "0.00001", "NaN"])
def test_what_is_not_a_positive_quantity_is_refused(given):
    with pytest.raises(serializers.ValidationError):
        QuantityField().run_validation(given)


def test_a_misspelt_field_is_named_not_ignored():
    asked = OrderRequest(data={"po_numbr": "X", "lines": [{"sku": "A", "quantity": "1", "qty": "2"}]})
    assert not asked.is_valid()
    assert "po_numbr" in asked.errors


def test_a_cursor_comes_back_as_it_was_and_a_forged_one_is_a_400():
    assert read_cursor({"cursor": write_cursor(712)}) == 712
    assert read_cursor({}) is None
    for forged in ("%%%", "712", "YmFk"):
        with pytest.raises(BadParameter):
            read_cursor({"cursor": forged})


def test_a_page_has_1_to_200_rows():
    assert read_limit({}) == 50
    assert read_limit({"limit": "200"}) == 200
    for wrong in ("0", "201", "-1", "ten"):
        with pytest.raises(BadParameter):
            read_limit({"limit": wrong})


def test_an_error_of_a_line_points_at_the_line_as_it_was_sent():
    draft = OrderDraft(1, "api", "USD", lines=(LineDraft(2, Decimal(1)), LineDraft(5, Decimal(1))))
    error = renamed(FieldError("/lines/1/qty", "x", "m"), draft)
    assert error.pointer == "/lines/4/quantity"


def test_only_a_real_uuid_is_an_id():
    assert is_uuid("3f0c1c1e-9d3b-4f0e-8a51-0a6b6b1f0c11")
    assert not is_uuid("712")
