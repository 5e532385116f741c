"""What a customer can do about a promise that moved: keep waiting, take something else, split the line, cancel."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

from catalog.queries import product_snapshots
from core.money import line_amount
from inventory.queries import promises
from inventory.rules.asks import PromiseSlice
from orders import queries as orders
from orders.filters import OrderSummary
from orders.line_queries import kept_days
from orders.rules.exposure import unreleased
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.promising import last_day
from orders.services.keep_promise import is_moved
from orders.services.split_line import why_not_split
from orders.substitutes import SubstituteOffer, by_line, substitute_offers

ZERO = Decimal(0)


@dataclass(frozen=True)
class Choices:
    """A line whose promise moved. Quantities in base units, `worth` in the order's currency at the locked price.

    `qty` of it comes on `now` instead of `was` (None: no day); `waits` has no stock and can be cancelled or, where
    `ready` of the line is there, be a line of its own (`why_whole`: why not).
    """

    line_no: int
    sku: str
    name: str
    unit: str
    qty: Decimal
    was: date | None
    now: date | None
    cause: str
    waits: Decimal
    ready: Decimal
    worth: Decimal
    why_whole: str
    is_kept: bool
    offers: tuple[SubstituteOffer, ...] = ()


@dataclass(frozen=True)
class OptionsPage:
    number: str
    currency: str
    lines: tuple[Choices, ...]
    problem: str = ""
    key: str = field(default_factory=lambda: str(uuid4()))


def is_answered(line: LinePicture, slices: Sequence[PromiseSlice], kept: Mapping[int, Collection[date | None]]) -> bool:
    """Whether the customer took the days that hold now: a still later one asks anew."""
    moved = [s for s in slices if is_moved(s)]
    return bool(moved) and last_day(moved) in kept.get(line.line_id or 0, ())


def options_page(head: OrderSummary, *, now: datetime) -> OptionsPage:
    """The lines with a choice, each with its options and what they would do; about 40 statements for any number."""
    picture = orders.pictures([head.order_id])[head.order_id]
    slices = promises([x.demand.demand_id for x in picture.lines if x.demand])
    lines = [x for x in picture.lines if x.demand and unreleased(x.demand) > 0]
    moved = {x.line_no: [s for s in slices.get(x.demand.demand_id, ()) if is_moved(s)] for x in lines if x.demand}
    lines = [x for x in lines if moved[x.line_no]]
    names = product_snapshots({x.product_id for x in lines if x.product_id})
    kept = kept_days([x.line_id for x in lines if x.line_id])
    offers = by_line(substitute_offers(head.order_id, now=now, line_nos=[x.line_no for x in lines])) if lines else {}
    return OptionsPage(
        head.number, picture.currency,
        tuple(
            _choices(picture, x, moved[x.line_no], names[x.product_id or 0].name, names[x.product_id or 0].base_unit, kept,
                     offers.get(x.line_no, ()))
            for x in lines if x.product_id in names
        ),
    )  # fmt: skip


def _choices(
    order: OrderPicture, line: LinePicture, moved: list[PromiseSlice], name: str, unit: str,
    kept: Mapping[int, Collection[date | None]], offers: Sequence[SubstituteOffer],
) -> Choices:  # fmt: skip
    assert line.demand is not None
    waits = line.demand.backordered
    return Choices(
        line.line_no, line.sku, name, unit, sum((s.qty for s in moved), ZERO),
        max((s.first_delivery_date for s in moved if s.first_delivery_date), default=None), last_day(moved),
        next((s.slip_cause for s in moved if s.slip_cause), ""), waits, line.demand.reserved + line.demand.allocated,
        line_amount(waits, line.unit_price or ZERO, order.currency),
        why_not_split(line, is_submitted=order.meta["status"] == "submitted"),
        is_answered(line, moved, kept), tuple(offers),
    )  # fmt: skip
