"""Money: Decimal, rounded half-up to the currency's exponent at line level. No floats anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache

from babel.core import Locale
from babel.numbers import get_currency_precision

# Wider than quantity × price can get, so that nothing is rounded before the one rounding that is meant.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
PRICE_PLACES = Decimal("0.000001")  # unit prices are numeric(18,6)
KEPT_PLACES = 2  # amounts are numeric(14,2): a third place has nowhere to go
KEEP_ANOTHER = "Keep and order in a currency with at most two decimals, such as USD, EUR or JPY."


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum; a dated rate has to be applied first."""


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """Digits after the point in `currency` (ISO 4217, from CLDR): USD 2, JPY 0, KWD 3."""
    return int(get_currency_precision(currency))


@lru_cache(maxsize=256)
def quantum(currency: str) -> Decimal:
    return Decimal(1).scaleb(-exponent(currency))


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """Half-up to the currency's exponent; the same cent PostgreSQL's round(numeric) gives."""
    return amount.quantize(quantum(currency), context=EXACT)


def round_up(amount: Decimal, currency: str) -> Decimal:
    """To the currency's exponent so that at least `amount` is covered."""
    return amount.quantize(quantum(currency), rounding=ROUND_CEILING, context=EXACT)


def round_down(amount: Decimal, currency: str) -> Decimal:
    """To the currency's exponent, never more than `amount`."""
    return amount.quantize(quantum(currency), rounding=ROUND_FLOOR, context=EXACT)


def is_kept(currency: str) -> bool:
    """Whether amounts of the currency fit: those of three decimals (BHD, JOD, KWD, LYD, OMR, TND) do not."""
    return exponent(currency) <= KEPT_PLACES


def not_kept(currency: str) -> str:
    return f"Amounts in {currency} have {exponent(currency)} decimals, and {KEPT_PLACES} are kept here."


@lru_cache(maxsize=1)
def _whole() -> str:
    codes = sorted(code for code in map(str, Locale("en").currencies) if exponent(code) == 0)
    return ", ".join(f"'{code}'" for code in codes)


def places_in_sql(currency: str) -> str:
    """An SQL expression of how many digits amounts have after the point; `currency` is a column's name in the statement."""
    return f"(CASE WHEN {currency} IN ({_whole()}) THEN 0 ELSE {KEPT_PLACES} END)"


def round_price(price: Decimal) -> Decimal:
    return price.quantize(PRICE_PLACES, context=EXACT)


def line_amount(qty: Decimal, unit_price: Decimal, currency: str) -> Decimal:
    """Amount of a line: quantity in base units × price per base unit, rounded once."""
    return round_amount(EXACT.multiply(qty, unit_price), currency)


def split_amount(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Deal `total` out by `weights`, exact to the cent by largest remainder.

    Weights are not negative; equal shares when all are 0.
    """
    if not weights:
        return []
    step = quantum(currency)
    sign = -1 if total < 0 else 1
    units = int(EXACT.divide(round_amount(abs(total), currency), step))
    parts = [Fraction(w) for w in weights] if any(weights) else [Fraction(1)] * len(weights)
    pool = sum(parts)
    exact = [units * part / pool for part in parts]
    floors = [int(x) for x in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (floors[i] - exact[i], i))
    for i in by_remainder[: units - sum(floors)]:
        floors[i] += 1
    return [sign * f * step for f in floors]


@dataclass(frozen=True, order=False)
class Money:
    """An amount in a currency. Sums refuse a second currency; `rounded()` is explicit."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount <= other.amount

    def rounded(self) -> "Money":
        return Money(round_amount(self.amount, self.currency), self.currency)

    def __str__(self) -> str:
        return f"{round_amount(self.amount, self.currency):,} {self.currency}"

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be added without a rate")
