"""Reads of online payments."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.models import Payment


@dataclass(frozen=True)
class PaymentView:
    public_id: str
    amount: Decimal
    currency: str
    status: str
    reason: str
    started_at: datetime
    receipt_number: str


def payment_view(public_id: str, account_id: int) -> PaymentView | None:
    """The account's payment. One statement."""
    row = Payment.objects.select_related("receipt").filter(public_id=public_id, account_id=account_id).first()
    if row is None:
        return None
    number = row.receipt.number if row.receipt else ""
    return PaymentView(str(row.public_id), row.amount, row.currency, row.status, row.reason, row.started_at, number)
