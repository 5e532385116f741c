"""What happens to money. Stream "invoice:<id>" / "receipt:<id>" / "credit_memo:<id>"."""

from dataclasses import dataclass
from decimal import Decimal

from core.outbox import Fact


@dataclass(frozen=True)
class InvoicePosted(Fact):
    """`order_id` and `shipment_id` are the first ones billed; the tuples name all of them. A rebill bills no
    shipment: 0 and nothing."""

    invoice_id: int
    invoice_number: str
    order_id: int
    shipment_id: int
    account_id: int
    total_amount: Decimal
    currency: str
    order_ids: tuple[int, ...] = ()
    shipment_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class InvoicePaid(Fact):
    """Nothing of the invoice is open any more, and money came for it."""

    invoice_id: int
    order_id: int
    account_id: int


@dataclass(frozen=True)
class InvoiceDisputed(Fact):
    invoice_id: int
    order_ids: tuple[int, ...]
    account_id: int
    amount: Decimal


@dataclass(frozen=True)
class InvoiceWrittenOff(Fact):
    invoice_id: int
    account_id: int
    amount: Decimal


@dataclass(frozen=True)
class ReceiptPosted(Fact):
    receipt_id: int
    account_id: int
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class PaymentStarted(Fact):
    payment_id: int
    account_id: int


@dataclass(frozen=True)
class CreditMemoPosted(Fact):
    """`invoice_ids`: the invoices whose lines were credited, none for a sum that credits no line."""

    credit_memo_id: int
    number: str
    account_id: int
    amount: Decimal
    currency: str
    invoice_ids: tuple[int, ...]
