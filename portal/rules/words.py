"""Promises and progress in a buyer's words. The same words in the portal and the API."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.quantity import plain

ZERO = Decimal(0)


@dataclass(frozen=True)
class Slice:
    """`qty` on `day`; None: no date yet."""

    qty: Decimal
    day: date | None


@dataclass(frozen=True)
class Sign:
    """A state to show: colour (`tone`), icon (`symbol`), words."""

    tone: str
    symbol: str
    words: str


def slices_of(qty: Decimal, available: Decimal, later: Sequence[tuple[date, Decimal]], today: date) -> list[Slice]:
    """How `qty` would be met: from stock today, then as the cumulative `later` grows, the rest without a date."""
    got = min(qty, max(available, ZERO))
    found = [Slice(got, today)] if got else []
    for day, cumulative in sorted(later):
        more = min(qty, cumulative) - got
        if more > 0:
            found.append(Slice(more, day))
            got += more
    return [*found, Slice(qty - got, None)] if got < qty else found


def when(slices: Iterable[Slice], today: date) -> Sign:
    """ "In stock", "40 now, 20 on 3 Dec", "Ships 3 Dec", "No date yet"."""
    parts = list(slices)
    if all(s.day is not None and s.day <= today for s in parts):
        return Sign("ok", "check-circle", "In stock")
    if len(parts) == 1:
        only = parts[0]
        words = f"Ships {short(only.day)}" if only.day else "No date yet"
        return Sign("warn", "clock", words)
    return Sign("warn", "clock", ", ".join(_slice_words(s, today) for s in parts))


# What a hold means to a buyer, by its reason or the gate that placed it. The internal words (a floor, a margin) stay in.
HOLDS = {
    "credit": "It waits for our finance team, because of the credit line. You need not do anything.",
    "eligibility": "It waits until we have checked that you may buy all of it.",
    "data": "It waits for a detail that is missing or does not fit.",
    "price": "It waits until we have confirmed the price.",
    "approval": "It waits for an approval; see Approvals.",
    "po_to_follow": "It waits for your purchase order number: the goods were used before it came.",
}


def hold_words(reason: str, rule: str = "") -> str:
    """One sentence for a buyer on why an order stands still: of its rule where there is one, else of its reason."""
    return HOLDS.get(rule) or HOLDS.get(str(reason), "It waits for our customer service.")


def short(day: date | None) -> str:
    return f"{day.day} {day:%b}" if day else "no date yet"


def _slice_words(part: Slice, today: date) -> str:
    if part.day is None:
        return f"{plain(part.qty)} without a date"
    return f"{plain(part.qty)} now" if part.day <= today else f"{plain(part.qty)} on {short(part.day)}"
