"""When it ships and when it arrives: dates from the site's calendar, and what happens to a promise that was made.

A date once promised stays while what it rests on stays. When it moves, the first date is kept and the cause said.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.calendars import ALWAYS_OPEN, HORIZON_DAYS, BusinessCalendar, CalendarNeverOpens
from inventory.rules.asks import PromiseSlice
from inventory.states import PromiseKind

ZERO = Decimal(0)
ONE_DAY = timedelta(days=1)
STOCK_CAME = "stock came in for it"
DELIVERY_MOVED = "the delivery it waits for has another date"


@dataclass(frozen=True, eq=False)  # one of a kind, so that what was worked out for it can be kept
class SiteTimes:
    """How long a site needs: `lead_days` business days to pick and pack, then `transit_days` on the way.

    With a `carrier` calendar goods are only collected on its days and the days on the way are its days too; without
    one they are calendar days. `receiving`: the customer takes goods in on its days only.
    """

    site_id: int
    calendar: BusinessCalendar = ALWAYS_OPEN
    time_zone: str = "UTC"
    cutoff_time: time | None = None
    lead_days: int = 0
    transit_days: int = 0
    carrier: BusinessCalendar | None = None
    receiving: BusinessCalendar | None = None

    def is_shipping_day(self, day: date) -> bool:
        return self.calendar.is_business_day(day) and (self.carrier is None or self.carrier.is_business_day(day))

    def arrival(self, ship: date) -> date:
        """The day goods that left on `ship` are taken in."""
        if self.carrier is None:
            there = ship + timedelta(days=self.transit_days)
        else:
            there = self.carrier.add_days(ship, self.transit_days)
        return there if self.receiving is None else self.receiving.add_days(there, 0)


@dataclass(frozen=True)
class Peg:
    """`qty` of a demand rests on an inbound supply expected at the site on `day`."""

    inbound_id: int
    site_id: int
    day: date
    qty: Decimal


class Coverage(NamedTuple):
    """What an open demand rests on: claimed stock by site, inbound, and what nothing covers yet."""

    requested_date: date
    stock: Mapping[int, Decimal]
    pegs: Sequence[Peg]
    uncovered: Decimal


@lru_cache(maxsize=1024)  # the lines of an order ask the same of the same few sites
def earliest_ship_date(site: SiteTimes, *, now: datetime) -> date:
    """From stock: today until the cut-off, else the next business day; then the lead days."""
    return ship_date_after(site, _begun(site, now))


def working_day(site: SiteTimes, *, now: datetime) -> date:
    """The day the site works on what reaches it now: today until the cut-off, else its next business day."""
    return site.calendar.add_days(_begun(site, now), 0)


def _begun(site: SiteTimes, now: datetime) -> date:
    local = now.astimezone(ZoneInfo(site.time_zone))
    late = site.cutoff_time is not None and local.time() >= site.cutoff_time
    return local.date() + ONE_DAY if late and site.calendar.is_business_day(local.date()) else local.date()


def is_past_cutoff(site: SiteTimes, *, now: datetime) -> bool:
    """Whether what is ordered now has missed the site's last hour of a working day."""
    local = now.astimezone(ZoneInfo(site.time_zone))
    return (
        site.cutoff_time is not None
        and local.time() >= site.cutoff_time
        and site.calendar.is_business_day(local.date())
    )


def ship_date_after(site: SiteTimes, arrival: date) -> date:
    """From inbound: it arrives on `arrival`, is put away, and ships after the lead days, when the carrier comes."""
    ready = site.calendar.add_days(site.calendar.add_days(arrival, 0), site.lead_days)
    return next(day for day in _days_from(ready) if site.is_shipping_day(day))


@lru_cache(maxsize=4096)
def dates_for(site: SiteTimes, *, earliest: date, requested: date) -> tuple[date, date]:
    """(ship date, delivery date): as late as the requested date allows, forward if that is already past.

    A customer who does not take goods in on the requested day gets them on the last day before it that is one, or,
    where that cannot be met, on the first one after they arrive.
    """
    requested = max(requested, earliest)  # nothing arrives before it leaves: an older day asks for no more than that
    target = requested if site.receiving is None else _business_day_until(site.receiving, requested)
    ship = target - timedelta(days=site.transit_days)
    while ship > earliest and not (site.is_shipping_day(ship) and site.arrival(ship) <= target):
        ship -= ONE_DAY
    ship = max(earliest, ship)
    return ship, max(target, site.arrival(ship))


def fresh_slices(cover: Coverage, sites: Mapping[int, SiteTimes], *, now: datetime) -> list[PromiseSlice]:
    """What could be promised now, "40 now, 20 on 3 Dec": stock first, then inbound, then what has no date."""
    slices = []
    for site_id, qty in sorted(cover.stock.items()):
        site = sites[site_id]
        dates = dates_for(site, earliest=earliest_ship_date(site, now=now), requested=cover.requested_date)
        slices.append(PromiseSlice(qty, PromiseKind.STOCK, site_id, *dates))
    for peg in cover.pegs:
        site = sites[peg.site_id]
        dates = dates_for(site, earliest=ship_date_after(site, peg.day), requested=cover.requested_date)
        slices.append(PromiseSlice(peg.qty, PromiseKind.INBOUND, peg.site_id, *dates, inbound_id=peg.inbound_id))
    if cover.uncovered > 0:
        slices.append(PromiseSlice(cover.uncovered, PromiseKind.NONE, None, None, None))
    return [s for s in slices if s.qty > 0]


