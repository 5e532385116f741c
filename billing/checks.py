"""What must always be true of invoices and receipts."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.db import connection

from core.money import places_in_sql

PLACES = places_in_sql("o.currency")
_PRICE = """
SELECT i.number, x.id, x.unit_price, o.unit_price FROM billing_invoiceline x
  JOIN billing_invoice i ON i.id = x.invoice_id JOIN orders_orderline o ON o.id = x.order_line_id
 WHERE x.rebills_id IS NULL AND x.price_settled_at IS NULL AND x.unit_price IS DISTINCT FROM o.unit_price
 ORDER BY x.id LIMIT 100
"""
_TOTAL = """
SELECT i.number, i.net_amount, coalesce(sum(x.amount), 0), i.tax_amount, coalesce(sum(x.tax_amount), 0), i.freight_amount,
       coalesce(sum(x.freight_amount), 0)
  FROM billing_invoice i LEFT JOIN billing_invoiceline x ON x.invoice_id = i.id
 GROUP BY i.id HAVING (i.net_amount, i.tax_amount, i.freight_amount) <> (
       coalesce(sum(x.amount), 0), coalesce(sum(x.tax_amount), 0), coalesce(sum(x.freight_amount), 0))
 ORDER BY i.id LIMIT 100
"""
# All invoices and drafts of an order line charge what its billed quantity is worth; billed whole, that is what the order and
# its confirmation say of it.
_CHARGES = f"""
SELECT o.number, l.line_no, x.qty, x.tax, round(x.qty * l.unit_tax, {PLACES}), x.freight,
       round(x.qty * l.unit_freight, {PLACES})
  FROM (SELECT order_line_id, sum(qty) AS qty, sum(tax_amount) AS tax, sum(freight_amount) AS freight
          FROM billing_invoiceline WHERE rebills_id IS NULL GROUP BY 1) x
  JOIN orders_orderline l ON l.id = x.order_line_id JOIN orders_order o ON o.id = l.order_id
 WHERE (x.tax, x.freight) <> (round(x.qty * l.unit_tax, {PLACES}), round(x.qty * l.unit_freight, {PLACES}))
 ORDER BY l.id LIMIT 100
"""
_WHOLE = """
SELECT o.number, o.total_amount, sum(x.goods), o.tax_amount, sum(x.tax), o.freight_amount, sum(x.freight)
  FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id JOIN inventory_demand d ON d.id = l.demand_id
  LEFT JOIN (SELECT order_line_id, sum(qty) AS qty, sum(amount) AS goods, sum(tax_amount) AS tax,
                    sum(freight_amount) AS freight, min(unit_price) AS least, max(unit_price) AS most
               FROM billing_invoiceline WHERE rebills_id IS NULL GROUP BY 1) x ON x.order_line_id = l.id
 WHERE o.status = 'closed'
 GROUP BY o.id HAVING bool_and(coalesce(x.qty, 0) = d.ordered_qty - d.cancelled_qty)
        AND ((o.tax_amount, o.freight_amount) <> (coalesce(sum(x.tax), 0), coalesce(sum(x.freight), 0))
             OR bool_and(x.qty IS NULL OR (x.least, x.most) = (l.unit_price, l.unit_price))
                AND o.total_amount <> coalesce(sum(x.goods), 0))
 ORDER BY o.id LIMIT 100
"""
_INVOICED = """
SELECT l.id, l.invoiced_qty, coalesce(x.qty, 0) FROM fulfillment_shipmentline l
  LEFT JOIN (SELECT x.shipment_line_id, x.qty FROM billing_invoiceline x
               JOIN billing_invoice i ON i.id = x.invoice_id WHERE i.status <> 'draft') x ON x.shipment_line_id = l.id
 WHERE l.invoiced_qty <> coalesce(x.qty, 0) ORDER BY l.id LIMIT 100
"""
_APPLIED = """
SELECT 'receipt ' || r.number, r.applied_amount, coalesce(sum(a.amount), 0) FROM billing_receipt r
  LEFT JOIN billing_receiptapplication a ON a.receipt_id = r.id GROUP BY r.id
