"""What is wanted of an order that is placed, and what differs: plain values of an amendment, and the small questions about
a line that several of its parts ask."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from inventory.rules.asks import DemandState
from orders.rules.exposure import unreleased
from orders.rules.picture import LinePicture, OrderPicture
from pricing.states import PriceLevel

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineWish:
    """What is wanted of a line; None leaves a value as it is. `qty` is all that is to stand of it, in `unit` (empty: the
    base unit); 0 takes the line out. A line without a number is new and names its product."""

    line_no: int | None = None
    qty: Decimal | None = None
    unit: str = ""
    product_id: int | None = None
    requested_date: date | None = None
    ship_to_id: int | None = None
    stated_code: str = ""
    external_ref: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of an order; None leaves a value, `cleared` names those that are to be none."""

    lines: tuple[LineWish, ...] = ()
    po_number: str | None = None
    ship_to_id: int | None = None
    requested_date: date | None = None
    cancel_after_date: date | None = None
    note: str | None = None
    ship_complete: str | None = None
    cleared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference for people."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line before and after; quantities are what stands, in base units. `before` is None for a new line."""

    before: LinePicture | None
    after: LinePicture
    less: Decimal = ZERO
    more: Decimal = ZERO

    @property
    def line_no(self) -> int:
        return self.after.line_no

    @property
    def asks_price(self) -> bool:
        """More is priced again at its new quantity, unless a part has gone at the locked price (the invoice of that part
        copies it), or its price was agreed beforehand: a list does not reach it."""
        if self.before is None:
            return self.more > 0
        return self.more > 0 and gone(self.before.demand) == 0 and not is_agreed(self.before)


def standing(line: LinePicture) -> Decimal:
    """What is ordered and not cancelled, base units."""
    return line.qty - (line.demand.cancelled if line.demand else ZERO)


def is_agreed(line: LinePicture) -> bool:
    """At the price of a quote, or of the goods it replaces: agreed for the quantity it was ordered in, and no more."""
    return line.price_basis == PriceLevel.QUOTE


def least(line: LinePicture) -> Decimal:
    """What nobody can take back any more: released, picked or shipped."""
    return gone(line.demand)


def is_untouched(line: LinePicture) -> bool:
    """Priced, and all that stands of it is here still: no document says yet what it is billed by."""
    return line.unit_price is not None and standing(line) > 0 and gone(line.demand) == 0


def gone(state: DemandState | None) -> Decimal:
    return ZERO if state is None else state.released + state.picked + state.shipped


def place_of(order: OrderPicture, line: LinePicture) -> int | None:
    return line.ship_to_id or order.ship_to_id


def day_of(order: OrderPicture, line: LinePicture) -> date | None:
    return line.requested_date or order.requested_date


def is_redated(before: OrderPicture, after: OrderPicture, change: LinePicture, was: LinePicture) -> bool:
    """The line is wanted on another day, by its own date or the order's, and something of it is still to go."""
    return day_of(before, was) != day_of(after, change) and _has_rest(change)


def is_redirected(before: OrderPicture, after: OrderPicture, change: LinePicture, was: LinePicture) -> bool:
    return place_of(before, was) != place_of(after, change) and _has_rest(change)


def _has_rest(line: LinePicture) -> bool:
    return line.demand is not None and unreleased(line.demand) > 0
