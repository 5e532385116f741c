"""What must always be true of invoices and receipts."""

from collections.abc import Iterator

from django.db import connection

_PRICE = """
SELECT i.number, x.id, x.unit_price, o.unit_price FROM billing_invoiceline x
  JOIN billing_invoice i ON i.id = x.invoice_id JOIN orders_orderline o ON o.id = x.order_line_id
 WHERE x.unit_price IS DISTINCT FROM o.unit_price ORDER BY x.id LIMIT 100
"""
_TOTAL = """
SELECT i.number, i.net_amount, coalesce(sum(x.amount), 0) FROM billing_invoice i
  LEFT JOIN billing_invoiceline x ON x.invoice_id = i.id
 GROUP BY i.id HAVING i.net_amount <> coalesce(sum(x.amount), 0) ORDER BY i.id LIMIT 100
"""
_INVOICED = """
SELECT l.id, l.invoiced_qty, coalesce(x.qty, 0) FROM fulfillment_shipmentline l
  LEFT JOIN billing_invoiceline x ON x.shipment_line_id = l.id
 WHERE l.invoiced_qty <> coalesce(x.qty, 0) ORDER BY l.id LIMIT 100
"""
_APPLIED = """
SELECT 'receipt ' || r.number, r.applied_amount, coalesce(sum(a.amount), 0) FROM billing_receipt r
  LEFT JOIN billing_receiptapplication a ON a.receipt_id = r.id GROUP BY r.id
HAVING r.applied_amount <> coalesce(sum(a.amount), 0)
UNION ALL
SELECT 'invoice ' || i.number, i.paid_amount, coalesce(sum(a.amount), 0) FROM billing_invoice i
  LEFT JOIN billing_receiptapplication a ON a.invoice_id = i.id GROUP BY i.id
HAVING i.paid_amount <> coalesce(sum(a.amount), 0) LIMIT 100
"""

_AMOUNTS = """
SELECT i.number, x.id, x.amount, round(x.qty * x.unit_price, 2) FROM billing_invoiceline x
  JOIN billing_invoice i ON i.id = x.invoice_id
 WHERE i.currency NOT IN ('JPY', 'KRW', 'KWD', 'BHD', 'OMR', 'TND') AND x.amount <> round(x.qty * x.unit_price, 2)
 ORDER BY x.id LIMIT 100
"""
_EXPOSURE = """
WITH owed AS (SELECT account_id, sum(total_amount - paid_amount) AS amount FROM billing_invoice GROUP BY 1),
     cash AS (SELECT account_id, sum(amount - applied_amount) AS amount FROM billing_receipt GROUP BY 1)
SELECT c.account_id, c.receivable_amount, coalesce(o.amount, 0), c.unapplied_amount, coalesce(h.amount, 0)
  FROM credit_creditaccount c LEFT JOIN owed o USING (account_id) LEFT JOIN cash h USING (account_id)
 WHERE (c.receivable_amount, c.unapplied_amount) IS DISTINCT FROM (coalesce(o.amount, 0), coalesce(h.amount, 0))
 ORDER BY c.account_id LIMIT 100
"""


def invoiced_at_the_locked_price() -> Iterator[str]:
    for number, line, billed, locked in _rows(_PRICE):
        yield f"invoice {number} line {line}: billed at {billed}, locked at {locked}"


def totals_are_sums() -> Iterator[str]:
    for number, total, lines in _rows(_TOTAL):
        yield f"invoice {number}: net {total}, lines {lines}"


def invoiced_quantities_agree() -> Iterator[str]:
    for line, said, billed in _rows(_INVOICED):
        yield f"shipment line {line}: marked {said} invoiced, billed {billed}"


def applications_add_up() -> Iterator[str]:
    for what, said, applied in _rows(_APPLIED):
        yield f"{what}: says {said}, applications {applied}"


def lines_are_quantity_times_price() -> Iterator[str]:
    for number, line, amount, worth in _rows(_AMOUNTS):
        yield f"invoice {number} line {line}: says {amount}, quantity times price is {worth}"


def exposure_matches_documents() -> Iterator[str]:
    for account_id, receivable, owed, unapplied, cash in _rows(_EXPOSURE):
        yield f"account {account_id}: receivable {receivable} ≠ {owed} invoiced, unapplied {unapplied} ≠ {cash} on account"


def _rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
