"""Volumes promised on contracts: how far they are, and where they will end at this pace."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
EARLIEST = Decimal("0.25")  # of the period: before that the pace says nothing
TOLERATED = Decimal("0.05")  # of the volume: a forecast is no count
PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Standing:
    """A commitment on a day, in base units or, `is_amount`, in money. `forecast` is what is called off by the end at the
    pace so far; `shortfall` what is missing then."""

    committed: Decimal
    consumed: Decimal
    forecast: Decimal
    elapsed: Decimal
    is_over: bool

    @property
    def shortfall(self) -> Decimal:
        return max(ZERO, self.committed - self.forecast)

    @property
    def is_short(self) -> bool:
        """Worth telling: over and missing anything, or well under way and missing more than a forecast may be off."""
        if self.is_over:
            return self.shortfall > ZERO
        return self.elapsed >= EARLIEST and self.shortfall > self.committed * TOLERATED


def standing(committed: Decimal, consumed: Decimal, *, start: date, end: date, on: date) -> Standing:
    """Half-open [start, end); days passed count up to and with `on`."""
    days = max((end - start).days, 1)
    passed = min(max((on - start).days + 1, 0), days)
    is_over = on >= end
    elapsed = Decimal(passed) / Decimal(days)
    forecast = consumed if is_over or not passed else max(consumed, consumed * days / passed)
    return Standing(committed, consumed, forecast.quantize(PLACES, rounding=ROUND_HALF_UP), elapsed, is_over)
