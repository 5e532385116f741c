"""How far a line and an order are, as their buyer sees it: derived from the quantity ledger and the holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.quantity import plain
from inventory.rules.asks import PromiseSlice
from orders.rules.asks import Progress
from orders.rules.standing import Standing
from portal.rules.words import Sign, short

ZERO = Decimal(0)


@dataclass(frozen=True)
class Step:
    """One dot of the stepper: `state` is done, now, held or next."""

    label: str
    words: str
    state: str
    at: datetime | None = None


def sign(standing: Standing) -> Sign:
    """The one wording of every door, with its icon."""
    return Sign(standing.tone, standing.symbol, standing.words)


def steps(
    status: str, placed_at: datetime | None, progress: Progress, *, is_held: bool, expected: str
) -> tuple[Step, ...]:
    """Placed, checked, reserved, shipped, complete: with how much of each."""
    wanted = progress.ordered - progress.cancelled
    secured = progress.reserved + progress.allocated + progress.released + progress.picked + progress.shipped
    is_placed, is_done = placed_at is not None, status == "closed"
    checked = "held" if is_held else ("done" if is_placed else "next")
    return (
        Step("Placed", "" if is_placed else "not yet", "done" if is_placed else "next", placed_at),
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
