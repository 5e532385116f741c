"""Revenue by month, tied to invoices and credits: one statement."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

_MONTHS = """
WITH moved AS (
  SELECT i.issued_date AS day, i.net_amount AS invoiced, 0::numeric AS credited,
         CASE WHEN EXISTS (SELECT FROM billing_obligation o WHERE o.invoice_id = i.id) THEN 0
              ELSE i.net_amount END AS recognized
    FROM billing_invoice i WHERE i.status <> 'draft' AND i.currency = %(currency)s AND i.issued_date < %(end)s
  UNION ALL
  SELECT m.issued_date, 0, c.amount,
         CASE WHEN EXISTS (SELECT FROM billing_obligation o WHERE o.invoice_line_id = c.invoice_line_id) THEN 0
              ELSE -c.amount END
    FROM billing_creditmemoline c JOIN billing_creditmemo m ON m.id = c.credit_memo_id
   WHERE c.invoice_line_id IS NOT NULL AND m.currency = %(currency)s AND m.issued_date < %(end)s
  UNION ALL
  SELECT e.day, 0, 0, e.amount FROM billing_revenueentry e JOIN billing_obligation o ON o.id = e.obligation_id
    JOIN billing_invoice i ON i.id = o.invoice_id WHERE i.currency = %(currency)s AND e.day < %(end)s
), months AS (
  SELECT greatest(date_trunc('month', day)::date, %(start)s::date - 1) AS month, sum(invoiced) AS invoiced,
         sum(credited) AS credited, sum(recognized) AS recognized
    FROM moved GROUP BY 1
)
SELECT month, invoiced, credited, recognized, sum(invoiced - credited - recognized) OVER (ORDER BY month)
  FROM months ORDER BY month
"""


@dataclass(frozen=True)
class RevenueMonth:
    """`deferred` is what was billed up to the month's end, less credits, and is not revenue yet."""

    month: date
    invoiced: Decimal
    credited: Decimal
    recognized: Decimal
    deferred: Decimal


def revenue_months(*, start: date, end: date, currency: str) -> list[RevenueMonth]:
    """The months of [start, end), which are first days of months; months in which nothing moved are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, {"start": start, "end": end, "currency": currency})
        return [RevenueMonth(*row) for row in cursor.fetchall() if row[0] >= start]
