"""Available to promise by date: the suffix minimum (domain.md §5).

The textbook rule (backward consumption, then accumulation) over-promises; the minimum over all later days does not.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate

from inventory.rules.asks import AtpPoint

ZERO = Decimal(0)


def cumulative_atp(supply: Sequence[Decimal], demand: Sequence[Decimal]) -> list[Decimal]:
    """`ATP(t) = max(0, min over s ≥ t of (cumulative supply(s) − cumulative demand(s)))`, bucket by bucket."""
    surplus = [s - d for s, d in zip(accumulate(supply), accumulate(demand), strict=True)]
    lowest = list(accumulate(reversed(surplus), min))
    return [max(ZERO, low) for low in reversed(lowest)]


def expected_on(eta: date, *, today: date, cutoff_days: int) -> date | None:
    """The day inbound supply counts from. Overdue supply is expected tomorrow, until its cut-off; then not at all."""
    if eta >= today:
        return eta
    return today + timedelta(days=1) if today - eta <= timedelta(days=cutoff_days) else None


def dated_atp(
    free_now: Decimal, inbound: Iterable[tuple[date, Decimal]], demand: Iterable[tuple[date, Decimal]], *, today: date
) -> tuple[AtpPoint, ...]:
    """The days on which the promisable quantity changes, today first. Demand of the past is owed today."""
    supplied: dict[date, Decimal] = defaultdict(lambda: ZERO, {today: free_now})
    wanted: dict[date, Decimal] = defaultdict(lambda: ZERO)
    for day, qty in inbound:
        supplied[max(day, today)] += qty
    for day, qty in demand:
        wanted[max(day, today)] += qty
    if len(supplied) == 1 and not wanted:  # by far the most products, in a list of hundreds
        return (AtpPoint(today, max(ZERO, supplied[today])),)
    days = sorted({*supplied, *wanted})
    values = cumulative_atp([supplied[d] for d in days], [wanted[d] for d in days])
    points = [AtpPoint(day, qty) for day, qty in zip(days, values, strict=True)]
    return tuple(p for i, p in enumerate(points) if i == 0 or p.qty != points[i - 1].qty)
