"""A promise in words, the same in every channel: "40 now from Reno DC, 20 on 3 Dec"."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
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


def added(before: Iterable[PromiseSlice], after: Iterable[PromiseSlice]) -> list[PromiseSlice]:
    """What is promised after and was not before, by site, day and supply on its way."""
    left: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for s in before:
        left[_place_and_day(s)] += s.qty
    more = []
    for s in after:
        kept = min(s.qty, left[_place_and_day(s)])
        left[_place_and_day(s)] -= kept
        if s.qty > kept:
            more.append(replace(s, qty=s.qty - kept))
    return more


def _place_and_day(s: PromiseSlice) -> tuple[object, ...]:
    return s.kind, s.site_id, s.delivery_date, s.inbound_id


def _words(s: PromiseSlice, sites: Mapping[int, str], *, is_placed: bool) -> str:
    name = sites.get(s.site_id or 0, "") if s.kind == PromiseKind.STOCK else ""
    place = f" from {name}" if name else ""
    if s.kind == PromiseKind.STOCK and not is_placed and name != THE_VENDOR:
        return f"now{place}"
    when = s.delivery_date or s.ship_date
    return "without a date" if when is None else f"on {short_day(when)}{place}"


def short_day(day: date) -> str:
    return f"{day.day} {day:%b}"
