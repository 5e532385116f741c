"""A promise in words, the same in every channel: "40 now from Reno DC, 20 on 3 Dec"."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from core.quantity import plain
from inventory.rules.asks import PromiseSlice
from inventory.rules.vendor import THE_VENDOR
from inventory.states import PromiseKind

ZERO = Decimal(0)


def split_words(slices: Iterable[PromiseSlice], sites: Mapping[int, str], *, is_placed: bool = False) -> str:
    """What lies in stock is "now", with the site it comes from; what is on its way has a day, the rest none yet.

    Of an order that is placed, stock has its day too: "40 on 28 Nov from Reno DC", as has at any time what a vendor ships:
    "20 on 9 Dec from the vendor". `sites` are shown names by id.
    """
    parts: dict[str, Decimal] = {}
    for s in slices:
        words = _words(s, sites, is_placed=is_placed)
        parts[words] = parts.get(words, ZERO) + s.qty
    return ", ".join(f"{plain(qty)} {words}" for words, qty in parts.items())


def _words(s: PromiseSlice, sites: Mapping[int, str], *, is_placed: bool) -> str:
    name = sites.get(s.site_id or 0, "") if s.kind == PromiseKind.STOCK else ""
    place = f" from {name}" if name else ""
    if s.kind == PromiseKind.STOCK and not is_placed and name != THE_VENDOR:
        return f"now{place}"
    when = s.delivery_date or s.ship_date
    return "without a date" if when is None else f"on {short_day(when)}{place}"


def short_day(day: date) -> str:
    return f"{day.day} {day:%b}"
