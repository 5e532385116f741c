"""Stock in the field: what a usage names, what a fill-up brings, when a lot's expiry is pushed. Quantities in base units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

ZERO = Decimal(0)
PUSH_DAYS = (90, 60, 30)  # before the expiry, the earliest first (domain.md §5)


@dataclass(frozen=True)
class UseLine:
    """What was used, as it was scanned or typed: `code` is a barcode, a UDI or a SKU; `qty` in `unit` (empty: the unit
    the barcode names, else the base unit). A lot or serial number in the code need not be said again."""

    code: str
    qty: Decimal = Decimal(1)
    unit: str = ""
    lot: str = ""
    serial: str = ""


@dataclass(frozen=True)
class UsageSpec:
    """What was used, where, for whom, at which moment by the device's clock. One of `case_reference`, `po_number` and
    `is_po_to_follow` is given. `account_id` None: the consignment's own customer."""

    site_id: int
    account_id: int | None
    used_at: datetime
    lines: tuple[UseLine, ...]
    case_reference: str = ""
    po_number: str = ""
    is_po_to_follow: bool = False
    note: str = ""


@dataclass(frozen=True)
class Goods:
    """A usage line that was understood: `takes` is {balance: quantity}, all of good stock at the site."""

    line_no: int
    code: str
    product_id: int
    sku: str
    qty: Decimal
    unit: str
    unit_qty: Decimal
    lot_id: int | None
    takes: Mapping[int, Decimal]


@dataclass(frozen=True)
class UsedLine:
    """A usage line as it was kept."""

    line_no: int
    code: str
    product_id: int
    unit: str
    unit_qty: Decimal


@dataclass(frozen=True)
class UsedStock:
    """A part of a usage line that left one balance: what a shipment line is made of."""

    line_no: int
    demand_id: int
    claim_id: int
    balance_id: int
    lot_id: int | None
    product_id: int
    qty: Decimal


@dataclass(frozen=True)
class ThereNow:
    """Good stock of a product at a field site on one balance, that nobody claims."""

    balance_id: int
    product_id: int
    lot_id: int | None
    free: Decimal
    expiry_date: date | None = None


def take_first_expiring(qty: Decimal, there: Iterable[ThereNow]) -> tuple[dict[int, Decimal], Decimal]:
    """{balance: quantity} that serve `qty`, the earliest expiry first, and what they do not cover."""
    found, left = {}, qty
    for place in sorted(there, key=lambda t: (t.expiry_date or date.max, t.balance_id)):
        part = min(left, place.free)
        if part > 0:
            found[place.balance_id] = part
            left -= part
    return found, left


@dataclass(frozen=True)
class Level:
    """A par level with what is there (good and unclaimed), on its way there, and asked for already."""

    product_id: int
    par: Decimal
    refill_below: Decimal | None
    there: Decimal
    coming: Decimal
    asked: Decimal

    @property
    def position(self) -> Decimal:
        return self.there + self.coming + self.asked


def to_fill_up(levels: Sequence[Level], multiples: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """{product: quantity to ask for}, so that what is there, travels and was asked for comes to par; products at or
    above their refill point are absent.

    `multiples` is what each product is ordered in: whole packs are asked for, the last one may pass par.
    """
    return {
        x.product_id: in_packs(x.par - x.position, multiples[x.product_id])
        for x in levels
        if x.position < (x.par if x.refill_below is None else x.refill_below)
    }


def in_packs(qty: Decimal, multiple: Decimal) -> Decimal:
    """The fewest whole multiples that hold the quantity; as it is where the multiple says nothing (zero or less)."""
    return (qty / multiple).to_integral_value(ROUND_CEILING) * multiple if multiple > 0 else qty


def push_step(expiry: date, today: date) -> int | None:
    """The step a lot has reached: the fewest days of PUSH_DAYS that still cover its expiry. None before the first step,
    and from the day after its expiry on (then it is set aside as expired)."""
    left = (expiry - today).days
    if left < 0:
        return None
    reached = [days for days in PUSH_DAYS if left <= days]
    return min(reached, default=None)


@dataclass(frozen=True)
class Stated:
    """What the receiver says has come of a transfer line in all, good and damaged."""

    good: Decimal
    damaged: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.good + self.damaged


def bookable(stated: Stated, sent: Decimal) -> Stated:
    """Of what is stated, no more than was sent: the rest is the sender's to agree to."""
    damaged = min(stated.damaged, sent)
    return Stated(min(stated.good, sent - damaged), damaged)
