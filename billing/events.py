"""What happens to money. Stream "invoice:<id>" / "receipt:<id>"."""

from dataclasses import dataclass
from decimal import Decimal

from core.outbox import Fact


@dataclass(frozen=True)
class InvoicePosted(Fact):
    invoice_id: int
    invoice_number: str
    order_id: int
    shipment_id: int
    account_id: int
    total_amount: Decimal
    currency: str


@dataclass(frozen=True)
class InvoicePaid(Fact):
    invoice_id: int
    order_id: int
    account_id: int


@dataclass(frozen=True)
class ReceiptPosted(Fact):
    receipt_id: int
    account_id: int
    amount: Decimal
    currency: str
