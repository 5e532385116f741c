"""The KPIs of a period, in a constant number of statements, and the orders behind a number."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from core.periods import Period
from reporting.rules.kpis import DEFINITIONS, NO_DATA, Kpi, Measured, hours, kpi, share

# An order is finished when nothing of it is open and something was shipped; it counts on the day of its last shipment.
_FINISHED = """
WITH candidate AS (
    SELECT * FROM reporting_ordermeasure
    WHERE last_shipped_at >= %(start)s AND last_shipped_at < %(end)s
), finished AS (
    SELECT c.id, c.order_id, c.order_number, c.received_at, c.last_shipped_at,
        coalesce(bool_and(l.last_shipped_date <= l.promised_date), true) AS on_time,
        bool_and(l.shipped_qty >= l.ordered_qty) AS in_full,
        cardinality(c.invoice_ids) >= cardinality(c.shipment_ids) AS right_documents,
        NOT c.is_damaged AS undamaged,
        sum(l.ordered_qty) AS ordered, sum(coalesce(l.first_shipped_qty, 0)) AS first_shipped
    FROM candidate c JOIN reporting_linemeasure l ON l.measure_id = c.id
    GROUP BY c.id, c.order_id, c.order_number, c.received_at, c.last_shipped_at, c.invoice_ids, c.shipment_ids, c.is_damaged
    HAVING bool_and(l.shipped_qty + l.cancelled_qty >= l.ordered_qty)
)
"""
_PERFECT = "on_time AND in_full AND right_documents AND undamaged"
_MISSES = {
    "perfect_order": f"NOT ({_PERFECT})",
    "on_time": "NOT on_time",
    "in_full": "NOT in_full",
    "right_documents": "NOT right_documents",
    "undamaged": "NOT undamaged",
    "cycle_time_median": "true",
    "cycle_time_p90": "true",
    "fill": "first_shipped < ordered",
}


@dataclass(frozen=True)
class DayCount:
    """Orders that finished shipping on a day (UTC), and how many of them were perfect."""

    day: date
    finished: int
    perfect: int


@dataclass(frozen=True)
class OrderBehind:
    order_id: int
    number: str


def kpis(period: Period) -> list[Kpi]:
    """Every KPI of the period (both ends needed, days in UTC), with its trend against the period before."""
    start, end = _bounds(period)
    now, before = _measured(start, end), _measured(start - (end - start), start)
    return [kpi(d, now.get(d.code, NO_DATA), before.get(d.code, NO_DATA)) for d in DEFINITIONS]


@dataclass(frozen=True)
class LineFill:
    """Ordered lines, and those that left in full with their order's first shipment."""

    orders: int
    lines: int
    in_full: int


def line_fill(period: Period) -> LineFill:
    """Of all orders submitted in the period; a line nothing of which has left was not filled. One statement."""
    start, end = _bounds(period)
    (found,) = _rows(
        "SELECT count(DISTINCT m.id), count(l.id), count(l.id) FILTER (WHERE l.first_shipped_qty >= l.ordered_qty) "
        "FROM reporting_ordermeasure m JOIN reporting_linemeasure l ON l.measure_id = m.id "
        "WHERE m.submitted_at >= %(start)s AND m.submitted_at < %(end)s",
        {"start": start, "end": end},
    )
    return LineFill(*found)


def orders_behind(code: str, period: Period, *, limit: int = 200) -> list[OrderBehind]:
    """The orders a KPI lost on (for cycle times the slowest), so that the number can be looked into."""
    start, end = _bounds(period)
    parameters = {"start": start, "end": end, "limit": limit}
    if code in _MISSES:
        rows = _rows(
            f"{_FINISHED} SELECT order_id, order_number FROM finished WHERE {_MISSES[code]} "
            "ORDER BY last_shipped_at - received_at DESC, order_id LIMIT %(limit)s",
            parameters,
        )
    elif code == "backorder":
        rows = _rows(
            "SELECT order_id, order_number FROM reporting_ordermeasure WHERE first_released_at >= %(start)s "
            "AND first_released_at < %(end)s AND short_lines > 0 ORDER BY short_lines DESC, order_id LIMIT %(limit)s",
            parameters,
        )
    elif code == "rep_adoption":
        rows = _rows(
            "SELECT order_id, order_number FROM reporting_ordermeasure WHERE submitted_at >= %(start)s "
            "AND submitted_at < %(end)s AND is_rep_order AND channel NOT IN ('api', 'portal') "
            "ORDER BY order_id LIMIT %(limit)s",
            parameters,
        )
    else:
        rows = []
    return [OrderBehind(order_id, number) for order_id, number in rows]


def days(period: Period) -> list[DayCount]:
    """Each day of the period, also those on which nothing was finished."""
    start, end = _bounds(period)
    rows = _rows(
        f"{_FINISHED} SELECT (last_shipped_at AT TIME ZONE 'UTC')::date, count(*), count(*) FILTER (WHERE {_PERFECT}) "
        "FROM finished GROUP BY 1",
        {"start": start, "end": end},
    )
    found = {day: DayCount(day, finished, perfect) for day, finished, perfect in rows}
    every = [start + timedelta(days=n) for n in range((end - start).days)]
    return [found.get(day, DayCount(day, 0, 0)) for day in every]


def _bounds(period: Period) -> tuple[date, date]:
    if period.start is None or period.end is None:
        raise ValueError("a KPI is of a period with both ends")
    return period.start, period.end


def _measured(start: date, end: date) -> dict[str, Measured]:
    parameters = {"start": start, "end": end}
    ((finished, perfect, on_time, in_full, documents, undamaged, ordered, first, median, p90),) = _rows(
        f"{_FINISHED} SELECT count(*), count(*) FILTER (WHERE {_PERFECT}), count(*) FILTER (WHERE on_time), "
        "count(*) FILTER (WHERE in_full), count(*) FILTER (WHERE right_documents), count(*) FILTER (WHERE undamaged), "
        "coalesce(sum(ordered), 0), coalesce(sum(first_shipped), 0), "
        "round(extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY last_shipped_at - received_at))), "
        "round(extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY last_shipped_at - received_at))) "
        "FROM finished",
        parameters,
    )
    ((lines, short),) = _rows(
        "SELECT coalesce(sum(release_lines), 0), coalesce(sum(short_lines), 0) FROM reporting_ordermeasure "
        "WHERE first_released_at >= %(start)s AND first_released_at < %(end)s",
        parameters,
    )
    ((rep, app),) = _rows(
        "SELECT count(*), count(*) FILTER (WHERE channel IN ('api', 'portal')) FROM reporting_ordermeasure "
        "WHERE is_rep_order AND submitted_at >= %(start)s AND submitted_at < %(end)s",
        parameters,
    )
    return {
        "perfect_order": share(perfect, finished),
        "on_time": share(on_time, finished),
        "in_full": share(in_full, finished),
        "right_documents": share(documents, finished),
        "undamaged": share(undamaged, finished),
        "cycle_time_median": hours(_decimal(median), finished),
        "cycle_time_p90": hours(_decimal(p90), finished),
        "backorder": share(short, lines),
        "fill": share(first, ordered),
        "rep_adoption": share(app, rep),
    }


def _decimal(seconds: Any) -> Decimal | None:
    return None if seconds is None else Decimal(seconds)


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