def peg_inbound(
    shortages: Iterable[tuple[int, Decimal]],
    inbound: Iterable[Peg],
    routes: Mapping[int, Collection[int]] = MappingProxyType({}),
) -> tuple[dict[int, list[Peg]], dict[int, Decimal]]:
    """Give the inbound of one product to its shortages, first come first served: (pegs, what stays uncovered).

    `routes`: of demands that only some sites may serve, those sites.
    """
    queue = deque(sorted(inbound, key=lambda p: (p.day, p.inbound_id)))
    pegs: dict[int, list[Peg]] = {}
    uncovered: dict[int, Decimal] = {}
    for demand_id, short in shortages:
        given, short = _draw(queue, short, routes.get(demand_id, ()))
        pegs[demand_id], uncovered[demand_id] = given, short
    return pegs, uncovered


def _draw(queue: deque[Peg], wanted: Decimal, route: Collection[int] = ()) -> tuple[list[Peg], Decimal]:
    if route:
        others = deque(p for p in queue if p.site_id not in route)
        mine = deque(p for p in queue if p.site_id in route)
        given, wanted = _draw(mine, wanted)
        queue.clear()
        queue.extend(sorted([*mine, *others], key=lambda p: (p.day, p.inbound_id)))
        return given, wanted
    given = []
    while queue and wanted > 0:
        peg = queue.popleft()
        qty = min(peg.qty, wanted)
        if peg.qty > qty:
            queue.appendleft(replace(peg, qty=peg.qty - qty))
        if qty > 0:
            given.append(replace(peg, qty=qty))
        wanted -= qty
    return given, wanted


@dataclass(frozen=True)
class Move:
    """`qty` that was promised for `was` is now promised for `now` (None: no date any more)."""

    qty: Decimal
    was: date
    now: date | None
    cause: str


class Renewal(NamedTuple):
    slices: tuple[PromiseSlice, ...]
    moves: tuple[Move, ...]


def renew(current: Sequence[PromiseSlice], fresh: Sequence[PromiseSlice], *, cause: str) -> Renewal:
    """The promises that hold from now on. Quantity on the same ground keeps its date; the rest moves, with `cause`."""
    if not current:
        return Renewal(tuple(sorted(map(_first, fresh), key=_by_date)), ())
    old = [_Left(s, s.qty) for s in sorted(current, key=_by_date)]
    kept, rest = _keep(old, fresh)
    moved, moves = _move(old, rest, cause)
    return Renewal(tuple(_merged([*kept, *moved])), tuple(moves))


def leave_on(current: Sequence[PromiseSlice], site: SiteTimes, day: date, *, requested: date, cause: str) -> Renewal:
    """What is promised from stock of the site when it leaves on `day` or, where that is not one, on the first day after it
    on which the site ships; everything else as it was."""
    earliest = next(d for d in _days_from(day) if site.is_shipping_day(d))
    ship, delivery = dates_for(site, earliest=earliest, requested=requested)
    slices, moves = [], []
    for was in current:
        if (was.kind, was.site_id) != (PromiseKind.STOCK, site.site_id) or was.delivery_date == delivery:
            slices.append(was)
            continue
        slices.append(_successor(was, replace(was, ship_date=ship, delivery_date=delivery), was.qty, cause))
        if was.delivery_date is not None:
            moves.append(Move(was.qty, was.delivery_date, delivery, cause))
    return Renewal(tuple(_merged(slices)), tuple(moves))


def promise_on(current: Sequence[PromiseSlice], sites: Mapping[int, SiteTimes], day: date, *, cause: str) -> Renewal:
    """All of it promised for `day` on somebody's word, on the ground it stands on; it leaves a known site on the last day
    from which it arrives by then, else as long before its arrival as it did."""
    slices, moves = [], []
    for was in current:
        if was.delivery_date == day:
            slices.append(was)
            continue
        new = replace(was, ship_date=_leaving_for(was, sites, day), delivery_date=day)
        slices.append(_successor(was, new, was.qty, cause))
        if was.delivery_date is not None:
            moves.append(Move(was.qty, was.delivery_date, day, cause))
    return Renewal(tuple(_merged(slices)), tuple(moves))


def _leaving_for(was: PromiseSlice, sites: Mapping[int, SiteTimes], day: date) -> date | None:
    if was.site_id is not None and was.site_id in sites:
        site = sites[was.site_id]
        earlier = (day - timedelta(days=n) for n in range(HORIZON_DAYS))
        return next((d for d in earlier if site.is_shipping_day(d) and site.arrival(d) <= day), day)
    if was.ship_date is None or was.delivery_date is None:
        return None
    return day - (was.delivery_date - was.ship_date)


