"""KPIs out of the built days: of a period, and week by week. One statement each."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from core.chart import Count, every_day
from core.periods import Period
from reporting.rules.kpis import BUILT, WEEKLY, Definition, Measured, built_value

ZERO = Decimal(0)
WEEKS = 12


@dataclass(frozen=True)
class Trend:
    """A KPI week by week, the oldest first; None where nothing was counted."""

    definition: Definition
    values: tuple[Decimal | None, ...]
    total: Measured


def built(period: Period) -> dict[str, Measured]:
    """The KPIs that are kept by day, added up over the period. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, sum(numerator), sum(denominator), sum(counted) FROM reporting_kpiday "
            "WHERE day >= %s AND day < %s GROUP BY code",
            [period.start, period.end],
        )
        rows = {code: (num, den, int(n)) for code, num, den, n in cursor.fetchall()}
    return {d.code: built_value(d, *_found(d, rows)) for d in BUILT}


def built_days(code: str, period: Period) -> list[Count]:
    """A built share, day by day: its denominator and the numerator as the part of it. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT day, denominator, numerator FROM reporting_kpiday WHERE code = %s AND day >= %s AND day < %s",
            [code, period.start, period.end],
        )
        return every_day(period, {day: (int(whole), int(part)) for day, whole, part in cursor.fetchall()})


def trends(*, until: date, weeks: int = WEEKS) -> tuple[list[date], list[Trend]]:
    """The first days of the last weeks, which end before `until`, and every KPI that days add up to. One statement."""
    first = until - timedelta(weeks=weeks)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, (day - %s::date) / 7, sum(numerator), sum(denominator), sum(counted) FROM reporting_kpiday "
            "WHERE day >= %s AND day < %s GROUP BY 1, 2",
            [first, first, until],
        )
        by_week: list[dict[str, tuple[Decimal, Decimal, int]]] = [{} for _ in range(weeks)]
        for code, week, num, den, n in cursor.fetchall():
            by_week[int(week)][code] = (num, den, int(n))
    found = []
    for d in WEEKLY:
        weekly = [_found(d, rows) for rows in by_week]
        sums = tuple(sum(parts, ZERO) for parts in zip(*((n, den) for n, den, _ in weekly), strict=True))
        total = built_value(d, sums[0], sums[1], sum(n for *_, n in weekly))
        found.append(Trend(d, tuple(built_value(d, *w).value for w in weekly), total))
    return [first + timedelta(weeks=n) for n in range(weeks)], found


def _found(d: Definition, rows: dict[str, tuple[Decimal, Decimal, int]]) -> tuple[Decimal, Decimal, int]:
    """A money KPI is kept per currency: the largest is shown."""
    if d.unit == "money":
        mine = [row for code, row in rows.items() if code.startswith(f"{d.code} ")]
        return max(mine, default=(ZERO, ZERO, 0))
    return rows.get(d.code, (ZERO, ZERO, 0))
