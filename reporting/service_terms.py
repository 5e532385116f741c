"""How well service was kept against what contracts promise: on time, filled, and what lateness costs.

Orders are measured by the terms that held on the day they were placed; they count on the day of their last shipment, as
in every KPI of finished orders.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_UP, Decimal

from django.db import connection

from accounts import queries as accounts
from core.periods import Period
from core.quantity import plain
from pricing.contract_queries import ContractTerms, terms_by_day

ZERO, HUNDRED = Decimal(0), Decimal(100)
TENTH, HUNDREDTH = Decimal("0.1"), Decimal("0.01")

_SERVED = """
WITH finished AS MATERIALIZED (
  SELECT id, account_id, (coalesce(submitted_at, received_at) AT TIME ZONE 'UTC')::date AS ordered_on,
         (last_shipped_at AT TIME ZONE 'UTC')::date AS day
    FROM reporting_ordermeasure WHERE last_shipped_at >= %(start)s AND last_shipped_at < %(end)s AND is_complete
     AND EXISTS (SELECT FROM pricing_contract)
)
SELECT f.account_id, f.ordered_on, f.day, count(*), count(*) FILTER (WHERE s.late = 0), sum(l.ordered_qty),
       sum(least(coalesce(l.first_shipped_qty, 0), l.ordered_qty)), count(*) FILTER (WHERE s.late > 0), sum(s.late)
  FROM finished f JOIN reporting_linemeasure l ON l.measure_id = f.id
  CROSS JOIN LATERAL (SELECT greatest(coalesce(l.last_shipped_date - l.promised_date, 0), 0) AS late) s
 GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class Served:
    """Lines of a customer's finished orders under one version of a contract. `units` ordered and, `filled`, left with their
    order's first shipment; `late_days` of all late lines together, after their first promised date."""

    terms: ContractTerms
    day: date
    lines: int
    on_time: int
    units: Decimal
    filled: Decimal
    late_lines: int
    late_days: int

    @property
    def penalty(self) -> Decimal:
        """What the contract asks for what was late, in its currency."""
        return self.terms.penalty_per_late_line * self.late_lines + self.terms.penalty_per_late_day * self.late_days

    @property
    def on_time_share(self) -> Decimal:
        return _percent(Decimal(self.on_time), Decimal(self.lines))

    @property
    def fill_share(self) -> Decimal:
        return _percent(self.filled, self.units)

    @property
    def shortfalls(self) -> tuple[tuple[Decimal, str], ...]:
        """(points below the target, rounded up; both figures in words) of each target that was missed."""
        found = []
        if not self.is_on_time and (target := self.terms.on_time_percent) is not None:
            found.append(
                (_points(target, Decimal(self.on_time), Decimal(self.lines)), "on time", self.on_time_share, target)
            )
        if not self.is_filled and (target := self.terms.fill_percent) is not None:
            found.append((_points(target, self.filled, self.units), "filled", self.fill_share, target))
        return tuple((points, f"{what} {share} % of {plain(target)} %") for points, what, share, target in found)

    @property
    def is_on_time(self) -> bool:
        """Whether the contract's target is reached; nothing promised is."""
        target = self.terms.on_time_percent
        return target is None or self.on_time * HUNDRED >= target * self.lines

    @property
    def is_filled(self) -> bool:
        target = self.terms.fill_percent
        return target is None or self.filled * HUNDRED >= target * self.units


def _points(target: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return (target - part * HUNDRED / whole).quantize(HUNDREDTH, ROUND_UP)


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part * HUNDRED / whole).quantize(TENTH) if whole else HUNDRED


def served(start: date, end: date) -> list[Served]:
    """By customer, day of the order and day of the last shipment in [start, end); customers without a contract are left
    out. 4 SQL."""
    with connection.cursor() as cursor:
        cursor.execute(_SERVED, {"start": start, "end": end})
        rows = cursor.fetchall()
    terms = terms_by_day((account_id, ordered_on) for account_id, ordered_on, *_ in rows)
    return [
        Served(held, day, lines, on_time, units, filled, late, int(days))
        for account_id, ordered_on, day, lines, on_time, units, filled, late, days in rows
        if (held := terms.get((account_id, ordered_on))) is not None
    ]


def served_by_contract(start: date, end: date) -> dict[tuple[int, int], Served]:
    """{(customer, version of a contract): how they were served under it} of orders that finished in [start, end). 4 SQL."""
    found: dict[tuple[int, int], Served] = {}
    for x in served(start, end):
        key = x.terms.account_id, x.terms.contract_id
        found[key] = _together(found[key], x) if key in found else x
    return found


def by_contract(period: Period) -> list[tuple[str, Served]]:
    """(customer, what they were served under a version of a contract) over the period, what was missed first. 5 SQL."""
    found = served_by_contract(*_ends(period))
    names = accounts.names({account_id for account_id, _ in found})
    rows = [(names.get(account_id, ""), x) for (account_id, _), x in found.items()]
    return sorted(
        rows, key=lambda row: (row[1].is_on_time and row[1].is_filled, -row[1].penalty, row[0], row[1].terms.code)
    )


def _ends(period: Period) -> tuple[date, date]:
    if period.start is None or period.end is None:
        raise ValueError("a period with both ends is needed")
    return period.start, period.end


def _together(one: Served, other: Served) -> Served:
    return replace(
        one,
        lines=one.lines + other.lines,
        on_time=one.on_time + other.on_time,
        units=one.units + other.units,
        filled=one.filled + other.filled,
        late_lines=one.late_lines + other.late_lines,
        late_days=one.late_days + other.late_days,
    )


def kpi_rows(found: Iterable[Served]) -> list[tuple[date, str, Decimal, Decimal, int]]:
    """(day, code, numerator, denominator, counted) for reporting_kpiday: kept lines or units against those the contracts
    promise, where they promise any; penalties by currency."""
    sums: dict[tuple[date, str], tuple[Decimal, Decimal, int]] = {}

    def add(day: date, code: str, num: Decimal, den: Decimal, n: int) -> None:
        had = sums.get((day, code), (ZERO, ZERO, 0))
        sums[day, code] = (had[0] + num, had[1] + den, had[2] + n)

    for x in found:
        if x.terms.on_time_percent:
            add(x.day, "service_on_time", Decimal(x.on_time), x.terms.on_time_percent * x.lines / HUNDRED, x.lines)
        if x.terms.fill_percent:
            add(x.day, "service_fill", x.filled, x.terms.fill_percent * x.units / HUNDRED, x.lines)
        if x.penalty:
            add(x.day, f"late_penalties {x.terms.currency}", x.penalty, Decimal(1), x.late_lines)
    return [(day, code, *found) for (day, code), found in sorted(sums.items())]
