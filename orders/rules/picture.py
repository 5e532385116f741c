"""An order as the rules see it: the same values whether it is stored, being placed or only previewed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.money import EXACT, line_amount, round_price
from core.quantity import plain
from inventory.rules.asks import DemandState
from orders.rules.worth import UnitWorth

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LinePicture:
    """`qty` in base units; `unit_price` and `floor` per base unit; `stated_price` per `unit_qty` unit. `unit_tax` and
    `unit_freight` are what was estimated of both with the price, per base unit."""

    index: int
    line_no: int
    product_id: int | None
    sku: str
    qty: Decimal
    unit_qty: Decimal
    stated_code: str = ""
    stated_price: Decimal | None = None
    unit_price: Decimal | None = None
    floor: Decimal | None = None
    amount: Decimal = ZERO
    price_basis: str = ""
    ship_to_id: int | None = None
    requested_date: date | None = None
    line_id: int | None = None
    unit: str = ""
    demand: DemandState | None = None
    repriced: Decimal = ZERO
    agreement: tuple[str, int] | None = None
    unit_tax: Decimal = ZERO
    unit_freight: Decimal = ZERO

    @property
    def name(self) -> str:
        return self.sku or self.stated_code or f"line {self.line_no}"

    @property
    def unit_worth(self) -> UnitWorth:
        return UnitWorth(self.unit_price or ZERO, self.unit_tax, self.unit_freight)

    @property
    def standing(self) -> Decimal:
        """Base units that were not cancelled."""
        return self.qty - self.demand.cancelled if self.demand else self.qty

    def pointer(self, leaf: str) -> str:
        return f"/lines/{self.index}/{leaf}"


@dataclass(frozen=True, slots=True)
class Waiver:
    """A person cleared this rule's hold: it does not hold the order again up to `ceiling`, until `valid_until`."""

    rule: str
    by: str
    ceiling: Decimal | None = None
    valid_until: datetime | None = None

    def covers(self, value: Decimal, now: datetime) -> bool:
        return (self.ceiling is None or value <= self.ceiling) and (self.valid_until is None or now <= self.valid_until)


@dataclass(frozen=True, slots=True)
class OpenHold:
    hold_id: int
    reason: str
    rule: str
    blocks: tuple[str, ...]
    is_forced: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class OrderPicture:
    order_id: int
    number: str
    account_id: int
    currency: str
    lines: tuple[LinePicture, ...]
    ship_to_id: int | None = None
    po_number: str = ""
    terms_code: str = ""
    requested_date: date | None = None
    cancel_after_date: date | None = None
    ship_complete: str = ""  # empty: as the account
    version: int = 1
    open_holds: tuple[OpenHold, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def submitted_on(self) -> date | None:
        """The UTC day of submit: what open-order ship dates count from."""
        moment: datetime | None = self.meta.get("submitted_at")
        return moment.date() if moment else None

    @property
    def terms_are_agreed(self) -> bool:
        """Somebody with the authority gave the order terms of its own."""
        return self.meta.get("terms_override_id") is not None

    @property
    def contract_terms(self) -> str:
        """The terms of the contract that priced most of it when it was submitted."""
        return str(self.meta.get("contract_terms_code") or "")

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        """Estimated, of what was not cancelled."""
        return sum((line_amount(x.standing, x.unit_tax, self.currency) for x in self.lines if x.unit_tax), ZERO)

    @property
    def freight(self) -> Decimal:
        """Estimated, of what was not cancelled."""
        return sum((line_amount(x.standing, x.unit_freight, self.currency) for x in self.lines if x.unit_freight), ZERO)

    @property
    def owed(self) -> Decimal:
        """What it will be invoiced for: what credit counts."""
        return self.total + self.tax + self.freight

    @property
    def product_ids(self) -> list[int]:
        return sorted({line.product_id for line in self.lines if line.product_id is not None})


def stated_amount(line: LinePicture, currency: str) -> Decimal | None:
    """The amount of what stands of the line at the price the customer stated, rounded once; None when they stated none."""
    if line.stated_price is None:
        return None
    gone = line.demand.cancelled if line.demand else ZERO
    qty = line.unit_qty if not gone else EXACT.divide(EXACT.multiply(line.unit_qty, line.qty - gone), line.qty)
    return line_amount(qty, line.stated_price, currency)


def stated_unit_price(line: LinePicture) -> Decimal | None:
    """The stated price per base unit, to set beside ours."""
    if line.stated_price is None or not line.qty:
        return None
    return round_price(EXACT.divide(EXACT.multiply(line.stated_price, line.unit_qty), line.qty))


def price_text(price: Decimal) -> str:
    """A unit price for people: at least two places, no further trailing zeros ("9.50", "0.123", "1,890.00")."""
    whole, _, places = plain(price).partition(".")
    return f"{Decimal(whole):,}.{places.ljust(2, '0')}"
