"""The seams that must not leak, counted from the rows themselves (domain.md §12): no case has to be opened first.

They look at the newest invoice lines, the holds of the last 90 days and what is in the warehouse, so that the first page
of a console with millions of orders stays quick; check_invariants walks the whole history.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

SAMPLE = 5  # documents named beside a count
NEWEST_LINES = 10_000  # invoice lines whose price is compared

# A shipment line of a released shipment is backed by an open claim of the same demand, balance and quantity.
_WITHOUT_STOCK = """
    SELECT DISTINCT h.number FROM fulfillment_shipmentline l
      JOIN fulfillment_shipment h ON h.id = l.shipment_id
      LEFT JOIN inventory_claim c ON c.id = l.claim_id AND c.demand_id = l.demand_id AND c.balance_id = l.balance_id
     WHERE (h.status IN ('released', 'acknowledged', 'picking')
            AND (c.id IS NULL OR c.state <> 'open' OR c.kind <> 'released' OR c.qty < l.qty))
        OR (h.status = 'packed' AND l.picked_qty > 0
            AND (c.id IS NULL OR c.state <> 'open' OR c.kind <> 'picked' OR c.qty < l.picked_qty))"""
_OTHER_PRICE = f"""
    SELECT DISTINCT i.number FROM (SELECT * FROM billing_invoiceline ORDER BY id DESC LIMIT {NEWEST_LINES}) x
      JOIN billing_invoice i ON i.id = x.invoice_id JOIN orders_orderline o ON o.id = x.order_line_id
      JOIN orders_order d ON d.id = o.order_id
     WHERE x.rebills_id IS NULL AND x.price_settled_at IS NULL AND x.unit_price IS DISTINCT FROM o.unit_price
        OR i.currency <> d.currency"""
# Goods that left for the pick while a credit hold stood, and holds a rule placed on goods already packed, nothing of the
# order being left to release (a hold on what is still to be released is how it should be).
_CREDIT_AFTER_PICK = """
    SELECT DISTINCT o.number FROM orders_hold h
      JOIN orders_order o ON o.id = h.order_id JOIN fulfillment_shipment s ON s.order_id = o.id
     WHERE h.reason = 'credit' AND s.status IN ('released', 'acknowledged', 'picking', 'packed', 'shipped', 'in_transit')
       AND s.released_at > now() - interval '90 days'
       AND (h.cleared_at IS NULL OR h.cleared_at > now() - interval '90 days')
       AND ((s.released_at > h.placed_at AND (h.cleared_at IS NULL OR h.cleared_at > s.released_at))
            OR (h.cleared_at IS NULL AND NOT h.is_forced AND h.placed_at > s.packed_at AND NOT EXISTS (
                SELECT FROM orders_orderline l JOIN inventory_demand d ON d.id = l.demand_id
                 WHERE l.order_id = o.id AND d.backordered_qty + d.reserved_qty + d.allocated_qty > 0)))"""


@dataclass(frozen=True)
class Leak:
    """How many documents leak at a seam, and the first of them by number."""

    count: int
    first: tuple[str, ...]


NO_LEAK = Leak(0, ())
SEAM_SQL: Mapping[str, str] = {
    "released_without_stock": _WITHOUT_STOCK,
    "price_changed": _OTHER_PRICE,
    "credit_after_pick": _CREDIT_AFTER_PICK,
}


def leaks() -> dict[str, Leak]:
    """Every seam that rows can tell, one statement each."""
    return {code: _leak(sql) for code, sql in SEAM_SQL.items()}


def _leak(sql: str) -> Leak:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), (array_agg(number ORDER BY number))[1:{SAMPLE}] FROM ({sql}) leaking")
        count, first = _only(cursor.fetchall())
    return Leak(count, tuple(first or ()))


def _only(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    (row,) = rows
    return row