HAVING r.applied_amount <> coalesce(sum(a.amount), 0)
UNION ALL
SELECT 'invoice ' || i.number, i.paid_amount, coalesce(sum(a.amount), 0) FROM billing_invoice i
  LEFT JOIN billing_receiptapplication a ON a.invoice_id = i.id GROUP BY i.id
HAVING i.paid_amount <> coalesce(sum(a.amount), 0)
UNION ALL
SELECT 'credit memo ' || m.number, m.applied_amount, coalesce(sum(a.amount), 0) FROM billing_creditmemo m
  LEFT JOIN billing_creditmemoapplication a ON a.credit_memo_id = m.id GROUP BY m.id
HAVING m.applied_amount <> coalesce(sum(a.amount), 0)
UNION ALL
SELECT 'credits of invoice ' || i.number, i.credited_amount, coalesce(sum(a.amount), 0) FROM billing_invoice i
  LEFT JOIN billing_creditmemoapplication a ON a.invoice_id = i.id GROUP BY i.id
HAVING i.credited_amount <> coalesce(sum(a.amount), 0)
UNION ALL
SELECT 'write-offs of invoice ' || i.number, i.written_off_amount, coalesce(sum(w.amount), 0) FROM billing_invoice i
  LEFT JOIN billing_writeoff w ON w.invoice_id = i.id AND w.status = 'posted' GROUP BY i.id
HAVING i.written_off_amount <> coalesce(sum(w.amount), 0) LIMIT 100
"""
_CREDITED = """
SELECT 'credit memo ' || m.number, m.lines_amount + m.tax_amount + m.freight_amount,
       coalesce(sum(x.amount + x.tax_amount + x.freight_amount), 0)
  FROM billing_creditmemo m LEFT JOIN billing_creditmemoline x ON x.credit_memo_id = m.id GROUP BY m.id
HAVING (m.lines_amount, m.tax_amount, m.freight_amount) <> (
       coalesce(sum(x.amount), 0), coalesce(sum(x.tax_amount), 0), coalesce(sum(x.freight_amount), 0))
UNION ALL
SELECT 'invoice line ' || l.id, l.credited_amount + l.credited_tax_amount + l.credited_freight_amount,
       coalesce(sum(x.amount + x.tax_amount + x.freight_amount), 0)
  FROM billing_invoiceline l LEFT JOIN billing_creditmemoline x ON x.invoice_line_id = l.id GROUP BY l.id
HAVING (l.credited_qty, l.credited_amount, l.credited_tax_amount, l.credited_freight_amount) <> (
       coalesce(sum(x.qty), 0), coalesce(sum(x.amount), 0), coalesce(sum(x.tax_amount), 0),
       coalesce(sum(x.freight_amount), 0)) LIMIT 100
"""
_STATUS = """
SELECT number, status, total_amount - paid_amount - credited_amount - written_off_amount FROM billing_invoice
 WHERE status <> 'draft' AND status NOT IN ('paid', 'credited', 'written_off')
       <> (total_amount - paid_amount - credited_amount - written_off_amount > 0)
    OR (status = 'disputed') <> (disputed_amount > 0) AND status <> 'draft' ORDER BY id LIMIT 100
"""
_CHAIN = """
SELECT o.number, l.line_no, l.unit_price, x.unit_price, x.qty, d.shipped_qty FROM (
    SELECT x.order_line_id, min(x.unit_price) FILTER (WHERE x.price_settled_at IS NULL) AS unit_price,
           sum(x.qty) AS qty FROM billing_invoiceline x
      JOIN billing_invoice i ON i.id = x.invoice_id WHERE i.status <> 'draft' AND x.rebills_id IS NULL GROUP BY 1) x
  JOIN orders_orderline l ON l.id = x.order_line_id JOIN orders_order o ON o.id = l.order_id
  JOIN inventory_demand d ON d.id = l.demand_id
 WHERE x.qty > d.shipped_qty OR x.unit_price <> l.unit_price ORDER BY l.id LIMIT 100
