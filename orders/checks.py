"""What must always be true of orders, one SQL statement each; run by check_invariants and by the tests."""

from collections.abc import Callable, Iterator

from django.db import connection

from core import invariants
from core.money import places_in_sql

PLACES = places_in_sql("o.currency")

TOTALS = """
    SELECT format('order %s says %s, its lines sum to %s', o.number, o.total_amount, coalesce(sum(l.amount), 0))
      FROM orders_order o LEFT JOIN orders_orderline l ON l.order_id = o.id
     GROUP BY o.id HAVING o.total_amount <> coalesce(sum(l.amount), 0) ORDER BY o.id"""
CHARGES = f"""
    SELECT format('order %s says tax %s and freight %s, its lines %s and %s', o.number, o.tax_amount, o.freight_amount,
                  sum(round((d.ordered_qty - d.cancelled_qty) * l.unit_tax, {PLACES})),
                  sum(round((d.ordered_qty - d.cancelled_qty) * l.unit_freight, {PLACES})))
      FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id JOIN inventory_demand d ON d.id = l.demand_id
     GROUP BY o.id HAVING sum(l.unit_tax + l.unit_freight) > 0
       AND (o.tax_amount, o.freight_amount) <> (sum(round((d.ordered_qty - d.cancelled_qty) * l.unit_tax, {PLACES})),
                                                sum(round((d.ordered_qty - d.cancelled_qty) * l.unit_freight, {PLACES})))
     ORDER BY o.id"""
DEMANDS = """
    SELECT format('order %s line %s asks for %s, its demand for %s', o.number, l.line_no, l.qty,
                  coalesce(d.ordered_qty::text, 'nothing'))
      FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
      LEFT JOIN inventory_demand d ON d.id = l.demand_id
     WHERE o.submitted_at IS NOT NULL AND (d.id IS NULL OR d.ordered_qty <> l.qty OR d.product_id <> l.product_id)
     ORDER BY o.id, l.line_no"""
AMOUNTS = f"""
    SELECT format('order %s line %s is worth %s, its standing quantity at the locked price %s', o.number, l.line_no,
                  l.amount, round((d.ordered_qty - d.cancelled_qty) * l.unit_price, {PLACES}))
      FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id JOIN inventory_demand d ON d.id = l.demand_id
     WHERE l.amount <> round((d.ordered_qty - d.cancelled_qty) * l.unit_price, {PLACES})
     ORDER BY o.id, l.line_no"""
DRAFTS = """
    SELECT format('order %s is %s, but has demands', o.number, o.status)
      FROM orders_order o WHERE o.submitted_at IS NULL
       AND EXISTS (SELECT FROM orders_orderline l WHERE l.order_id = o.id AND l.demand_id IS NOT NULL) ORDER BY o.id"""
CLOSED = """
    SELECT format('order %s is %s, %s units of it are open', o.number, o.status,
                  sum(d.ordered_qty - d.cancelled_qty - d.shipped_qty))
      FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id JOIN inventory_demand d ON d.id = l.demand_id
     WHERE o.status IN ('closed', 'cancelled')
     GROUP BY o.id HAVING sum(d.ordered_qty - d.cancelled_qty - d.shipped_qty) > 0 ORDER BY o.id"""
CREDIT = f"""
    WITH worth AS (
        SELECT o.id, sum(round(q.open * l.unit_price, {PLACES}) + round(q.open * l.unit_tax, {PLACES})
                         + round(q.open * l.unit_freight, {PLACES})) AS amount
          FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
          JOIN inventory_demand d ON d.id = l.demand_id
         CROSS JOIN LATERAL (SELECT d.backordered_qty + d.reserved_qty + d.allocated_qty AS open) q
          JOIN credit_creditaccount c ON c.account_id = o.account_id
         GROUP BY o.id),
    posted AS (
        SELECT doc_id AS id, sum(coalesce(document_amount, amount)) AS amount FROM credit_posting
         WHERE doc_kind = 'order' AND bucket = 'open_order' GROUP BY doc_id)
    SELECT format('order %s is worth %s open, credit holds %s', o.number, coalesce(w.amount, 0), coalesce(p.amount, 0))
      FROM worth w FULL JOIN posted p ON p.id = w.id JOIN orders_order o ON o.id = coalesce(w.id, p.id)
     WHERE coalesce(p.amount, 0) <> coalesce(w.amount, 0) ORDER BY o.id"""
HOLDS = """
    SELECT format('order %s is %s, its %s hold is still open', o.number, o.status, h.reason)
      FROM orders_order o JOIN orders_hold h ON h.order_id = o.id
     WHERE o.status IN ('closed', 'cancelled') AND h.cleared_at IS NULL ORDER BY o.id, h.id"""
REVISIONS = """
    SELECT format('order %s has %s revisions, the last is number %s of version %s', o.number, count(*), max(r.number),
                  max(r.version))
      FROM orders_order o JOIN orders_orderrevision r ON r.order_id = o.id
     GROUP BY o.id HAVING max(r.number) <> count(*) OR max(r.version) > o.version ORDER BY o.id"""
CHECKS = {
    "an order's total is the sum of its lines": TOTALS,
    "an order's tax and freight are those of its lines": CHARGES,
    "a submitted line has a demand of its quantity": DEMANDS,
    "a line is worth its standing quantity at the locked price": AMOUNTS,
    "a draft promises nothing": DRAFTS,
    "an order that is over has nothing open": CLOSED,
    "the open-order exposure of an order is its unreleased lines": CREDIT,
    "an order that is over is on no hold": HOLDS,
    "revisions count without gaps": REVISIONS,
}


def register() -> None:
    for name, sql in CHECKS.items():
        invariants.register(name, _check(sql))


def _check(sql: str) -> Callable[[], Iterator[str]]:
    def run() -> Iterator[str]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            for (detail,) in cursor.fetchall():
                yield detail

    return run
