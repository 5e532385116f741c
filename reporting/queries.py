"""The KPIs of a period and what waits now, in a constant number of statements."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from core.chart import Count, every_day
from core.money import places_in_sql
from core.periods import Period
from exceptions_app.states import LIVE
from reporting.kpi_queries import built
from reporting.rules.kpis import ALL, NO_DATA, Kpi, Measured, hours, kpi, share

# Ship notices (ASN) that did not leave, or not as the shipment was, are cases of their shipment.
RIGHT_DOCUMENTS = """
    (cardinality(invoice_ids) >= cardinality(shipment_ids) OR shipment_ids <@ coalesce(billed_shipment_ids, '{}'))
        AND NOT is_disputed AND order_id NOT IN (
            SELECT h.order_id FROM exceptions_app_case c JOIN fulfillment_shipment h ON h.id = c.subject_id
             WHERE c.subject_kind = 'shipment' AND c.kind IN ('asn_due', 'asn_mismatch'))
"""
# An order is finished when nothing of it is open and something was shipped; it counts on the day of its last shipment.
# What its lines add up to is kept beside it (reporting.models.measure), so that a year of lines is not read for a page.
FINISHED = f"""
WITH finished AS (
    SELECT id, order_id, order_number, received_at, last_shipped_at, is_on_time AS on_time, is_in_full AS in_full,
        {RIGHT_DOCUMENTS} AS right_documents, NOT is_damaged AS undamaged, held_seconds,
        ordered_qty AS ordered, first_shipped_qty AS first_shipped
    FROM reporting_ordermeasure
    WHERE last_shipped_at >= %(start)s AND last_shipped_at < %(end)s AND is_complete
)
"""
PERFECT = "on_time AND in_full AND right_documents AND undamaged"


@dataclass(frozen=True)
class OpenHolds:
    """Open holds of a reason: how many, on how many orders, and what those orders are worth (in one currency)."""

    reason: str
    holds: int
    orders: int
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class ReleaseQueue:
    """Goods allocated and not yet released: the money that waits, and the part of it a hold keeps from leaving."""

    currency: str
    orders: int
    amount: Decimal
    held_orders: int
    held_amount: Decimal


@dataclass(frozen=True)
class LiveKind:
    """Live cases of a kind: how many, how many past a clock, the money at risk in each currency."""

    kind: str
    live: int
    breached: int
    money: tuple[tuple[Decimal, str], ...]


def kpis(period: Period) -> list[Kpi]:
    """Every KPI of the period (both ends needed, days in UTC), with its trend against the period before."""
    start, end = bounds(period)
    earlier = start - (end - start)
    now = _measured(start, end) | built(period)
    before = _measured(earlier, start) | built(Period(earlier, start))
    return [kpi(d, now.get(d.code, NO_DATA), before.get(d.code, NO_DATA)) for d in ALL]


@dataclass(frozen=True)
class LineFill:
    """Ordered lines, and those that left in full with their order's first shipment."""

    orders: int
    lines: int
    in_full: int


def line_fill(period: Period) -> LineFill:
    """Of all orders submitted in the period; a line nothing of which has left was not filled. One statement."""
    start, end = bounds(period)
    (found,) = _rows(
        "SELECT count(DISTINCT m.id), count(l.id), count(l.id) FILTER (WHERE l.first_shipped_qty >= l.ordered_qty) "
        "FROM reporting_ordermeasure m JOIN reporting_linemeasure l ON l.measure_id = m.id "
        "WHERE m.submitted_at >= %(start)s AND m.submitted_at < %(end)s",
        {"start": start, "end": end},
    )
    return LineFill(*found)


def days(period: Period) -> list[Count]:
    """Finished orders and the perfect ones of them, each day of the period (UTC), also of none."""
    start, end = bounds(period)
    rows = _rows(
        f"{FINISHED} SELECT (last_shipped_at AT TIME ZONE 'UTC')::date, count(*), count(*) FILTER (WHERE {PERFECT}) "
        "FROM finished GROUP BY 1",
        {"start": start, "end": end},
    )
    return every_day(period, {day: (finished, perfect) for day, finished, perfect in rows})


