"""When billed money is revenue: the price allocated by stand-alone prices to the cent, then recognized as it is earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billing.states import Recognition
from core.money import round_amount, split_amount

ZERO = Decimal(0)


@dataclass(frozen=True)
class BilledLine:
    """An invoice line: what it was billed at, what was credited of it, and what it sells for by itself."""

    amount: Decimal
    credited: Decimal
    standalone: Decimal


def allocate(lines: Sequence[BilledLine], currency: str) -> list[Decimal]:
    """What is left of the invoice (billed less credited), dealt out by stand-alone prices of what is left of each line.

    The parts add up to the cent by largest remainder; a line credited whole gets nothing.
    """
    left = sum((x.amount - x.credited for x in lines), ZERO)
    weights = [x.standalone * (x.amount - x.credited) / x.amount if x.amount else ZERO for x in lines]
    if not any(weights):
        weights = [x.amount - x.credited for x in lines]
    return split_amount(left, weights, currency)


@dataclass(frozen=True)
class Progress:
    """How far a line is on a day."""

    event: Recognition
    start: date
    months: int = 1
    delivered: date | None = None
    share_used: Fraction = Fraction(0)


def earned(allocated: Decimal, progress: Progress, *, on: date, currency: str) -> Decimal:
    """Revenue of the line up to and with the day. Over time: equal months from the start, each at its end."""
    if progress.event == Recognition.SHIP:
        return allocated
    if progress.event == Recognition.DELIVER:
        return allocated if progress.delivered and progress.delivered <= on else ZERO
    if progress.event == Recognition.USE:
        part = min(progress.share_used, Fraction(1))
        return round_amount(allocated * part.numerator / part.denominator, currency)
    done = min(whole_months(progress.start, on), progress.months)
    return sum(split_amount(allocated, [Decimal(1)] * progress.months, currency)[:done], ZERO)


def whole_months(start: date, on: date) -> int:
    """Months that ended between the two days; a month that starts on the 31st ends with the last day of a shorter one."""
    if on < start:
        return 0
    months = (on.year - start.year) * 12 + on.month - start.month
    is_last_day = _next_day_is_first(on)
    return months if on.day >= start.day or is_last_day else months - 1


def _next_day_is_first(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).day == 1


def schedule(allocated: Decimal, progress: Progress, currency: str) -> list[tuple[date, Decimal]]:
    """What is recognized when, as far as dates tell: (day, amount), over time one row a month."""
    if progress.event == Recognition.OVER_TIME:
        parts = split_amount(allocated, [Decimal(1)] * progress.months, currency)
        return [(months_later(progress.start, n + 1), part) for n, part in enumerate(parts)]
    if progress.event == Recognition.SHIP:
        return [(progress.start, allocated)]
    if progress.event == Recognition.DELIVER and progress.delivered:
        return [(progress.delivered, allocated)]
    return []


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = date.fromordinal(following.toordinal() - 1).day
    return date(year, month + 1, min(day.day, last))
