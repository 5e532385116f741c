"""One row of an order file: a sale, a reversal of one, or a rejection that says what to mend."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from integrations.rules.import_columns import Columns

NOT_GOODS = frozenset(
    {"POST", "DOT", "M", "C2", "C3", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "ADJUST", "ADJUST2"}
)
MAX_CODE = 60
_OCCURRENCE = re.compile(r"(\d{1,6})(?:\.([0-9a-f]{8}))?")
_NUMBER = re.compile(r"[+-]?(\d{1,12}\.?\d*|\.\d+)")
_QUANTITY_LIMIT = Decimal("9999999999.9999")
_PRICE_LIMIT = Decimal("999999999999")
_DATES = ("%m/%d/%Y %H:%M", "%m/%d/%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y/%m/%d", "%Y/%m/%d %H:%M")


class Reason(StrEnum):
    """Why a row is not imported; the keys of `rejected_by_reason`."""

    RAGGED = "wrong number of columns"
    UNREADABLE = "unreadable row"
    NO_INVOICE = "no invoice"
    NO_SKU = "no sku"
    NOT_GOODS = "not goods"
    NO_CUSTOMER = "no customer"
    UNKNOWN_CUSTOMER = "unknown customer"
    UNKNOWN_SKU = "unknown sku"
    BAD_QUANTITY = "bad quantity"
    QUANTITY = "quantity not positive"
    BAD_PRICE = "bad price"
    PRICE = "price not positive"
    BAD_UNIT = "bad unit"
    NOTHING_TO_REVERSE = "nothing to reverse"
    REFUSED = "refused"


REMEDIES = {
    Reason.RAGGED: "Give the row as many columns as the heading has.",
    Reason.UNREADABLE: "Mend the quotes or the length of the row.",
    Reason.NO_INVOICE: "Fill in the invoice number.",
    Reason.NO_SKU: "Fill in the product code.",
    Reason.NOT_GOODS: "Charges and adjustments are not order lines; leave the row out or give it a product code.",
    Reason.NO_CUSTOMER: "Fill in the customer, or import with --default-account.",
    Reason.UNKNOWN_CUSTOMER: "Create the account, mend the code, or import with --create-missing.",
    Reason.UNKNOWN_SKU: "Create the product, mend the code, or import with --create-missing.",
    Reason.BAD_QUANTITY: "Write the quantity as a number with at most 4 decimals.",
    Reason.QUANTITY: "A sale needs a quantity above zero; a cancellation an invoice that starts with C.",
    Reason.BAD_PRICE: "Write the price as a number with at most 6 decimals.",
    Reason.PRICE: "A sale needs a price above zero.",
    Reason.BAD_UNIT: "Use a unit the product has, or leave it empty for its base unit.",
    Reason.NOTHING_TO_REVERSE: "No earlier sale of this product to this customer is left to reverse.",
    Reason.REFUSED: "See the reason; mend the row and import it again.",
}


@dataclass(frozen=True, slots=True)
class Rejection:
    reason: Reason
    field: str
    detail: str = ""

    @property
    def remedy(self) -> str:
        return f"{self.detail} {REMEDIES[self.reason]}".strip()


@dataclass(frozen=True, slots=True)
class OrderRow:
    """`quantity` above zero always; `is_reversal` says which way it goes. `customer` empty = the default account."""

    invoice: str
    sku: str
    customer: str
    quantity: Decimal
    price: Decimal
    at: datetime | None
    description: str
    unit: str
    is_reversal: bool

    def said(self) -> str:
        """What the row says, short: the line's identity inside its invoice is this and how often it was said."""
        sign = "-" if self.is_reversal else ""
        said = f"{self.sku}|{sign}{_short(self.quantity)}{self.unit}|{_short(self.price)}"
        if len(said) > 60:
            said = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
        return said