"""

# All parts of an order line that are billed at one price: together quantity times price, in whatever parts they left.
_AMOUNTS = f"""
SELECT o.number, l.line_no, x.unit_price, x.amount, round(x.qty * x.unit_price, {PLACES})
  FROM (SELECT order_line_id, unit_price, sum(qty) AS qty, sum(amount) AS amount FROM billing_invoiceline
         WHERE rebills_id IS NULL GROUP BY 1, 2) x
  JOIN orders_orderline l ON l.id = x.order_line_id JOIN orders_order o ON o.id = l.order_id
 WHERE x.amount <> round(x.qty * x.unit_price, {PLACES})
 ORDER BY l.id LIMIT 100
"""
# What is in another currency than the account's counts with its own amount: documents know no rates.
_EXPOSURE = """
WITH owed AS (SELECT account_id, sum(total_amount - paid_amount - credited_amount - written_off_amount) AS amount
                FROM billing_invoice WHERE status <> 'draft' GROUP BY 1),
     cash AS (SELECT account_id, sum(amount) AS amount
                FROM (SELECT account_id, amount - applied_amount AS amount FROM billing_receipt
                      UNION ALL SELECT account_id, total_amount - applied_amount FROM billing_creditmemo) kept GROUP BY 1),
     abroad AS (SELECT credit_account_id, sum(document_amount - amount) FILTER (WHERE bucket = 'receivable') AS receivable,
                       sum(document_amount - amount) FILTER (WHERE bucket = 'unapplied') AS unapplied
                  FROM credit_posting WHERE currency <> '' GROUP BY 1),
     said AS (SELECT c.account_id, c.receivable_amount + coalesce(a.receivable, 0) AS receivable,
                     c.unapplied_amount + coalesce(a.unapplied, 0) AS unapplied
                FROM credit_creditaccount c LEFT JOIN abroad a ON a.credit_account_id = c.id)
SELECT s.account_id, s.receivable, coalesce(o.amount, 0), s.unapplied, coalesce(h.amount, 0)
  FROM said s LEFT JOIN owed o USING (account_id) LEFT JOIN cash h USING (account_id)
 WHERE (s.receivable, s.unapplied) IS DISTINCT FROM (coalesce(o.amount, 0), coalesce(h.amount, 0))
 ORDER BY s.account_id LIMIT 100
"""
_REVENUE = """
SELECT i.number, sum(o.allocated_amount), sum(x.amount - x.credited_amount), sum(o.recognized_amount), min(o.gap)
  FROM billing_invoice i JOIN billing_invoiceline x ON x.invoice_id = i.id
  JOIN (SELECT o.*, o.recognized_amount - coalesce((SELECT sum(e.amount) FROM billing_revenueentry e
                                                     WHERE e.obligation_id = o.id), 0) AS gap
          FROM billing_obligation o) o ON o.invoice_line_id = x.id
 WHERE NOT EXISTS (SELECT 1 FROM core_job j WHERE j.state = 'ready' AND j.reaction = 'reverse revenue and rebates')
 GROUP BY i.id HAVING sum(o.allocated_amount) <> sum(x.amount - x.credited_amount) OR bool_or(o.gap <> 0)
        OR bool_or(o.recognized_amount > o.allocated_amount) ORDER BY i.id LIMIT 100
"""
_REPRICED = """
SELECT o.number, l.line_no, l.repriced_amount, coalesce(r.amount, 0) - coalesce(c.amount, 0) FROM orders_orderline l
  JOIN orders_order o ON o.id = l.order_id
  LEFT JOIN (SELECT order_line_id, sum(amount) AS amount FROM billing_invoiceline
              WHERE invoice_id IN (SELECT invoice_id FROM billing_repricing_rebills) GROUP BY 1) r
         ON r.order_line_id = l.id
  LEFT JOIN (SELECT x.order_line_id, sum(m.amount) AS amount FROM billing_repricing p
               JOIN billing_creditmemoline m ON m.credit_memo_id = p.credit_memo_id
               JOIN billing_invoiceline x ON x.id = m.invoice_line_id GROUP BY 1) c ON c.order_line_id = l.id
 WHERE l.repriced_amount <> 0 AND l.repriced_amount <> coalesce(r.amount, 0) - coalesce(c.amount, 0) ORDER BY l.id LIMIT 100
