"""Build the days of the KPIs: nightly all of them, every quarter of an hour the last ones, and when somebody asks."""

from datetime import date, datetime, timedelta

from django.db import connection

from core import clock
from core.uow import door_verb, require_uow
from reporting.models import KpiDay
from reporting.queries import RIGHT_DOCUMENTS
from reporting.service_terms import kpi_rows, served

RECENT = timedelta(days=35)
FIRST = date(2000, 1, 1)

_HELD = """
UPDATE reporting_ordermeasure m SET held_seconds = h.seconds
  FROM (SELECT x.id, sum(extract(epoch FROM upper(r) - lower(r)))::bigint AS seconds
          FROM (SELECT m.id, unnest(range_agg(tstzrange(h.placed_at, least(coalesce(h.cleared_at, m.last_shipped_at), m.last_shipped_at)))
                         * tstzmultirange(tstzrange(m.received_at, m.last_shipped_at))) AS r
                  FROM reporting_ordermeasure m JOIN orders_hold h ON h.order_id = m.order_id
                 WHERE m.last_shipped_at >= %(start)s AND m.last_shipped_at < %(end)s AND m.is_complete
                   AND h.placed_at < m.last_shipped_at AND m.received_at < m.last_shipped_at
                   AND coalesce(h.cleared_at, m.last_shipped_at) > h.placed_at
                 GROUP BY m.id) x GROUP BY x.id) h
 WHERE m.id = h.id AND m.held_seconds <> h.seconds
"""  # noqa: E501

