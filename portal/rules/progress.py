"""How far a line and an order are, as their buyer sees it: derived from the quantity ledger and the holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.quantity import plain
from inventory.rules.asks import DemandState, PromiseSlice
from orders.rules.asks import Progress
from portal.rules.words import Sign, short

ZERO = Decimal(0)

DRAFT = Sign("neutral", "circle", "Not placed yet")
CANCELLED = Sign("neutral", "x", "Cancelled")
ON_HOLD = Sign("hold", "hold", "On hold")
COMPLETE = Sign("ok", "check-circle", "Complete")
SHIPPED = Sign("ok", "truck", "Shipped")
PICKING = Sign("info", "box", "Being picked")
READY = Sign("info", "box", "Ready to ship")
RESERVED = Sign("info", "check-circle", "Reserved")
WAITING = Sign("warn", "clock", "Waiting for stock")


@dataclass(frozen=True)
class Step:
    """One dot of the stepper: `state` is done, now, held or next."""

    label: str
    words: str
    state: str
    at: datetime | None = None


def line_sign(state: DemandState | None, *, is_held: bool) -> Sign:
    """The most telling state of a line; None: it is not in demand yet."""
    if state is None:
        return DRAFT
    wanted = state.ordered - state.cancelled
    if wanted <= 0:
        return CANCELLED
    if state.shipped >= wanted:
        return SHIPPED
    if state.backordered:
        return Sign("warn", "clock", f"{plain(state.backordered)} backordered")
    if state.released or state.picked:
        return PICKING
    if is_held or state.is_blocked:
        return ON_HOLD
    return READY if state.allocated else RESERVED


def order_sign(status: str, progress: Progress | None, *, is_held: bool) -> Sign:
    """An order in one state, for lists."""
    if status in ("draft", "cancelled", "closed"):
        return {"draft": DRAFT, "cancelled": CANCELLED, "closed": COMPLETE}[status]
    if is_held:
        return ON_HOLD
    if progress is None:
        return RESERVED
    if progress.shipment != "none":
        return SHIPPED if progress.shipment == "full" else Sign("info", "truck", "Part shipped")
    if progress.released or progress.picked:
        return PICKING
    if progress.backordered:
        return WAITING
    return READY if progress.allocation == "full" else RESERVED


def shipped_words(progress: Progress | None) -> str:
    """ "40 of 60 shipped" where part of it has left; nothing else needs saying beside the state."""
    if progress is None or progress.shipment != "partial":
        return ""
    return f"{plain(progress.shipped)} of {plain(progress.ordered - progress.cancelled)} shipped"


def steps(
    status: str, placed_at: datetime | None, progress: Progress, *, is_held: bool, expected: str
) -> tuple[Step, ...]:
    """Placed, checked, reserved, shipped, complete: with how much of each."""
    wanted = progress.ordered - progress.cancelled
    secured = progress.reserved + progress.allocated + progress.released + progress.picked + progress.shipped
    is_placed, is_done = placed_at is not None, status == "closed"
    checked = "held" if is_held else ("done" if is_placed else "next")
    return (
        Step("Placed", "" if is_placed else "not yet", "done" if is_placed else "now", placed_at),
        Step("Checked", "on hold" if is_held else ("passed" if is_placed else ""), checked),
        Step("Reserved", _of(secured, wanted), _share(secured, wanted)),
        Step("Shipped", _of(progress.shipped, wanted), _share(progress.shipped, wanted)),
        Step("Complete", "" if is_done else expected, "done" if is_done else "next"),
    )


def moved(sku: str, slices: Iterable[PromiseSlice]) -> list[str]:
    """One sentence for every part of a line that is now promised later than it was first."""
    return [
        f"{plain(s.qty)} × {sku} now arrive {short(s.delivery_date)} (first promised {short(s.first_delivery_date)})"
        f"{': ' + s.slip_cause if s.slip_cause else ''}."
        for s in slices
        if s.first_delivery_date and s.delivery_date and s.delivery_date > s.first_delivery_date
    ]


def expected_words(slices: Sequence[PromiseSlice]) -> str:
    """When the last of it comes: "expected 3 Dec", or that part of it has no date."""
    if not slices:
        return ""
    if any(s.delivery_date is None for s in slices):
        return "part has no date yet"
    return f"expected {short(max(s.delivery_date for s in slices if s.delivery_date))}"


def _of(done: Decimal, wanted: Decimal) -> str:
    return f"{plain(done)} of {plain(wanted)} units" if wanted > 0 else ""


def _share(done: Decimal, wanted: Decimal) -> str:
    if done <= 0 or wanted <= 0:
        return "next"
    return "done" if done >= wanted else "now"
