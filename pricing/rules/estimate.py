"""Tax and freight of a price: shown, confirmed, counted against credit and billed as they are said here (another way to work
them out, a tax engine or a carrier's card, plugs in by `pricing.ports`).

The tables say a percent by the customer's region and day; where they say nothing, flat percents apply.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.money import EXACT, round_amount
from pricing.rules.asks import PriceResult
from pricing.rules.scope import Span, holds_on

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class FlatRates:
    """Percent of the net amount; `free_from`: no freight where the lines together are worth as much."""

    tax_percent: Decimal = ZERO
    freight_percent: Decimal = ZERO
    free_from: Decimal | None = None

    def beside(self, amount: Decimal) -> "FlatRates":
        """For some lines of a document whose others are worth `amount`: they bring it nearer to free freight."""
        return self if self.free_from is None else replace(self, free_from=self.free_from - amount)

    def frees(self, worth: Decimal) -> bool:
        """Whether a document worth so much goes free of freight."""
        return self.free_from is not None and worth >= self.free_from

    @property
    def is_free(self) -> bool:
        return not (self.tax_percent or self.freight_percent)


class RegionRate(NamedTuple):
    """A row of a table: percent for a region (empty: every other) over a span."""

    region: str
    percent: Decimal
    span: Span
    free_from: Decimal | None = None


def rates_for(
    region: str, on: date, *, taxes: Iterable[RegionRate], freights: Iterable[RegionRate], otherwise: FlatRates
) -> FlatRates:
    """The rates of the day for the region: its own row, else that of every other region, else `otherwise`."""
    tax, freight = _rate(region, on, taxes), _rate(region, on, freights)
    return FlatRates(
        otherwise.tax_percent if tax is None else tax.percent,
        otherwise.freight_percent if freight is None else freight.percent,
        None if freight is None else freight.free_from,
    )


def _rate(region: str, on: date, table: Iterable[RegionRate]) -> RegionRate | None:
    good = {row.region.upper(): row for row in table if holds_on(row.span, on)}
    return good.get(region.upper()) or good.get("")


def estimated(result: PriceResult, rates: FlatRates, *, is_tax_exempt: bool) -> PriceResult:
    """The result with its tax and freight, each rounded half-up to the currency's exponent."""
    return estimated_together([result], rates, is_tax_exempt=is_tax_exempt)[0]


def estimated_together(results: Sequence[PriceResult], rates: FlatRates, *, is_tax_exempt: bool) -> list[PriceResult]:
    """The same for the lines of an order, whose worth decides whether freight is free."""
    worth = sum((r.amount for r in results), ZERO)
    freight = ZERO if rates.frees(worth) else rates.freight_percent
    return [
        replace(
            r,
            tax=ZERO if is_tax_exempt else percent_of(r.amount, rates.tax_percent, r.currency),
            freight=percent_of(r.amount, freight, r.currency),
        )
        for r in results
    ]


def percent_of(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    return round_amount(EXACT.divide(EXACT.multiply(amount, percent), HUNDRED), currency)
