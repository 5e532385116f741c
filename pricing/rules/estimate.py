"""Tax and freight as an estimate for people: shown, not charged (that needs a tax engine and a rate card)."""

from dataclasses import dataclass, replace
from decimal import Decimal

from core.money import EXACT, round_amount
from pricing.rules.asks import PriceResult

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class FlatRates:
    """Percent of the net amount."""

    tax_percent: Decimal = ZERO
    freight_percent: Decimal = ZERO

    @property
    def is_free(self) -> bool:
        return not (self.tax_percent or self.freight_percent)


def estimated(result: PriceResult, rates: FlatRates, *, is_tax_exempt: bool) -> PriceResult:
    """The result with its tax and freight, each rounded half-up to the currency's exponent."""
    tax = ZERO if is_tax_exempt else percent_of(result.amount, rates.tax_percent, result.currency)
    return replace(result, tax=tax, freight=percent_of(result.amount, rates.freight_percent, result.currency))


def percent_of(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    return round_amount(EXACT.divide(EXACT.multiply(amount, percent), HUNDRED), currency)