def _short(value: Decimal) -> str:
    """One spelling for 2.5 and 2.50."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class RowRules:
    not_goods: frozenset[str] = NOT_GOODS
    has_default_account: bool = False


def read_row(values: Sequence[str], columns: Columns, rules: RowRules) -> OrderRow | Rejection:
    """`values` as long as the heading (the caller rejects ragged rows)."""
    invoice, sku = _cell(values, columns.invoice), _cell(values, columns.sku).upper()
    if not invoice or len(invoice) > MAX_CODE:
        return Rejection(Reason.NO_INVOICE, "invoice")
    if not sku or len(sku) > MAX_CODE:
        return Rejection(Reason.NO_SKU, "sku")
    if sku in rules.not_goods:
        return Rejection(Reason.NOT_GOODS, "sku", f"{sku} is a charge or an adjustment.")
    customer = normal_customer(_cell(values, columns.customer))
    if not customer and not rules.has_default_account:
        return Rejection(Reason.NO_CUSTOMER, "customer")
    if len(customer) > 40:
        return Rejection(Reason.UNKNOWN_CUSTOMER, "customer", "Codes have at most 40 characters.")
    quantity = number(_cell(values, columns.quantity), decimals=4, limit=_QUANTITY_LIMIT)
    if quantity is None:
        return Rejection(Reason.BAD_QUANTITY, "quantity")
    is_reversal = quantity < 0 and invoice[:1] in "Cc"
    if quantity <= 0 and not is_reversal:
        return Rejection(Reason.QUANTITY, "quantity")
    price = number(_cell(values, columns.price), decimals=6, limit=_PRICE_LIMIT)
    if price is None:
        return Rejection(Reason.BAD_PRICE, "price")
    if price <= 0 and not is_reversal:
        return Rejection(Reason.PRICE, "price")
    return OrderRow(
        invoice=invoice,
        sku=sku,
        customer=customer,
        quantity=abs(quantity),
        price=price,
        at=read_moment(_cell(values, columns.date)),
        description=_cell(values, columns.description)[:200],
        unit=_cell(values, columns.unit).upper()[:10],
        is_reversal=is_reversal,
    )


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The `occurrence` of a reject file: `2.9f86d081`, the how-manieth such row it was and the mark of what it said.

    A row that still says the same is the row it was; one that was mended is a line of its own, whatever it says now.
    """

    number: int = 0
    mark: str = ""

    def __str__(self) -> str:
        return f"{self.number}.{self.mark}" if self.mark else str(self.number or "")


def read_occurrence(text: str) -> Occurrence:
    found = _OCCURRENCE.fullmatch(text.strip())
    return Occurrence(int(found[1]), found[2] or "") if found else Occurrence()


def row_mark(values: Sequence[str], places: Sequence[int]) -> str:
    """Eight hex digits of what the row's own columns say."""
    said = "\x1f".join(_cell(values, i) for i in places if i < len(values))
    return hashlib.blake2b(said.encode(), digest_size=4).hexdigest()


def _cell(values: Sequence[str], place: int) -> str:
    """The trimmed value, without the apostrophe that keeps spreadsheets from running it."""
    if place < 0:
        return ""
    text = values[place].strip()
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text


def normal_customer(text: str) -> str:
    """`17850.0` is what a spreadsheet makes of 17850."""
    head, dot, tail = text.partition(".")
    return head if dot and head.isdigit() and not tail.strip("0") else text


def number(text: str, *, decimals: int, limit: Decimal) -> Decimal | None:
    """A plain decimal number within the limit and with at most `decimals` decimals, else None."""
    if not (text.isascii() and len(text) <= 24 and _NUMBER.fullmatch(text)):
        return None
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals:
        value = value.normalize()
        if -int(value.as_tuple().exponent) > decimals:
            return None
    return value if abs(value) <= limit else None


def read_moment(text: str) -> datetime | None:
    """ISO 8601, the spreadsheet's month/day/year, or day.month.year; UTC. None where it is none of these."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _other_date(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _other_date(text: str) -> datetime | None:
    for pattern in _DATES:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """A cell a spreadsheet will not run: an apostrophe before a formula sign, unless it is just a number."""
    if text[:1] in _FORMULA and text and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
