"""Revenue by month, tied to invoices and credits; and when the rest of an obligation becomes revenue."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from billing.models import Obligation
from billing.rules.revenue import Progress, schedule
from billing.states import Recognition
from core.clock import company_day

_MONTHS = """
WITH moved AS (
  SELECT i.issued_date AS day, i.net_amount AS invoiced, 0::numeric AS credited, i.freight_amount AS freight,
         i.tax_amount AS tax,
         CASE WHEN EXISTS (SELECT FROM billing_obligation o WHERE o.invoice_id = i.id) THEN 0
              ELSE i.net_amount END AS recognized
    FROM billing_invoice i WHERE i.status <> 'draft' AND i.currency = %(currency)s AND i.issued_date < %(end)s
  UNION ALL
  SELECT m.issued_date, 0, c.amount, -c.freight_amount, -c.tax_amount,
         CASE WHEN EXISTS (SELECT FROM billing_obligation o WHERE o.invoice_line_id = c.invoice_line_id) THEN 0
              ELSE -c.amount END
    FROM billing_creditmemoline c JOIN billing_creditmemo m ON m.id = c.credit_memo_id
   WHERE c.invoice_line_id IS NOT NULL AND m.currency = %(currency)s AND m.issued_date < %(end)s
  UNION ALL
  SELECT e.day, 0, 0, 0, 0, e.amount FROM billing_revenueentry e JOIN billing_obligation o ON o.id = e.obligation_id
    JOIN billing_invoice i ON i.id = o.invoice_id WHERE i.currency = %(currency)s AND e.day < %(end)s
), months AS (
  SELECT greatest(date_trunc('month', day)::date, %(start)s::date - 1) AS month, sum(invoiced) AS invoiced,
         sum(credited) AS credited, sum(recognized) AS recognized, sum(freight) AS freight, sum(tax) AS tax
    FROM moved GROUP BY 1
)
SELECT month, invoiced, credited, recognized, sum(invoiced - credited - recognized) OVER (ORDER BY month), freight, tax
  FROM months ORDER BY month
"""


@dataclass(frozen=True)
class RevenueMonth:
    """Of goods; `deferred` is what was billed of them up to the month's end, less credits, and is not revenue yet.

    `freight` is what was billed of it less credits, revenue as it is billed; `tax` likewise, and never revenue. So invoiced
    - credited + freight + tax is what the month's invoices come to, less its credit memos of their lines before any fee.
    """

    month: date
    invoiced: Decimal
    credited: Decimal
    recognized: Decimal
    deferred: Decimal
    freight: Decimal
    tax: Decimal


def revenue_months(*, start: date, end: date, currency: str) -> list[RevenueMonth]:
    """The months of [start, end), which are first days of months; months in which nothing moved are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, {"start": start, "end": end, "currency": currency})
        return [RevenueMonth(*row) for row in cursor.fetchall() if row[0] >= start]


@dataclass(frozen=True)
class Scheduled:
    """`is_past`: revenue has been worked out up to that day."""

    day: date
    amount: Decimal
    is_past: bool


def schedule_of(obligation_id: int) -> list[Scheduled]:
    """When what is allocated to the obligation becomes revenue, as far as dates tell; nothing before a delivery or a use
    that has not happened. One statement."""
    rows = Obligation.objects.select_related("invoice", "invoice_line__shipment_line__shipment")
    row = rows.filter(pk=obligation_id).first()
    if row is None:
        return []
    sent = row.invoice_line.shipment_line
    delivered = sent.shipment.delivered_at if sent is not None else None
    progress = Progress(
        Recognition(row.event), row.start_date, row.months, delivered=company_day(delivered) if delivered else None
    )
    parts = schedule(row.allocated_amount, progress, row.invoice.currency)
    return [Scheduled(day, amount, row.as_of_date is not None and day <= row.as_of_date) for day, amount in parts]
