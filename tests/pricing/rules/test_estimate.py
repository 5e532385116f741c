"""Tax and freight as flat percents: shown beside the price, nothing by default."""

from decimal import Decimal

import pytest

from pricing.rules.asks import PriceResult
from pricing.rules.estimate import FlatRates, estimated

RESULT = PriceResult("1", 1, Decimal("9.99"), Decimal("99.90"), "USD", "list", 1, "BASE")


def test_without_rates_nothing_is_estimated():
    assert FlatRates().is_free
    result = estimated(RESULT, FlatRates(), is_tax_exempt=False)
    assert (result.tax, result.freight) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(("exempt", "tax"), [(False, "8.24"), (True, "0")])
def test_8_25_percent_of_99_90_is_8_24_and_nothing_for_the_exempt_who_still_pay_freight(exempt, tax):
    result = estimated(RESULT, FlatRates(Decimal("8.25"), Decimal(5)), is_tax_exempt=exempt)
    assert (result.tax, result.freight, result.amount) == (Decimal(tax), Decimal("5.00"), Decimal("99.90"))
