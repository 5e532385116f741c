"""What `reserve` would do to the demands of an order that changes: the same steps on paper, nothing locked or written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.queries import ship_to_snapshots
from core import sql
from inventory import locks
from inventory.locks import LockedDemand
from inventory.network_queries import reading_site_times
from inventory.pool_queries import held_back_products
from inventory.queries import names_of_sites, promises
from inventory.rules.asks import DemandAmendment, DemandSpec, PromiseSlice
from inventory.rules.network import ANYWHERE, Destination
from inventory.rules.promise_words import added, split_words
from inventory.rules.sourcing_order import plan_orders
from inventory.rules.sourcing_words import in_words
from inventory.services.pooled import look_at_deal
from inventory.services.promise import pegs_of
from inventory.services.reserve import Call, Read, deal_out, free_again, promised_by, taken_up
from inventory.services.reshape import reshape_on_paper
from inventory.services.weigh_again import weigh_on_paper
from inventory.sourcing_queries import sourcing_of, surroundings, whole_wants_of

ZERO = Decimal(0)
FIRST_NEW = 1 << 60  # a number for a demand that is not opened yet: behind all there are


@dataclass(frozen=True)
class Foreseen:
    """How a demand would stand: its promises, in words what is promised of it now (`was`, empty for a new one), what
    would be, and what of that is `added`. `is_moved`: something that is promised comes from elsewhere, on another day or
    not at all. `why_here` is empty where no sourcing rule decides."""

    slices: tuple[PromiseSlice, ...]
    was: str
    words: str
    added: str = ""
    is_moved: bool = False
    why_here: str = ""


@dataclass(frozen=True)
class Foresight:
    """By demand, and by the key of what would be opened."""

    standing: Mapping[int, Foreseen]
    new: Mapping[str, Foreseen]


def foresee(
    specs: Sequence[DemandSpec], changes: Mapping[int, DemandAmendment], *, is_weighed_again: bool, now: datetime
) -> Foresight:
    """What opening `specs` and making `changes` of the same document comes to: who is served from where, what is moved to
    another site, what it is promised for. `is_weighed_again`: the new ones are planned with the whole order.

    A constant number of statements. Another order that comes first may take what is seen here. Raises
    AlreadyInTheWarehouse.
    """
    demands = locks.look_at_demands_and_expired(list(changes), now=now)
    fresh = _unborn(specs, now)
    changes = {**changes, **{i: _anew(d) for i, d in fresh.items() if is_weighed_again}}
    everything = {**demands, **fresh}
    before = promises(list(demands))
    products = {d.product_id for d in everything.values()}
    (network,) = sql.answers(reading_site_times())
    read = Read(network, held_back_products(products), set())
    why = _route(fresh, now) if fresh and not is_weighed_again else {}
    wanted = {i for i, c in changes.items() if c.more} | set(fresh)
    call = taken_up(everything, wanted, changes, read, now=now, expires_at=None, reshaping=reshape_on_paper)
    why |= _served(call, changes, now)
    slices = _promised(call, now)
    # What has run out of others counts as free; their lines are no part of the answer.
    return _told({i: s for i, s in slices.items() if i in changes or i in fresh}, before, specs, why)


def _unborn(specs: Sequence[DemandSpec], now: datetime) -> dict[int, LockedDemand]:
    places = ship_to_snapshots(sorted({s.ship_to_id for s in specs if s.ship_to_id is not None})) if specs else {}
    there = {i: Destination(p.region, p.calendar_id, tuple(p.delivery_days)) for i, p in places.items()}
    return {
        FIRST_NEW + n: _demand(FIRST_NEW + n, s, there.get(s.ship_to_id or 0, ANYWHERE), now)
        for n, s in enumerate(specs)
    }


def _demand(pk: int, spec: DemandSpec, place: Destination, now: datetime) -> LockedDemand:
    rank = spec.rank
    return LockedDemand(
        pk, spec.product_id, spec.account_id, spec.site_id, spec.ref.kind, spec.ref.id, spec.ref.number, spec.qty, ZERO,
        spec.qty, ZERO, ZERO, ZERO, ZERO, ZERO, spec.requested_date, spec.min_shelf_life_days, spec.is_blocked,
        spec.backorder_allowed, rank.priority, rank.tier_rank, rank.sla_penalty, rank.is_contract, rank.margin_band,
        now, place.region, place.calendar_id, place.days, (), rank.ship_complete,
    )  # fmt: skip


def _anew(demand: LockedDemand) -> DemandAmendment:
    return DemandAmendment(is_weighed_again=True, ship_complete=demand.ship_complete)


def _route(fresh: Mapping[int, LockedDemand], now: datetime) -> dict[int, str]:
    """As when they are opened: beside the sites that the order ships from already."""
    wants = whole_wants_of(fresh.values())
    routed = plan_orders(wants, surroundings(wants, now=now, own_demands=list(fresh)), now=now)
    for demand_id, found in routed.items():
        fresh[demand_id].route = found.route
    return {i: in_words(found.explanation) for i, found in routed.items()}


def _served(call: Call, changes: Mapping[int, DemandAmendment], now: datetime) -> dict[int, str]:
    """As reserve does it; why each that is planned again is served from where it is."""
    ruled = call.read.ruled
    deal = look_at_deal(ruled, call.asked, call.ledger.open_claims(), now=now) if ruled else None
    fixed = {d.product_id for d in call.asked} & set(ruled)
    weighed = weigh_on_paper(call.ledger, changes, fixed_products=fixed, now=now)
    deal_out(call, call.asked, free_again(call.asked, call.ledger), deal)
    return {i: in_words(found.explanation) for i, found in weighed.routed.items()}


def _promised(call: Call, now: datetime) -> dict[int, tuple[PromiseSlice, ...]]:
    short = {d.product_id for d in call.touched if d.backordered_qty > 0}
    inbound = locks.look_at_inbound(sorted(short)) if short else []
    return promised_by(call, pegs_of(inbound, call.current, now=now)).by_demand


def _told(
    slices: Mapping[int, tuple[PromiseSlice, ...]],
    before: Mapping[int, tuple[PromiseSlice, ...]],
    specs: Sequence[DemandSpec],
    why: Mapping[int, str],
) -> Foresight:
    names = names_of_sites()
    why = {i: in_words(e) for i, e in sourcing_of([i for i in slices if i not in why]).items()} | dict(why)
    standing = {
        i: Foreseen(
            mine, split_words(before[i], names, is_placed=True), split_words(mine, names, is_placed=True),
            split_words(added(before[i], mine), names), bool(added(mine, before[i])), why.get(i, ""),
        )
        for i, mine in slices.items()
        if i in before
    }  # fmt: skip
    opened = [slices[FIRST_NEW + n] for n in range(len(specs))]
    new = {
        s.key: Foreseen(mine, "", split_words(mine, names), why_here=why.get(FIRST_NEW + n, ""))
        for n, (s, mine) in enumerate(zip(specs, opened, strict=True))
    }
    return Foresight(standing, new)
