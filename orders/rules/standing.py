"""How far a line and an order are, in one wording for every door: console, portal, API, mail and EDI ask here.

Derived from quantities and holds, never typed in (domain.md §0.1). `tone` is a colour, `symbol` an icon of the portal.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from core.quantity import plain
from inventory.rules.asks import DemandState
from orders.rules.asks import Progress
from orders.states import OrderStatus

ZERO = Decimal(0)


class Stage(StrEnum):
    """What programs compare; people read the words."""

    DRAFT = "draft"
    CANCELLED = "cancelled"
    ON_HOLD = "on_hold"
    RESERVED = "reserved"
    BACKORDERED = "backordered"
    READY = "ready"
    PICKING = "picking"
    PACKED = "packed"
    PART_SHIPPED = "part_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    COMPLETE = "complete"


@dataclass(frozen=True)
class Standing:
    stage: Stage
    words: str
    tone: str
    symbol: str


def _as(stage: Stage, words: str, tone: str, symbol: str) -> Standing:
    return Standing(stage, words, tone, symbol)


DRAFT = _as(Stage.DRAFT, "Not placed yet", "neutral", "circle")
CANCELLED = _as(Stage.CANCELLED, "Cancelled", "neutral", "x")
ON_HOLD = _as(Stage.ON_HOLD, "On hold", "hold", "hold")
RESERVED = _as(Stage.RESERVED, "Reserved", "info", "check-circle")
WAITING = _as(Stage.BACKORDERED, "Waiting for stock", "warn", "clock")
READY = _as(Stage.READY, "Ready to ship", "info", "box")
PICKING = _as(Stage.PICKING, "Being picked", "info", "box")
PACKED = _as(Stage.PACKED, "Packed", "info", "box")
PART_SHIPPED = _as(Stage.PART_SHIPPED, "Part shipped", "info", "truck")
SHIPPED = _as(Stage.SHIPPED, "Shipped", "ok", "truck")
DELIVERED = _as(Stage.DELIVERED, "Delivered", "ok", "check-circle")
COMPLETE = _as(Stage.COMPLETE, "Complete", "ok", "check-circle")


def line_standing(state: DemandState | None, *, is_held: bool, delivered: Decimal = ZERO) -> Standing:
    """The most telling state of a line; None: it is not in demand yet. `delivered` are the base units that arrived."""
    if state is None:
        return DRAFT
    wanted = state.ordered - state.cancelled
    if wanted <= 0:
        return CANCELLED
    if state.shipped >= wanted:
        return DELIVERED if delivered >= wanted else SHIPPED
    if state.backordered:
        return _as(Stage.BACKORDERED, f"{plain(state.backordered)} backordered", "warn", "clock")
    if state.released or state.picked:
        return PICKING if state.released else PACKED
    if is_held or state.is_blocked:
        return ON_HOLD
    return READY if state.allocated else RESERVED


def order_standing(status: str, progress: Progress | None, *, is_held: bool) -> Standing:
    """An order in one state."""
    if status == OrderStatus.DRAFT:
        return DRAFT
    if status == OrderStatus.CANCELLED:
        return CANCELLED
    if progress is not None and _is_delivered(progress):
        return DELIVERED
    if status == OrderStatus.CLOSED:
        return COMPLETE
    if is_held:
        return ON_HOLD
    if progress is None:
        return RESERVED
    if progress.shipment != "none":
        return SHIPPED if progress.shipment == "full" else PART_SHIPPED
    if progress.released or progress.picked:
        return PICKING if progress.released else PACKED
    if progress.backordered:
        return WAITING
    return READY if progress.allocation == "full" else RESERVED


def how_much(progress: Progress | None) -> str:
    """ "40 of 60 shipped" where part of it has left, "40 of 60 delivered" where part of it arrived; else nothing."""
    if progress is None:
        return ""
    wanted = progress.ordered - progress.cancelled
    if progress.shipment == "partial":
        return f"{plain(progress.shipped)} of {plain(wanted)} shipped"
    if progress.shipment == "full" and ZERO < progress.delivered < wanted:
        return f"{plain(progress.delivered)} of {plain(wanted)} delivered"
    return ""


def _is_delivered(progress: Progress) -> bool:
    wanted = progress.ordered - progress.cancelled
    return ZERO < wanted <= progress.delivered
