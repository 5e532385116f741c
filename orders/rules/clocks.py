"""The clocks of an order, from its entry to its payment: when each step first happened and when it last did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

# In the order in which they strike; a buyer sees those marked.
CLOCKS: tuple[tuple[str, str, bool], ...] = (
    ("entered", "Entered", True),
    ("clean", "Clean", False),
    ("promised", "Promised", True),
    ("released", "Released", False),
    ("picked", "Picked", False),
    ("shipped", "Shipped", True),
    ("delivered", "Delivered", True),
    ("invoiced", "Invoiced", True),
    ("paid", "Paid", True),
)


@dataclass(frozen=True)
class Span:
    """The first and the last instant of something that happens once or in parts."""

    first: datetime
    last: datetime

    @property
    def is_one(self) -> bool:
        return self.first == self.last


@dataclass(frozen=True)
class Clock:
    """`span` is None as long as it has not struck."""

    code: str
    label: str
    span: Span | None
    for_buyers: bool


def clocks(spans: Mapping[str, Span | None]) -> tuple[Clock, ...]:
    """All of them, in their order."""
    return tuple(Clock(code, label, spans.get(code), seen) for code, label, seen in CLOCKS)


def clean_at(submitted_at: datetime | None, *, is_held: bool, cleared_at: datetime | None) -> datetime | None:
    """Since when nothing holds it: its submit, or the end of its last hold; None while one is open or it is a draft."""
    if submitted_at is None or is_held:
        return None
    return max(submitted_at, cleared_at or submitted_at)
