"""What commissions need to know of an invoice line: one statement over the rooms below, which own these rows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import connection

from billing.rules.commissions import Money, Sale, Split

_SALES = """
WITH RECURSIVE wanted AS (
  SELECT x.id, x.invoice_id, x.order_line_id, x.product_id, x.amount, x.credited_amount, i.issued_date, i.currency,
         i.account_id, i.total_amount, i.written_off_amount, i.status, i.number,
         coalesce(x.shipment_line_id, b.shipment_line_id) AS shipment_line_id
    FROM billing_invoiceline x JOIN billing_invoice i ON i.id = x.invoice_id
    LEFT JOIN billing_invoiceline b ON b.id = x.rebills_id
   WHERE x.invoice_id = ANY(%(ids)s::bigint[]) AND i.status <> 'draft'
), shelf(category_id, start, distance) AS (
  SELECT DISTINCT p.category_id, p.category_id, 0 FROM wanted w JOIN catalog_product p ON p.id = w.product_id
   WHERE p.category_id IS NOT NULL
  UNION ALL
  SELECT c.parent_id, s.start, s.distance + 1 FROM shelf s JOIN catalog_category c ON c.id = s.category_id
   WHERE c.parent_id IS NOT NULL AND s.distance < 20
), shelves AS (SELECT start, array_agg(category_id ORDER BY distance) AS path FROM shelf GROUP BY start),
splits AS (
  SELECT line_id, array_agg(rep_id ORDER BY id) AS reps, array_agg(kind::text ORDER BY id) AS kinds,
         array_agg(percent ORDER BY id) AS percents
    FROM orders_linesplit WHERE line_id IN (SELECT order_line_id FROM wanted) GROUP BY line_id
)
SELECT w.id, w.invoice_id, w.number, w.issued_date, w.product_id, coalesce(s.path, '{}'), a.tier_id,
       CASE WHEN l.unit_price > 0 AND v.id IS NULL THEN round(l.unit_margin * 100 / l.unit_price, 2)
            WHEN l.unit_price > 0 AND v.currency = w.currency
            THEN round((l.unit_price - v.unit_cost) * 100 / l.unit_price, 2) END,
       w.amount, w.currency, w.credited_amount, w.total_amount, w.written_off_amount,
       w.status IN ('paid', 'credited', 'written_off'), p.reps, p.kinds, p.percents
  FROM wanted w JOIN orders_orderline l ON l.id = w.order_line_id JOIN accounts_account a ON a.id = w.account_id
  JOIN catalog_product c ON c.id = w.product_id LEFT JOIN shelves s ON s.start = c.category_id
  LEFT JOIN splits p ON p.line_id = w.order_line_id
  LEFT JOIN fulfillment_vendororderline v ON v.shipment_line_id = w.shipment_line_id
 ORDER BY w.id
"""


@dataclass(frozen=True)
class SoldLine:
    line_id: int
    invoice_id: int
    invoice_number: str
    issued_date: date
    sale: Sale
    money: Money
    splits: tuple[Split, ...]


def sold_lines(invoice_ids: Collection[int]) -> list[SoldLine]:
    """The lines of posted invoices as they are now. The margin is over what we pay the vendor where a vendor sent it
    (unknown where that is in another currency), else over standard cost. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SALES, {"ids": list(invoice_ids)})
        return [_line(row) for row in cursor.fetchall()]


def _line(row: tuple) -> SoldLine:
    line_id, invoice_id, number, issued, product_id, path, tier_id, margin, amount, currency, *rest = row
    credited, total, written_off, is_done, reps, kinds, percents = rest
    splits = tuple(Split(*split) for split in zip(reps or (), kinds or (), percents or (), strict=True))
    sale = Sale(product_id, tuple(path), tier_id, margin, amount, currency)
    return SoldLine(
        line_id, invoice_id, number, issued, sale, Money(amount, credited, total, written_off, is_done), splits
    )
