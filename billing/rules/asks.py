"""What billing answers: plain values, shared with the doors and reporting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class ReceiptSpec:
    """Money that came in. A reference comes once an account.

    `remittance` says what pays what, by invoice; else `apply_to` names the invoices, the first due first; else it pays
    the account's oldest. What is left over stays on account.
    """

    account_id: int
    amount: Decimal
    currency: str
    received_date: date
    reference: str = ""
    method: str = ""
    apply_to: tuple[int, ...] | None = None
    remittance: Mapping[int, Decimal] | None = None


@dataclass(frozen=True)
class CreditSpec:
    """What to give back: `qty` base units of the invoice line at its price, or `amount` off its price.

    Its tax goes back in proportion, its freight only `with_freight` and with units. `tax` and `freight` say exactly what
    of them goes back instead.
    """

    invoice_line_id: int
    qty: Decimal | None = None
    amount: Decimal | None = None
    with_freight: bool = False
    tax: Decimal | None = None
    freight: Decimal | None = None


@dataclass(frozen=True)
class InvoiceLineView:
    order_line_id: int
    product_id: int
    qty: Decimal
    unit_price: Decimal
    amount: Decimal
    id: int = 0
    credited_qty: Decimal = ZERO
    credited_amount: Decimal = ZERO
    tax_amount: Decimal = ZERO
    freight_amount: Decimal = ZERO


@dataclass(frozen=True)
class InvoiceView:
    id: int
    public_id: str
    number: str
    order_id: int
    account_id: int
    shipment_id: int | None
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
    credited_amount: Decimal = ZERO
    written_off_amount: Decimal = ZERO
    disputed_amount: Decimal = ZERO
    terms_code: str = ""

    @property
    def open_amount(self) -> Decimal:
        return self.total_amount - self.paid_amount - self.credited_amount - self.written_off_amount

    @property
    def undisputed_amount(self) -> Decimal:
        """What is open and nobody disputes: it is payable while the rest is looked at."""
        return max(self.open_amount - self.disputed_amount, ZERO)


@dataclass(frozen=True)
class Credit:
    """A credit memo or receipt with something left on account."""

    number: str
    day: date
    left: Decimal


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
    credits: tuple[Credit, ...] = ()