# One row per KPI of each finished order, added up by day; then what other rows of the day say.
_BUILD = """
WITH finished AS MATERIALIZED (
  SELECT id, order_id, (last_shipped_at AT TIME ZONE 'UTC')::date AS day, is_on_time AS on_time, is_in_full AS in_full,
         {documents} AS documents, NOT is_damaged AS undamaged, ordered_qty, first_shipped_qty,
         extract(epoch FROM last_shipped_at - received_at) AS seconds, held_seconds
    FROM reporting_ordermeasure WHERE last_shipped_at >= %(start)s AND last_shipped_at < %(end)s AND is_complete
), rows AS (
  SELECT day, v.code, sum(v.num) AS num, sum(v.den) AS den, count(*) AS n FROM finished f CROSS JOIN LATERAL (VALUES
    ('perfect_order', (on_time AND in_full AND documents AND undamaged)::int::numeric, 1::numeric),
    ('on_time', on_time::int, 1), ('in_full', in_full::int, 1), ('right_documents', documents::int, 1),
    ('undamaged', undamaged::int, 1), ('otif', (on_time AND in_full)::int, 1),
    ('order_fill', (first_shipped_qty >= ordered_qty)::int, 1), ('fill', first_shipped_qty, ordered_qty),
    ('cycle_time', seconds, 1), ('cycle_time_net', greatest(seconds - held_seconds, 0), 1)) v(code, num, den)
   GROUP BY 1, 2
  UNION ALL
  SELECT f.day, v.code, sum(v.num), sum(v.den), sum(v.n) FROM (
    SELECT measure_id, count(*) FILTER (WHERE first_shipped_qty >= ordered_qty) AS filled, count(*) AS lines,
           sum(least(coalesce(first_shipped_qty, 0), ordered_qty) * unit_price) AS sent, sum(ordered_qty * unit_price) AS worth
      FROM reporting_linemeasure WHERE measure_id IN (SELECT id FROM finished) GROUP BY 1) l
    JOIN finished f ON f.id = l.measure_id
    CROSS JOIN LATERAL (VALUES ('line_fill', l.filled::numeric, l.lines::numeric, l.lines), ('value_fill', l.sent, l.worth, 1)) v(code, num, den, n)
   WHERE v.den > 0 GROUP BY 1, 2
  UNION ALL
  SELECT (first_released_at AT TIME ZONE 'UTC')::date, 'backorder', sum(short_lines), sum(release_lines), sum(release_lines)
    FROM reporting_ordermeasure WHERE first_released_at >= %(start)s AND first_released_at < %(end)s GROUP BY 1
  UNION ALL
  SELECT (submitted_at AT TIME ZONE 'UTC')::date, 'rep_adoption', count(*) FILTER (WHERE channel IN ('api', 'portal')), count(*), count(*)
    FROM reporting_ordermeasure WHERE is_rep_order AND submitted_at >= %(start)s AND submitted_at < %(end)s GROUP BY 1
  UNION ALL
  SELECT (s.paid_at AT TIME ZONE 'UTC')::date, 'commission_accuracy', count(*) FILTER (WHERE NOT l.was_disputed), count(*), count(*)
    FROM billing_commissionstatement s JOIN billing_commissionstatementline l ON l.statement_id = s.id
   WHERE s.paid_at >= %(start)s AND s.paid_at < %(end)s GROUP BY 1
  UNION ALL
  SELECT (p.at AT TIME ZONE 'UTC')::date, 'earned_to_paid', sum(extract(epoch FROM p.at - e.at)), count(*), count(*)
    FROM billing_commissionentry p JOIN LATERAL (
      SELECT max(e.at) AS at FROM billing_commissionentry e WHERE e.invoice_line_id = p.invoice_line_id AND e.rep_id = p.rep_id
         AND e.kind = p.kind AND e.step = 'earned' AND e.id < p.id) e ON e.at IS NOT NULL
   WHERE p.step = 'paid' AND p.at >= %(start)s AND p.at < %(end)s GROUP BY 1
  UNION ALL
  SELECT i.issued_date, v.code, sum(v.num), count(v.num), count(v.num) FROM billing_invoice i
    LEFT JOIN fulfillment_shipment h ON h.id = i.shipment_id
    CROSS JOIN LATERAL (VALUES
      ('disputed_invoices', (EXISTS (SELECT FROM billing_dispute d WHERE d.invoice_id = i.id))::int::numeric),
      ('ship_to_invoice', extract(epoch FROM i.posted_at - h.shipped_at))) v(code, num)
   WHERE i.status <> 'draft' AND i.issued_date >= %(start)s AND i.issued_date < %(end)s AND v.num IS NOT NULL GROUP BY 1, 2
  UNION ALL
  SELECT (at AT TIME ZONE 'UTC')::date, 'override_loss ' || currency, -sum(money_effect), 1, count(*) FROM core_overrideentry
   WHERE money_effect < 0 AND currency <> '' AND kind = 'price' AND at >= %(start)s AND at < %(end)s GROUP BY 1, 2
  UNION ALL
  SELECT (opened_at AT TIME ZONE 'UTC')::date, 'promise_slips', count(*), 1, count(*) FROM exceptions_app_case
   WHERE kind = 'promise_moved' AND opened_at >= %(start)s AND opened_at < %(end)s GROUP BY 1
  UNION ALL
  SELECT (resolved_at AT TIME ZONE 'UTC')::date, 'case_breaches', count(breached_at), count(*), count(*) FROM exceptions_app_case
   WHERE resolved_at >= %(start)s AND resolved_at < %(end)s GROUP BY 1
)
INSERT INTO reporting_kpiday (day, code, numerator, denominator, counted) SELECT day, code, num, den, n FROM rows
"""  # noqa: E501


@door_verb
def build_kpis(*, start: date, end: date) -> int:
    """Build the days of [start, end) anew; how many rows. Nine statements, whatever the number of orders."""
    return _build(start, end)


@door_verb
def build_recent_kpis(*, now: datetime) -> int:
    """The last 35 days: what a day's facts may still change."""
    tomorrow = clock.local_date(now, "UTC") + timedelta(days=1)
    return _build(tomorrow - RECENT, tomorrow)


@require_uow
def _build(start: date, end: date) -> int:
    days = {"start": start, "end": end}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('reporting_kpiday'))")  # one build at a time
        cursor.execute(_HELD, days)
        cursor.execute("DELETE FROM reporting_kpiday WHERE day >= %(start)s AND day < %(end)s", days)
        cursor.execute(_BUILD.replace("{documents}", RIGHT_DOCUMENTS), days)
        built = cursor.rowcount
    terms = kpi_rows(served(start, end))
    KpiDay.objects.bulk_create(
        KpiDay(day=day, code=code, numerator=num, denominator=den, counted=n) for day, code, num, den, n in terms
    )
    return built + len(terms)
