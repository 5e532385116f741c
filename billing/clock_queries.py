"""When orders were invoiced and paid, for the clocks of an order."""

from collections.abc import Collection

from core import sql
from orders.rules.clocks import Span

_MOMENTS = """
SELECT o.order_id, min(i.posted_at), max(i.posted_at), bool_and(i.status IN ('paid', 'credited', 'written_off')),
       min(a.first), max(a.last)
  FROM orders_orderline o JOIN billing_invoiceline l ON l.order_line_id = o.id
  JOIN billing_invoice i ON i.id = l.invoice_id AND i.status <> 'draft'
  LEFT JOIN LATERAL (SELECT min(r.applied_at) AS first, max(r.applied_at) AS last
                       FROM billing_receiptapplication r WHERE r.invoice_id = i.id) a ON true
 WHERE o.order_id = ANY(%(orders)s::bigint[]) GROUP BY o.order_id
"""


def moments(order_ids: Collection[int]) -> dict[int, dict[str, Span]]:
    """Invoiced: its invoices were posted. Paid: money came and nothing that was invoiced is open. One statement."""
    found: dict[int, dict[str, Span]] = {}
    for order_id, first, last, is_settled, paid_first, paid_last in sql.rows(_MOMENTS, {"orders": list(order_ids)}):
        found[order_id] = {"invoiced": Span(first, last)}
        if is_settled and paid_first is not None:
            found[order_id]["paid"] = Span(paid_first, paid_last)
    return found