@dataclass
class _Left:
    """A slice with what of it is not accounted for yet."""

    slice: PromiseSlice
    qty: Decimal

    def take(self, wanted: Decimal) -> Decimal:
        qty = min(self.qty, wanted)
        self.qty -= qty
        return qty


def trim(
    current: Sequence[PromiseSlice], *, stock: Mapping[int, Decimal], backordered: Decimal
) -> tuple[PromiseSlice, ...]:
    """The promises after something shipped or was cancelled: only less of the same, the latest dates go first."""
    left, waiting, kept = dict(stock), backordered, []
    for promise in sorted(current, key=_by_date):
        if promise.kind == PromiseKind.STOCK and promise.site_id is not None:
            qty = min(promise.qty, left.get(promise.site_id, ZERO))
            left[promise.site_id] = left.get(promise.site_id, ZERO) - qty
        else:
            qty = min(promise.qty, waiting)
            waiting -= qty
        kept.append(replace(promise, qty=qty))
    return tuple(_merged(s for s in kept if s.qty > 0))


def _keep(old: list[_Left], fresh: Sequence[PromiseSlice]) -> tuple[list[PromiseSlice], list[_Left]]:
    """(slices that stand on the same ground and keep their date, what of the fresh ones is left)."""
    kept, rest = [], []
    for new in fresh:
        left = new.qty
        for was in old:
            if left > 0 and was.qty > 0 and _same_ground(was.slice, new):
                qty = was.take(left)
                kept.append(replace(was.slice, qty=qty))
                left -= qty
        if left > 0:
            rest.append(_Left(new, left))
    return kept, rest


def _move(old: list[_Left], rest: list[_Left], cause: str) -> tuple[list[PromiseSlice], list[Move]]:
    """(slices on new ground, with the first date of what they replace, the moves of dates), in date order."""
    slices, moves = [], []
    for new in sorted(rest, key=lambda left: _by_date(left.slice)):
        for was in old:
            if (qty := was.take(new.qty)) <= 0:
                continue
            new.qty -= qty
            why = _cause(was.slice, new.slice, cause)
            slices.append(_successor(was.slice, new.slice, qty, why))
            if was.slice.delivery_date is not None and was.slice.delivery_date != new.slice.delivery_date:
                moves.append(Move(qty, was.slice.delivery_date, new.slice.delivery_date, why))
        if new.qty > 0:
            slices.append(_first(replace(new.slice, qty=new.qty)))
    return slices, moves


def _cause(was: PromiseSlice, new: PromiseSlice, cause: str) -> str:
    """Why the promise moved: the ground it stands on says it, where it does, better than the verb that looked again."""
    if was.kind != PromiseKind.STOCK and new.kind == PromiseKind.STOCK:
        return STOCK_CAME
    is_same_delivery = was.kind == new.kind == PromiseKind.INBOUND and was.inbound_id == new.inbound_id
    return DELIVERY_MOVED if is_same_delivery else cause


def _first(s: PromiseSlice) -> PromiseSlice:
    """A promise nobody made before; written out, because a run makes one for every line."""
    day = s.delivery_date
    return PromiseSlice(s.qty, s.kind, s.site_id, s.ship_date, day, day, "", s.inbound_id)


def _successor(was: PromiseSlice, new: PromiseSlice, qty: Decimal, cause: str) -> PromiseSlice:
    first = was.first_delivery_date or was.delivery_date or new.delivery_date
    slipped = was.delivery_date is not None and (new.delivery_date is None or new.delivery_date > was.delivery_date)
    return replace(new, qty=qty, first_delivery_date=first, slip_cause=cause if slipped else was.slip_cause)


def _same_ground(was: PromiseSlice, new: PromiseSlice) -> bool:
    if (was.kind, was.site_id, was.inbound_id) != (new.kind, new.site_id, new.inbound_id):
        return False
    if was.kind != PromiseKind.INBOUND:
        return True
    return was.delivery_date is not None and new.delivery_date is not None and new.delivery_date <= was.delivery_date


def _merged(slices: Iterable[PromiseSlice]) -> list[PromiseSlice]:
    sums: dict[PromiseSlice, Decimal] = {}
    for s in slices:
        key = replace(s, qty=ZERO)
        sums[key] = sums.get(key, ZERO) + s.qty
    return sorted((replace(key, qty=qty) for key, qty in sums.items()), key=_by_date)


def _by_date(s: PromiseSlice) -> tuple[date, int]:
    return s.delivery_date or date.max, s.inbound_id or 0


def _business_day_until(calendar: BusinessCalendar, day: date) -> date:
    """The last business day not after `day`."""
    for n in range(HORIZON_DAYS):
        if calendar.is_business_day(day - timedelta(days=n)):
            return day - timedelta(days=n)
    raise CalendarNeverOpens(calendar.time_zone)


def _days_from(day: date) -> Iterator[date]:
    """Ten years of days: two calendars that never meet are a mistake, not a wait."""
    for n in range(HORIZON_DAYS):
        yield day + timedelta(days=n)
    raise CalendarNeverOpens(f"a site and its carrier after {day}")
