"""Work out the promises of demands after their claims changed. Internal to the room; `record` writes the result."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core import sql
from core.clock import local_date
from core.outbox import Note
from inventory.events import PromiseMoved
from inventory.locks import LockedDemand
from inventory.rules.asks import PromiseSlice
from inventory.rules.network import Destination, Network
from inventory.rules.pegs import Expected, pegs_left
from inventory.rules.promise import Coverage, Peg, Renewal, fresh_slices, leave_on, peg_inbound, promise_on, renew, trim
from inventory.services.claim import Ledger
from inventory.services.record import PromiseChanges
from inventory.states import PromiseKind

ZERO = Decimal(0)


@dataclass(frozen=True)
class Current:
    """A promise that holds now, as stored."""

    id: int
    demand_id: int
    slice: PromiseSlice


@dataclass(frozen=True)
class Promised:
    changes: PromiseChanges
    notes: list[Note]
    by_demand: dict[int, tuple[PromiseSlice, ...]]

    def last_day(self, demand_id: int) -> date | None:
        """The last day promised to the demand; None where no day is."""
        days = (s.delivery_date for s in self.by_demand.get(demand_id, ()) if s.delivery_date is not None)
        return max(days, default=None)


_CURRENT = """
    SELECT id, demand_id, qty, kind, site_id, ship_date, delivery_date, first_delivery_date, slip_cause, inbound_id
    FROM inventory_promise WHERE demand_id = ANY(%(ids)s::bigint[]) AND is_current ORDER BY demand_id, id"""


def current_promises(demand_ids: Collection[int]) -> list[Current]:
    """The current slices of the demands: one statement."""
    rows = sql.rows(_CURRENT, {"ids": list(demand_ids)})
    return [Current(r[0], r[1], PromiseSlice(r[2], PromiseKind(r[3]), *r[4:])) for r in rows]


def pegs_of(inbound: Sequence[Expected], current: Iterable[Current], *, now: datetime) -> dict[int, list[Peg]]:
    """{product_id: what is left of its locked inbound for the demands at hand}.

    Pegs of other demands count against it; the `current` promises of the demands at hand do not.
    """
    own: dict[int | None, Decimal] = defaultdict(Decimal)
    for promise in current:
        own[promise.slice.inbound_id] += promise.slice.qty
    return pegs_left(inbound, own, today=local_date(now, "UTC"))


def renewed(
    demands: Sequence[LockedDemand],
    ledger: Ledger,
    current: Iterable[Current],
    pegs: Mapping[int, list[Peg]],
    sites: Network,
    *,
    cause: str,
    now: datetime,
    afresh: Collection[int] = (),
) -> Promised:
    """The promises of `demands` (in the order they may take inbound), given what the ledger now holds for them. Those
    `afresh` are asked for anew by the customer: what was promised before is no promise they slipped from."""
    stock = ledger.stock_by_site()
    backing = _backing(demands, pegs)
    known = _by_demand(current)
    changes, notes, by_demand = PromiseChanges(), [], {}
    for demand in demands:
        given, uncovered = backing[demand.pk]
        cover = Coverage(demand.requested_date, stock.get(demand.pk, {}), given, uncovered)
        was = [] if demand.pk in afresh else [c.slice for c in known.get(demand.pk, ())]
        renewal = renew(was, fresh_slices(cover, sites.times_to(destination_of(demand)), now=now), cause=cause)
        by_demand[demand.pk] = renewal.slices
        _difference(demand.pk, known[demand.pk], renewal.slices, changes)
        notes += _notes(demand, renewal, now)
    return Promised(changes, notes, by_demand)


def trimmed(demands: Iterable[LockedDemand], ledger: Ledger, current: Sequence[Current]) -> PromiseChanges:
    """The changes after units left the demands (shipped, cancelled): no date moves, no site or inbound is asked."""
    stock = ledger.stock_by_site()
    known = _by_demand(current)
    changes = PromiseChanges()
    for demand in demands:
        was = [c.slice for c in known[demand.pk]]
        slices = trim(was, stock=stock.get(demand.pk, {}), backordered=demand.backordered_qty)
        _difference(demand.pk, known[demand.pk], slices, changes)
    return changes


def redated(
    demands: Iterable[LockedDemand],
    current: Iterable[Current],
    days: Mapping[int, tuple[int, date]],
    sites: Network,
    *,
    cause: str,
    now: datetime,
) -> Promised:
    """The promises where stock of a site leaves on another day, {demand: (site, day)}: the rest of them stands."""
    known = _by_demand(current)
    changes, notes, by_demand = PromiseChanges(), [], {}
    for demand in demands:
        site_id, day = days[demand.pk]
        site = sites.times_to(destination_of(demand))[site_id]
        renewal = leave_on([c.slice for c in known[demand.pk]], site, day, requested=demand.requested_date, cause=cause)
        by_demand[demand.pk] = renewal.slices
        _difference(demand.pk, known[demand.pk], renewal.slices, changes)
        notes += _notes(demand, renewal, now)
    return Promised(changes, notes, by_demand)


def promised_by_hand(
    demand: LockedDemand, current: Sequence[Current], sites: Network, day: date, *, cause: str, now: datetime
) -> Promised:
    """The promises where a person says the day."""
    renewal = promise_on([c.slice for c in current], sites.times_to(destination_of(demand)), day, cause=cause)
    changes = PromiseChanges()
    _difference(demand.pk, current, renewal.slices, changes)
    return Promised(changes, _notes(demand, renewal, now), {demand.pk: renewal.slices})


def destination_of(demand: LockedDemand) -> Destination:
    return Destination(demand.region, demand.receiving_calendar_id, tuple(demand.receiving_days))


def sequence_of(now: datetime) -> int:
    """A number that grows with time, for streams without a version of their own."""
    return int(now.timestamp() * 1_000_000)


def _by_demand(current: Iterable[Current]) -> dict[int, list[Current]]:
    known: dict[int, list[Current]] = defaultdict(list)
    for promise in current:
        known[promise.demand_id].append(promise)
    return known


def _backing(demands: Sequence[LockedDemand], pegs: Mapping[int, list[Peg]]) -> dict[int, tuple[list[Peg], Decimal]]:
    short: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    for demand in demands:
        short[demand.product_id].append((demand.pk, demand.backordered_qty))
    routes = {d.pk: d.route for d in demands if d.route}
    found: dict[int, tuple[list[Peg], Decimal]] = {}
    for product_id, shortages in short.items():
        given, uncovered = peg_inbound(shortages, pegs.get(product_id, ()), routes)
        found |= {demand_id: (given[demand_id], uncovered[demand_id]) for demand_id, _ in shortages}
    return found


def _difference(
    demand_id: int, known: Sequence[Current], slices: Iterable[PromiseSlice], changes: PromiseChanges
) -> None:
    if not known:
        changes.made += [(demand_id, new) for new in slices]
        return
    spare: dict[PromiseSlice, list[int]] = defaultdict(list)
    for promise in known:
        spare[promise.slice].append(promise.id)
    for new in slices:
        if spare[new]:
            spare[new].pop()
        else:
            changes.made.append((demand_id, new))
    changes.retired += [promise_id for ids in spare.values() for promise_id in ids]


def _notes(demand: LockedDemand, renewal: Renewal, now: datetime) -> list[Note]:
    if not renewal.moves:
        return []
    first = renewal.moves[0]
    fact = PromiseMoved(
        demand_id=demand.pk,
        ref_kind=demand.ref_kind,
        ref_id=demand.ref_id,
        ref_number=demand.ref_number,
        account_id=demand.account_id,
        qty=sum((m.qty for m in renewal.moves), ZERO),
        was=_day(first.was),
        now=_day(first.now),
        cause=first.cause,
    )
    return [Note(fact, f"demand:{demand.pk}", sequence_of(now))]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
