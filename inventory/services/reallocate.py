"""Move stock from one demand to another by hand: what it does is shown before, and kept in the override log after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core import outbox, overrides, sql
from core.actors import Actor
from core.clock import local_date
from core.errors import NotFound, Refused
from core.overrides import Reason
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.events import DemandsKeptSoft
from inventory.firmness import mark
from inventory.free_queries import free_stock
from inventory.locks import Expected, LockedDemand
from inventory.network_queries import site_times
from inventory.rules.asks import PromiseSlice
from inventory.rules.sourcing import is_usable
from inventory.services.claim import Held, Ledger, open_ledger
from inventory.services.promise import Current, Promised, current_promises, pegs_of, renewed
from inventory.services.record import record
from inventory.services.reserve import need_of
from inventory.states import ClaimEnd, ClaimKind

ZERO = Decimal(0)
KIND = "reallocation"
BY_HAND = 0  # no run
CAUSE = "a planner gave its stock to another order"
_MARGINS = "SELECT id, unit_margin FROM inventory_demand WHERE id = ANY(%(ids)s::bigint[])"


class NotTheSameProduct(Refused):
    template = "The two orders want different products."
    remedy_template = "Choose a line of the same product."


class NotToBeMoved(Refused):
    template = "Only {movable} can be moved; {asked} were asked for."
    remedy_template = (
        "What the warehouse has, what expires too soon for the other order, and what it does not want stays."
    )


class DemandIsBlocked(Refused):
    template = "The order that would get the stock is blocked."
    remedy_template = "Clear its hold first."


@dataclass(frozen=True)
class Side:
    """One of the two demands: firm and soft quantity and the last promised day, before and after. `is_soft`: what it gets it
    only keeps softly, as in a run, because a look registered with `inventory.firmness` found it so."""

    demand_id: int
    document: str
    before: Decimal
    after: Decimal
    was: date | None
    now: date | None
    is_soft: bool = False


@dataclass(frozen=True)
class Impact:
    giver: Side
    taker: Side
    money_effect: Decimal


def impact_of(*, from_id: int, to_id: int, qty: Decimal, now: datetime) -> Impact:
    """What moving `qty` base units would do. Nothing is locked or written. Raises what `reallocate` raises."""
    demands = locks.look_at_demands([from_id, to_id])
    mark(_taker_of(demands, to_id), now=now)
    return _move(demands, from_id, to_id, qty, None, now=now)[0]


@door_verb
def reallocate(*, from_id: int, to_id: int, qty: Decimal, reason: Reason, actor: Actor, now: datetime) -> Impact:
    """Move `qty` of what the first demand holds to the second, firmly; softly where a run would deal to it softly, and
    then DemandsKeptSoft tells of it. The first is backordered and promised anew.

    Raises NotFound, NotTheSameProduct, DemandIsBlocked, NotToBeMoved, ReasonTooShort.
    """
    demands = locks.lock_demands([from_id, to_id])
    newly_soft = mark(_taker_of(demands, to_id), now=now)
    products = {d.product_id for d in demands.values()}
    inbound = locks.lock_inbound(products)
    locks.lock_pools(products)
    locks.lock_balances_of(products)
    impact, ledger, promised = _move(demands, from_id, to_id, qty, inbound, now=now)
    record(ledger, now=now, promises=promised.changes)
    kept = DemandsKeptSoft(BY_HAND, tuple(newly_soft))
    notes = [*promised.notes, *([outbox.Note(kept, f"demand:{to_id}", _at(now))] if newly_soft else [])]
    if notes:
        outbox.publish_many(notes, now=now, actor=actor)
    overrides.record(
        kind=KIND, subject=DocumentRef("demand", from_id, impact.giver.document), actor=actor, reason=reason, now=now,
        before={impact.giver.document: impact.giver.before, impact.taker.document: impact.taker.before},
        after={impact.giver.document: impact.giver.after, impact.taker.document: impact.taker.after},
        money_effect=impact.money_effect,
    )  # fmt: skip
    return impact


def _move(
    demands: Mapping[int, LockedDemand], from_id: int, to_id: int, qty: Decimal, inbound: list[Expected] | None, *,
    now: datetime,
) -> tuple[Impact, Ledger, Promised]:  # fmt: skip
    giver, taker = _two(demands, from_id, to_id)
    ledger, current = open_ledger(demands), current_promises([from_id, to_id])
    before = {d.pk: d.allocated_qty + d.reserved_qty for d in (giver, taker)}
    _hand_over(ledger, giver, taker, qty, now=now)
    coming = locks.look_at_inbound([giver.product_id]) if inbound is None else inbound
    pegs = pegs_of(coming, current, now=now) if coming else {}
    promised = renewed([taker, giver], ledger, current, pegs, site_times(), cause=CAUSE, now=now)
    margins: dict[int, Decimal | None] = dict(sql.rows(_MARGINS, {"ids": [from_id, to_id]}))
    effect = qty * ((margins[to_id] or ZERO) - (margins[from_id] or ZERO))
    sides = [_side(d, before[d.pk], current, promised.by_demand[d.pk]) for d in (giver, taker)]
    return Impact(sides[0], sides[1], effect.quantize(Decimal("0.01"))), ledger, promised


def _taker_of(demands: Mapping[int, LockedDemand], to_id: int) -> dict[int, LockedDemand]:
    return {i: d for i, d in demands.items() if i == to_id}


def _at(now: datetime) -> int:
    """Demands have no version of their own: later is later."""
    return int(now.timestamp() * 1000)


def _two(demands: Mapping[int, LockedDemand], from_id: int, to_id: int) -> tuple[LockedDemand, LockedDemand]:
    for demand_id in (from_id, to_id):
        if demand_id not in demands:
            raise NotFound(kind="demand", ident=demand_id)
    giver, taker = demands[from_id], demands[to_id]
    if giver.product_id != taker.product_id or from_id == to_id:
        raise NotTheSameProduct()
    if taker.is_blocked:
        raise DemandIsBlocked()
    return giver, taker


def _hand_over(ledger: Ledger, giver: LockedDemand, taker: LockedDemand, qty: Decimal, *, now: datetime) -> None:
    usable = _usable(ledger, taker, now=now)
    theirs = [h for h in ledger.open_claims(ClaimKind.HARD) if h.demand_id == giver.pk and h.balance_id in usable]
    movable = min(sum((h.qty for h in theirs), ZERO), taker.backordered_qty)
    if not ZERO < qty <= movable:
        raise NotToBeMoved(movable=plain(movable), asked=plain(qty))
    kind = ClaimKind.SOFT if taker.is_soft_only else ClaimKind.HARD
    ours = {h.balance_id: h for h in ledger.open_claims(kind) if h.demand_id == taker.pk}
    for held in theirs:
        part = min(qty, held.qty)
        if part > 0:
            qty -= part
            _take(ledger, held, part)
            if mine := ours.get(held.balance_id):
                ledger.resize(mine, mine.qty + part)
            else:
                ledger.claim(taker.pk, held.balance_id, kind, part, site_id=held.site_id, lot_id=held.lot_id)


def _usable(ledger: Ledger, taker: LockedDemand, *, now: datetime) -> set[int]:
    """The balances whose stock may serve the taker."""
    back = {h.balance_id: h.qty for h in ledger.open_claims(ClaimKind.HARD)}
    found = free_stock([taker.product_id], coming_back=back)
    need, today = need_of(taker), local_date(now, "UTC")
    return {s.balance_id for s in found if is_usable(s, need, today)}


def _take(ledger: Ledger, held: Held, qty: Decimal) -> None:
    if qty == held.qty:
        ledger.end(held, ClaimEnd.FREED)
    else:
        ledger.resize(held, held.qty - qty)


def _side(demand: LockedDemand, before: Decimal, current: Sequence[Current], slices: Sequence[PromiseSlice]) -> Side:
    was = [c.slice.delivery_date for c in current if c.demand_id == demand.pk]
    days = [s.delivery_date for s in slices]
    after = demand.allocated_qty + demand.reserved_qty
    name, soft = f"{demand.ref_number or demand.ref_id}", demand.is_soft_only
    return Side(demand.pk, name, before, after, _last(was), _last(days), soft)


def _last(days: Sequence[date | None]) -> date | None:
    """The day by which all of it is there; None: some has no date."""
    known = [d for d in days if d is not None]
    return max(known) if known and len(known) == len(days) else None
