"""What billing answers: plain values, shared with the doors and reporting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class ReceiptSpec:
    """Money that came in. `apply_to` None: to the account's oldest open invoices. A reference comes once an account."""

    account_id: int
    amount: Decimal
    currency: str
    received_date: date
    reference: str = ""
    method: str = ""
    apply_to: tuple[int, ...] | None = None


@dataclass(frozen=True)
class InvoiceLineView:
    order_line_id: int
    product_id: int
    qty: Decimal
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True)
class InvoiceView:
    id: int
    public_id: str
    number: str
    order_id: int
    account_id: int
    shipment_id: int
    status: str
    currency: str
    net_amount: Decimal
    tax_amount: Decimal
    freight_amount: Decimal
    total_amount: Decimal
    paid_amount: Decimal
    issued_date: date
    due_date: date
    lines: tuple[InvoiceLineView, ...] = ()

    @property
    def open_amount(self) -> Decimal:
        return self.total_amount - self.paid_amount


@dataclass(frozen=True)
class Overdue:
    """`count` invoices past their due date; `amounts`: what is left to pay of them, by currency."""

    count: int
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True)
class AgeingBucket:
    """Open amount of invoices whose due date lies `from_days` to `to_days` (None: or more) in the past; < 1: not due."""

    label: str
    amount: Decimal


@dataclass(frozen=True)
class Statement:
    account_id: int
    currency: str
    open_invoices: tuple[InvoiceView, ...]
    ageing: tuple[AgeingBucket, ...]
    open_amount: Decimal
    unapplied_amount: Decimal