def open_holds() -> list[OpenHolds]:
    """Most money first. One statement over the open holds."""
    rows = _rows(
        "SELECT h.reason, count(*), count(DISTINCT h.order_id), coalesce(sum(o.total_amount), 0), o.currency "
        "FROM orders_hold h JOIN orders_order o ON o.id = h.order_id WHERE h.cleared_at IS NULL AND o.status = 'submitted' "
        "GROUP BY h.reason, o.currency ORDER BY 4 DESC, 1, 5",
        {},
    )
    return [OpenHolds(*row) for row in rows]


def release_queue() -> list[ReleaseQueue]:
    """Per currency: allocated quantity at the locked price. Reads the submitted orders only, however many are closed."""
    rows = _rows(
        "WITH held AS MATERIALIZED (SELECT DISTINCT order_id FROM orders_hold WHERE cleared_at IS NULL "
        "AND 'release' = ANY(blocks)), "
        "waiting AS (SELECT l.order_id, "
        f"sum(round(d.allocated_qty * l.unit_price, {places_in_sql('o.currency')})) AS amount "
        "FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id JOIN inventory_demand d ON d.id = l.demand_id "
        "WHERE d.allocated_qty > 0 AND o.status = 'submitted' GROUP BY l.order_id) "
        "SELECT o.currency, count(*), sum(amount), count(h.order_id), "
        "coalesce(sum(amount) FILTER (WHERE h.order_id IS NOT NULL), 0) "
        "FROM waiting w JOIN orders_order o ON o.id = w.order_id "
        "LEFT JOIN held h ON h.order_id = w.order_id GROUP BY o.currency ORDER BY 3 DESC, 1",
        {},
    )
    return [ReleaseQueue(*row) for row in rows]


def live_kinds() -> list[LiveKind]:
    """Live cases by kind, most first. One statement over the live cases."""
    rows = _rows(
        "SELECT kind, currency, count(*), count(*) FILTER (WHERE breached_at IS NOT NULL), sum(money_at_risk) "
        "FROM exceptions_app_case WHERE status = ANY(%(live)s) GROUP BY kind, currency ORDER BY kind, currency",
        {"live": [status.value for status in LIVE]},
    )
    found: dict[str, LiveKind] = {}
    for kind, currency, live, breached, money in rows:
        seen = found.get(kind, LiveKind(kind, 0, 0, ()))
        amounts = (*seen.money, (money, currency)) if money else seen.money
        found[kind] = LiveKind(kind, seen.live + live, seen.breached + breached, amounts)
    return sorted(found.values(), key=lambda k: (-k.live, k.kind))


def bounds(period: Period) -> tuple[date, date]:
    if period.start is None or period.end is None:
        raise ValueError("a KPI is of a period with both ends")
    return period.start, period.end


def _measured(start: date, end: date) -> dict[str, Measured]:
    parameters = {"start": start, "end": end}
    ((finished, perfect, on_time, in_full, documents, undamaged, ordered, first, median, p90, net),) = _rows(
        f"{FINISHED} SELECT count(*), count(*) FILTER (WHERE {PERFECT}), count(*) FILTER (WHERE on_time), "
        "count(*) FILTER (WHERE in_full), count(*) FILTER (WHERE right_documents), count(*) FILTER (WHERE undamaged), "
        "coalesce(sum(ordered), 0), coalesce(sum(first_shipped), 0), "
        "round(extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY last_shipped_at - received_at))), "
        "round(extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY last_shipped_at - received_at))), "
        "round(percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest("
        "extract(epoch FROM last_shipped_at - received_at) - held_seconds, 0))) FROM finished",
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
        "cycle_time_net_median": hours(_decimal(net), finished),
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
