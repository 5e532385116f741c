"""What an order line is worth to credit, to the cent (docs/interfaces.md, "What a bucket is worth").

`open_order` of a line is what its quantity not yet released will be owed for: round(quantity × locked price), and tax and
freight as estimated with it, each rounded by itself. Every bucket is exactly the sum over its lines, and the last unit
always empties it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.refs import DocumentRef
from credit.rules.asks import PostingSpec
from credit.states import Bucket
from inventory.rules.asks import DemandState
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.worth import UnitWorth

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a unit of a line is owed for, and the ship date that its postings carry from submit to the last reversal."""

    line_id: int
    unit: UnitWorth
    currency: str
    ship_date: date


def unreleased(state: DemandState) -> Decimal:
    """Base units ordered and neither cancelled nor handed to the warehouse."""
    return state.backordered + state.reserved + state.allocated


def open_change(worth: Worth, before: Decimal, after: Decimal) -> Decimal:
    """The signed change of a line's open-order amount when its unreleased quantity goes from `before` to `after`."""
    return worth.unit.of(after, worth.currency) - worth.unit.of(before, worth.currency)


def by_ship_date(changes: Iterable[tuple[date, Decimal]]) -> dict[date, Decimal]:
    """Amounts summed per ship date, in date order, zero sums dropped."""
    sums: dict[date, Decimal] = {}
    for day, amount in changes:
        sums[day] = sums.get(day, ZERO) + amount
    return {day: sums[day] for day in sorted(sums) if sums[day]}


def ship_date_of(requested: date | None, submitted: date) -> date:
    """The line's requested date, but never before the day it was submitted: it never changes afterwards."""
    return max(requested, submitted) if requested else submitted


def open_posting(
    order: OrderPicture, amount: Decimal, key: str, ship_date: date, *, rate_date: date | None = None
) -> PostingSpec:
    """`amount` of the order's currency more, or less, waits to be shipped on that date. It counts at the rate of the UTC
    day of submit (`rate_date`, of an order that is only about to be), as all does that follows of it."""
    ref = DocumentRef("order", order.order_id, order.number)
    return PostingSpec(
        order.account_id, ref, Bucket.OPEN_ORDER, amount, key, ship_date=ship_date,
        currency=order.currency, rate_date=rate_date or order.submitted_on,
    )  # fmt: skip


def open_parts(order: OrderPicture) -> list[tuple[date, Decimal]]:
    """What each line of a submitted order holds of the exposure as an open order, and on which ship date; a line that is
    only about to be added holds all of it."""
    assert order.submitted_on is not None
    parts = []
    for line in order.lines:
        qty = unreleased(line.demand) if line.demand else line.qty
        day = ship_date_of(line.requested_date or order.requested_date, order.submitted_on)
        parts.append((day, line.unit_worth.of(qty, order.currency)))
    return parts


def worth_of(order: OrderPicture, line: LinePicture) -> Worth:
    """Of a submitted line. Its ship date is worked out from what does not change after submit."""
    if line.unit_price is None or line.line_id is None or order.submitted_on is None:
        raise ValueError(f"{order.number} line {line.line_no} has no locked price")
    ship_date = ship_date_of(line.requested_date or order.requested_date, order.submitted_on)
    return Worth(line.line_id, line.unit_worth, order.currency, ship_date)
