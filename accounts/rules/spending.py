"""Which days a buyer's period limit is for."""

from datetime import date, timedelta

from accounts.states import SpendingPeriod
from core.periods import Period

_MONTHS = {SpendingPeriod.MONTH: 1, SpendingPeriod.QUARTER: 3, SpendingPeriod.YEAR: 12}


def period_of(day: date, period: SpendingPeriod) -> Period:
    """The calendar week (from Monday), month, quarter or year that `day` is in."""
    if period is SpendingPeriod.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=7))
    months = _MONTHS[period]
    first = (day.month - 1) // months * months  # months since January
    start = date(day.year, first + 1, 1)
    following = first + months
    return Period(start, date(day.year + following // 12, following % 12 + 1, 1))
