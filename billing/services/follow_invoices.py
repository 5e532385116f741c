"""What follows an invoice beside commissions: revenue and rebates, brought to where the invoice is now.

Each is worked out from the invoice as it stands, so that the same fact twice, late or out of order has one effect.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.db import connection

from billing import locks
from billing.models import RebateProgram, RecognitionRule
from billing.services.recognize_revenue import recognize
from core import clock
from core.uow import door_verb, require_uow

ZERO = Decimal(0)


@door_verb
def follow_invoices(*, invoice_ids: Collection[int], now: datetime) -> None:
    """Revenue and rebate accruals of these invoices. Without any rule or program it costs two statements. Locks rank 40."""
    if not RecognitionRule.objects.exists() and not RebateProgram.objects.exists():
        return
    locks.lock_invoices(invoice_ids)
    recognize(invoice_ids, on=clock.local_date(now, "UTC"), now=now)
    accrue_rebates(invoice_ids, now=now)


# What each live program owes for each line of the invoices less what was accrued: the difference is one entry.
_ACCRUE = """
WITH RECURSIVE wanted AS (
  SELECT x.id, x.amount - x.credited_amount AS amount, x.product_id, i.account_id, i.issued_date, i.number, i.currency
    FROM billing_invoiceline x JOIN billing_invoice i ON i.id = x.invoice_id
   WHERE x.invoice_id = ANY(%(ids)s::bigint[]) AND i.status <> 'draft'
), shelf(category_id, start, distance) AS (
  SELECT DISTINCT p.category_id, p.category_id, 0 FROM wanted w JOIN catalog_product p ON p.id = w.product_id
  UNION ALL
  SELECT c.parent_id, s.start, s.distance + 1 FROM shelf s JOIN catalog_category c ON c.id = s.category_id
   WHERE c.parent_id IS NOT NULL AND s.distance < 20
), owed AS (
  SELECT r.id AS program_id, w.id AS line_id, w.account_id, round(w.amount * r.percent / 100, %(places)s) AS amount,
         r.percent, w.amount AS base, w.number
    FROM wanted w JOIN catalog_product p ON p.id = w.product_id
    JOIN billing_rebateprogram r ON r.valid_from <= w.issued_date AND (r.valid_to IS NULL OR r.valid_to > w.issued_date)
     AND (r.product_id IS NULL OR r.product_id = w.product_id)
     AND (r.category_id IS NULL
          OR EXISTS (SELECT FROM shelf s WHERE s.start = p.category_id AND s.category_id = r.category_id))
    JOIN accounts_groupmembership m ON m.group_id = r.group_id AND m.account_id = w.account_id
     AND m.valid_from <= w.issued_date AND (m.valid_to IS NULL OR m.valid_to > w.issued_date)
), known AS (
  SELECT e.program_id, e.invoice_line_id, sum(e.amount) FILTER (WHERE e.credit_memo_id IS NULL) AS amount, count(*) AS n
    FROM billing_rebateentry e JOIN wanted w ON w.id = e.invoice_line_id GROUP BY 1, 2
)
INSERT INTO billing_rebateentry (program_id, account_id, invoice_line_id, amount, why, key, at)
SELECT o.program_id, o.account_id, o.line_id, o.amount - coalesce(k.amount, 0),
       trim_scale(o.percent) || ' %% of ' || o.base || ' on ' || o.number,
       o.program_id || ':' || o.line_id || ':' || coalesce(k.n, 0) + 1, %(now)s
  FROM owed o LEFT JOIN known k ON (k.program_id, k.invoice_line_id) = (o.program_id, o.line_id)
 WHERE o.amount <> coalesce(k.amount, 0)
"""


@require_uow
def accrue_rebates(invoice_ids: Collection[int], *, now: datetime) -> int:
    """Bring the rebates of the invoices to what is owed for what is left of them; how many entries. One statement. The
    invoices are locked by the caller. Cents: rebates are rounded to two places, half-up, like every amount here."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCRUE, {"ids": list(invoice_ids), "now": now, "places": 2})
        return cursor.rowcount
