"""What finds trouble with money: the verb in which it shows opens the case, and the one that mends it closes it; money
that nobody applies is looked for."""

from datetime import datetime, timedelta

from billing.exception_kinds import (
    CHARGEBACK_DENIED,
    COMMISSION_DISPUTE,
    INVOICE_DISPUTE,
    PAYMENT_DIFFERS,
    SHORT_PAYMENT,
    UNAPPLIED_CASH,
)
from core import sql
from core.choices import counted
from core.refs import DocumentRef
from exceptions_app.detection import Detector, pushed, register
from exceptions_app.rules.asks import CaseSpec

IS_LATE = timedelta(days=2)  # after the money came: who posts it mostly applies it at once

_UNAPPLIED = """
SELECT r.id, r.number, r.account_id, r.currency, r.amount - r.applied_amount, r.received_date, i.due, i.open
  FROM billing_receipt r
  JOIN LATERAL (SELECT count(*) AS due,
                       sum(x.total_amount - x.paid_amount - x.credited_amount - x.written_off_amount) AS open
                  FROM billing_invoice x
                 WHERE x.account_id = r.account_id AND x.currency = r.currency AND x.due_date <= %(today)s
                   AND x.status IN ('posted', 'sent', 'partially_paid')) i ON i.due > 0
 WHERE r.applied_amount < r.amount AND r.received_date <= %(before)s ORDER BY r.id
"""


def unapplied_cash(now: datetime) -> list[CaseSpec]:
    """Receipts with something left while invoices of the same customer and currency are due."""
    rows = sql.rows(_UNAPPLIED, {"today": now.date(), "before": now.date() - IS_LATE})
    return [
        CaseSpec(
            UNAPPLIED_CASH.code,
            DocumentRef("receipt", pk, number),
            "left",
            account_id,
            left,
            currency,
            f"{left:,} {currency} of {number} lie on account since {came.day} {came:%b}; "
            f"{open_sum:,} are due on {counted(due, 'invoice')}",
        )
        for pk, number, account_id, currency, left, came, due, open_sum in rows
    ]


register(Detector(UNAPPLIED_CASH.code, "left", unapplied_cash))
pushed(SHORT_PAYMENT.code, "post_receipt, with a remittance")
pushed(PAYMENT_DIFFERS.code, "take_message")
pushed(INVOICE_DISPUTE.code, "open_dispute")
pushed(COMMISSION_DISPUTE.code, "dispute_line")
pushed(CHARGEBACK_DENIED.code, "claim_chargeback")
