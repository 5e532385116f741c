"""What the rooms below know of an order when a fact about it arrives: the only reads this room makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from fulfillment.queries import shipments_of
from inventory.queries import promises
from orders.ledgers import ledgers

ZERO = Decimal(0)


@dataclass(frozen=True)
class LineSource:
    order_line_id: int
    product_id: int | None
    ordered_qty: Decimal
    cancelled_qty: Decimal
    shipped_qty: Decimal
    promised_date: date | None


@dataclass(frozen=True)
class OrderSource:
    """An order now: quantities in base units, `promised_date` the latest ship date promised for the line (None: not
    asked for).
    """

    order_id: int
    number: str
    account_id: int
    channel: str
    is_rep_order: bool
    received_at: datetime
    submitted_at: datetime | None
    lines: tuple[LineSource, ...]


def order_sources(order_ids: Iterable[int], *, with_promises: bool = True) -> dict[int, OrderSource]:
    """A constant number of statements."""
    seen = ledgers(order_ids)
    demands = [line.demand_id for order in seen.values() for line in order.lines if line.demand_id]
    promised = promises(demands) if demands and with_promises else {}
    return {
        order_id: OrderSource(
            order_id,
            order.number,
            order.account_id,
            order.channel,
            order.on_behalf_of_id is not None,
            order.received_at,
            order.submitted_at,
            tuple(
                LineSource(
                    line.line_id,
                    line.product_id,
                    line.ordered,
                    line.cancelled or ZERO,
                    line.shipped or ZERO,
                    _latest(promised.get(line.demand_id or 0, ())),
                )
                for line in order.lines
            ),
        )
        for order_id, order in seen.items()
    }


def first_shipped(order_ids: Iterable[int]) -> dict[int, Decimal]:
    """Base units of each order line that left with its order's first shipment."""
    found: dict[int, Decimal] = {}
    for shipments in shipments_of(order_ids).values():
        shipped = [s for s in shipments if s.shipped_at]
        for line in min(shipped, key=lambda s: (s.shipped_at, s.id)).lines if shipped else ():
            found[line.order_line_id] = found.get(line.order_line_id, ZERO) + line.shipped_qty
    return found


def _latest(slices: Sequence[object]) -> date | None:
    """None while any part of the line has no date."""
    dates = [getattr(part, "ship_date", None) for part in slices]
    return None if not dates or None in dates else max(d for d in dates if d)