"""
_COMMISSION = """
SELECT s.number, s.amount, coalesce(sum(l.amount), 0) FROM billing_commissionstatement s
  LEFT JOIN billing_commissionstatementline l ON l.statement_id = s.id GROUP BY s.id
HAVING s.amount <> coalesce(sum(l.amount), 0)
UNION ALL
SELECT 'commission of line ' || e.invoice_line_id, sum(e.accrued_delta), sum(e.paid_delta) FROM billing_commissionentry e
 GROUP BY e.rep_id, e.invoice_line_id, e.kind HAVING sum(e.accrued_delta) < 0 LIMIT 100
"""


def invoiced_at_the_locked_price() -> Iterator[str]:
    for number, line, billed, locked in _rows(_PRICE):
        yield f"invoice {number} line {line}: billed at {billed}, locked at {locked}"


def totals_are_sums() -> Iterator[str]:
    for number, *pairs in _rows(_TOTAL):
        yield f"invoice {number}: {_unequal(('net', 'tax', 'freight'), pairs, 'lines')}"


def charges_are_the_orders() -> Iterator[str]:
    for number, line, qty, *pairs in _rows(_CHARGES):
        yield f"order {number} line {line}, {qty} billed: {_unequal(('tax', 'freight'), pairs, 'by the order')}"


def billed_orders_charge_what_they_said() -> Iterator[str]:
    for number, *pairs in _rows(_WHOLE):
        yield f"order {number} says {_unequal(('goods', 'tax', 'freight'), pairs, 'invoiced')}"


def _unequal(names: Sequence[str], pairs: Sequence[Decimal], other: str) -> str:
    found = zip(names, pairs[::2], pairs[1::2], strict=True)
    return ", ".join(f"{name} {said}, {other} {found}" for name, said, found in found if said != found)


def invoiced_quantities_agree() -> Iterator[str]:
    for line, said, billed in _rows(_INVOICED):
        yield f"shipment line {line}: marked {said} invoiced, billed {billed}"


def applications_add_up() -> Iterator[str]:
    for what, said, applied in _rows(_APPLIED):
        yield f"{what}: says {said}, applications {applied}"


def lines_are_quantity_times_price() -> Iterator[str]:
    for number, line, price, billed, worth in _rows(_AMOUNTS):
        yield f"order {number} line {line}: {billed} invoiced at {price}, quantity times price is {worth}"


def exposure_matches_documents() -> Iterator[str]:
    for account_id, receivable, owed, unapplied, cash in _rows(_EXPOSURE):
        yield f"account {account_id}: receivable {receivable} ≠ {owed} invoiced, unapplied {unapplied} ≠ {cash} on account"


def credits_add_up() -> Iterator[str]:
    for what, said, lines in _rows(_CREDITED):
        yield f"{what}: says {said} credited, credit memo lines {lines}"


def statuses_say_what_is_open() -> Iterator[str]:
    for number, status, left in _rows(_STATUS):
        yield f"invoice {number} is {status} with {left} open"


def order_and_invoice_agree() -> Iterator[str]:
    for number, line, agreed, billed, qty, shipped in _rows(_CHAIN):
        yield f"order {number} line {line}: {qty} at {billed} invoiced, {shipped} at {agreed} confirmed and shipped"


def revenue_ties_to_invoices() -> Iterator[str]:
    """A credit's revenue is taken back by a reaction to it: while one waits there is nothing to judge yet."""
    for number, allocated, left, recognized, gap in _rows(_REVENUE):
        yield f"invoice {number}: {allocated} allocated, {left} billed less credits, {recognized} recognized, {gap} off"


def repricings_were_issued() -> Iterator[str]:
    """What a line says it was repriced by is what was rebilled less what was credited for it."""
    for number, line, said, issued in _rows(_REPRICED):
        yield f"order {number} line {line}: repriced by {said}, issued {issued}"


def commissions_add_up() -> Iterator[str]:
    for what, said, found in _rows(_COMMISSION):
        yield f"{what}: {said}, {found} by its lines"


def _rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
