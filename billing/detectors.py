"""What finds trouble with money: the verb in which it shows opens the case, and the one that mends it closes it; money
that nobody applies is looked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from billing import case_ends
from billing.exception_kinds import (
    CHARGEBACK_DENIED,
    COMMISSION_DISPUTE,
    INVOICE_DIFFERS,
    INVOICE_DISPUTE,
    PAYMENT_DIFFERS,
    SHORT_PAYMENT,
    UNAPPLIED_CASH,
)
from billing.mismatches import Mismatch, newest_mismatches
from core import sql
from core.choices import counted
from core.quantity import plain
from core.refs import DocumentRef
from exceptions_app.detection import Detector, Watch, ended, pushed, register
from exceptions_app.exception_kinds import REPRICE_APPROVED
from exceptions_app.rules.asks import CaseSpec

ZERO = Decimal(0)
IS_LATE = timedelta(days=2)  # after the money came: who posts it mostly applies it at once

_UNAPPLIED = """
SELECT r.id, r.number, r.account_id, r.currency, r.amount - r.applied_amount, r.received_date, i.due, i.open
  FROM billing_receipt r JOIN accounts_account a ON a.id = r.account_id
  CROSS JOIN LATERAL (SELECT (%(now)s::timestamptz AT TIME ZONE a.time_zone)::date AS today) n
  JOIN LATERAL (SELECT count(*) AS due,
                       sum(x.total_amount - x.paid_amount - x.credited_amount - x.written_off_amount) AS open
                  FROM billing_invoice x
                 WHERE x.account_id = r.account_id AND x.currency = r.currency AND x.due_date <= n.today
                   AND x.status IN ('posted', 'sent', 'partially_paid')) i ON i.due > 0
 WHERE r.applied_amount < r.amount AND r.received_date <= n.today - %(days)s::int ORDER BY r.id
"""


def unapplied_cash(now: datetime) -> list[CaseSpec]:
    """Receipts with something left while invoices of the same customer and currency are due."""
    rows = sql.rows(_UNAPPLIED, {"now": now, "days": IS_LATE.days})
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


def invoices_that_differ(now: datetime) -> list[CaseSpec]:
    """Newest invoices that bill another price than was confirmed: one case an invoice."""
    found: dict[int, list[Mismatch]] = {}
    for m in newest_mismatches():
        found.setdefault(m.invoice_id, []).append(m)
    return [_differs(mine) for mine in found.values()]


def _differs(lines: Sequence[Mismatch]) -> CaseSpec:
    """At risk is what is billed too much and what is billed too little, each: the one does not make good the other."""
    first, at_risk = lines[0], sum((abs(m.difference) for m in lines), ZERO)
    told = [
        f"{m.order_number} line {m.line_no}: {plain(m.billed_price)} billed, {plain(m.confirmed_price)} confirmed"
        for m in lines
    ]
    return CaseSpec(
        INVOICE_DIFFERS.code,
        DocumentRef("invoice", first.invoice_id, first.invoice_number),
        "price",
        first.account_id,
        at_risk,
        first.currency,
        f"{counted(len(lines), 'line')} of {first.invoice_number} at another price than confirmed: {told[0]}",
        {"lines": told[:50]},
    )


register(Detector(UNAPPLIED_CASH.code, "left", unapplied_cash))
register(Detector(INVOICE_DIFFERS.code, "price", invoices_that_differ))
register(
    Watch(CHARGEBACK_DENIED.code, case_ends.was_approved_since),
    Watch(PAYMENT_DIFFERS.code, case_ends.is_booked),
    Watch(REPRICE_APPROVED, case_ends.is_issued),
)
pushed(SHORT_PAYMENT.code, "post_receipt, with a remittance")
pushed(PAYMENT_DIFFERS.code, "take_message")
pushed(INVOICE_DISPUTE.code, "open_dispute")
pushed(COMMISSION_DISPUTE.code, "dispute_line")
pushed(CHARGEBACK_DENIED.code, "claim_chargeback")
ended(SHORT_PAYMENT.code, "apply_money, dispute_invoice, write_off: it is answered, or nothing is open")
ended(INVOICE_DISPUTE.code, "resolve_dispute, credit_lines")
ended(COMMISSION_DISPUTE.code, "answer_line")
