"""The orders behind a number: those a KPI lost on, the worst first."""

from dataclasses import dataclass

from core import sql
from core.periods import Period
from reporting.queries import FINISHED, PERFECT, bounds

# Of the finished orders.
_MISSES = {
    "perfect_order": f"NOT ({PERFECT})",
    "on_time": "NOT on_time",
    "in_full": "NOT in_full",
    "right_documents": "NOT right_documents",
    "undamaged": "NOT undamaged",
    "cycle_time_median": "true",
    "cycle_time_p90": "true",
    "cycle_time_net_median": "true",
    "otif": "NOT (on_time AND in_full)",
    "order_fill": "first_shipped < ordered",
    "line_fill": "first_shipped < ordered",
    "value_fill": "first_shipped < ordered",
    "fill": "first_shipped < ordered",
}
# (order, how bad) of what else is counted; an order is named once, by its worst.
_LOST = {
    "backorder": """SELECT order_id, short_lines AS worst FROM reporting_ordermeasure WHERE short_lines > 0
        AND first_released_at >= %(start)s AND first_released_at < %(end)s""",
    "rep_adoption": """SELECT order_id, 0 AS worst FROM reporting_ordermeasure WHERE is_rep_order
        AND channel NOT IN ('api', 'portal') AND submitted_at >= %(start)s AND submitted_at < %(end)s""",
    "ship_to_invoice": """SELECT i.order_id, extract(epoch FROM i.posted_at - h.shipped_at) AS worst FROM billing_invoice i
        JOIN fulfillment_shipment h ON h.id = i.shipment_id
        WHERE i.status <> 'draft' AND i.issued_date >= %(start)s AND i.issued_date < %(end)s""",
    "disputed_invoices": """SELECT l.order_id, d.amount AS worst FROM billing_invoice i
        JOIN billing_dispute d ON d.invoice_id = i.id JOIN billing_invoiceline x ON x.invoice_id = i.id
        JOIN orders_orderline l ON l.id = x.order_line_id
        WHERE i.status <> 'draft' AND i.issued_date >= %(start)s AND i.issued_date < %(end)s""",
    "commission_accuracy": """SELECT l.order_id, abs(c.amount) AS worst FROM billing_commissionstatement s
        JOIN billing_commissionstatementline c ON c.statement_id = s.id AND c.was_disputed
        JOIN billing_invoiceline x ON x.id = c.invoice_line_id JOIN orders_orderline l ON l.id = x.order_line_id
        WHERE s.paid_at >= %(start)s AND s.paid_at < %(end)s""",
    "earned_to_paid": """SELECT l.order_id, extract(epoch FROM p.at - e.at) AS worst FROM billing_commissionentry p
        JOIN LATERAL (SELECT max(e.at) AS at FROM billing_commissionentry e WHERE e.invoice_line_id = p.invoice_line_id
            AND e.rep_id = p.rep_id AND e.kind = p.kind AND e.step = 'earned' AND e.id < p.id) e ON e.at IS NOT NULL
        JOIN billing_invoiceline x ON x.id = p.invoice_line_id JOIN orders_orderline l ON l.id = x.order_line_id
        WHERE p.step = 'paid' AND p.at >= %(start)s AND p.at < %(end)s""",
    "override_loss": """SELECT coalesce(i.order_id, o.subject_id), -o.money_effect AS worst FROM core_overrideentry o
        LEFT JOIN billing_invoice i ON o.subject_kind = 'invoice' AND i.id = o.subject_id
        WHERE o.kind = 'price' AND o.money_effect < 0 AND o.subject_kind IN ('order', 'invoice')
        AND o.at >= %(start)s AND o.at < %(end)s""",
    "promise_slips": """SELECT subject_id, money_at_risk AS worst FROM exceptions_app_case WHERE kind = 'promise_moved'
        AND subject_kind = 'order' AND opened_at >= %(start)s AND opened_at < %(end)s""",
    "case_breaches": """SELECT coalesce(h.order_id, i.order_id, c.subject_id), c.money_at_risk AS worst
        FROM exceptions_app_case c
        LEFT JOIN fulfillment_shipment h ON c.subject_kind = 'shipment' AND h.id = c.subject_id
        LEFT JOIN billing_invoice i ON c.subject_kind = 'invoice' AND i.id = c.subject_id
        WHERE c.breached_at IS NOT NULL AND c.subject_kind IN ('order', 'shipment', 'invoice')
        AND c.resolved_at >= %(start)s AND c.resolved_at < %(end)s""",
}
BEHIND = frozenset({*_MISSES, *_LOST})  # all but what contracts promise, which has a page of its own


@dataclass(frozen=True)
class OrderBehind:
    order_id: int
    number: str


def orders_behind(code: str, period: Period, *, limit: int = 200) -> list[OrderBehind]:
    """The orders a KPI lost on (for times the slowest), so that the number can be looked into; none for a code nobody
    knows. One statement."""
    start, end = bounds(period)
    parameters = {"start": start, "end": end, "limit": limit}
    if code in _MISSES:
        found = sql.rows(
            f"{FINISHED} SELECT order_id, order_number FROM finished WHERE {_MISSES[code]} "
            "ORDER BY last_shipped_at - received_at DESC, order_id LIMIT %(limit)s",
            parameters,
        )
    elif code in _LOST:
        found = sql.rows(
            f"WITH lost(order_id, worst) AS ({_LOST[code]}), worst AS (SELECT order_id, max(worst) AS worst FROM lost "
            "GROUP BY 1) SELECT m.order_id, m.order_number FROM worst w JOIN reporting_ordermeasure m "
            "ON m.order_id = w.order_id ORDER BY w.worst DESC, m.order_id LIMIT %(limit)s",
            parameters,
        )
    else:
        found = []
    return [OrderBehind(order_id, number) for order_id, number in found]
