"""What a release brings in, and when: expected receipts of open orders by week."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

ZERO = Decimal(0)
WEEKS = 12


@dataclass(frozen=True, slots=True)
class Expected:
    """One open amount in its order's currency, due on a day; `is_held`: credit holds it."""

    amount: Decimal
    due_date: date
    is_held: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from `monday`; the last of a row of weeks takes all that comes later."""

    monday: date
    free: Decimal = ZERO
    held: Decimal = ZERO
    is_last: bool = False

    @property
    def total(self) -> Decimal:
        return self.free + self.held


def by_week(expected: Iterable[Expected], *, today: date, weeks: int = WEEKS) -> list[Week]:
    """`weeks` weeks from this one on, also empty ones. What was due before counts in this week."""
    first = today - timedelta(days=today.weekday())
    free, held = [ZERO] * weeks, [ZERO] * weeks
    for item in expected:
        place = min(max((item.due_date - first).days // 7, 0), weeks - 1)
        sums = held if item.is_held else free
        sums[place] += item.amount
    return [Week(first + timedelta(days=7 * n), free[n], held[n], is_last=n == weeks - 1) for n in range(weeks)]
