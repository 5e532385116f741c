"""How long and how much a draft may keep goods from others."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


@dataclass(frozen=True)
class Limits:
    """Of one customer; the defaults hold where the console says nothing."""

    cart_minutes: int = 30
    quote_hours: int = 72
    most_amount: Decimal = Decimal(50_000)
    times_a_day: int = 6


class Latest(NamedTuple):
    """The last moment a hold may last to, and what says so."""

    moment: datetime
    why: str


def latest_end(limits: Limits, *, is_cart: bool, first_at: datetime, prices_until: datetime | None) -> Latest:
    """Counted from when the draft first held without a break, so that prolonging again and again gains nothing. A quote
    holds no longer than the prices agreed for it."""
    if is_cart:
        return Latest(
            first_at + timedelta(minutes=limits.cart_minutes), f"a cart is held {limits.cart_minutes} minutes"
        )
    moment = first_at + timedelta(hours=limits.quote_hours)
    if prices_until is not None and prices_until < moment:
        return Latest(prices_until, "its agreed prices end then")
    return Latest(moment, f"a quote is held {limits.quote_hours} hours")


def usual_end(limits: Limits, *, now: datetime) -> datetime:
    """Where nobody says how long."""
    return now + timedelta(minutes=limits.cart_minutes)


@dataclass(frozen=True)
class GoodsLine:
    """A line in base units: what the draft asks for, what is held of it."""

    line_no: int
    product_id: int
    asked: Decimal
    held: Decimal


@dataclass(frozen=True)
class GoodsHeld:
    """What a draft holds until a moment; once that is over it holds nothing, and says so until it is held again."""

    order_id: int
    number: str
    hold_id: int
    until: datetime
    lines: tuple[GoodsLine, ...]
    demand_ids: tuple[int, ...]
    has_run_out: bool = False

    @property
    def short(self) -> tuple[GoodsLine, ...]:
        """Lines of which not all is held."""
        return tuple(x for x in self.lines if x.held < x.asked)

    @property
    def by_line(self) -> dict[int, Decimal]:
        return {x.line_no: x.held for x in self.lines}
