"""Plan again where the demands of a changed order are served from, with all they hold that is not released, and move
what they hold to where it is better. Part of reserve.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core.quantity import plain
from core.uow import require_uow
from inventory.rules.asks import DemandAmendment
from inventory.rules.sourcing_order import Routed, Surroundings, Want, days_from, plan_orders
from inventory.rules.weigh_again import Holding, Move, Planned, moves_of, staying
from inventory.services.claim import Held, Ledger
from inventory.services.plan_routes import keep_routes
from inventory.sourcing_queries import surroundings, whole_wants_of
from inventory.states import ClaimEnd, ClaimKind

ZERO = Decimal(0)
MOVABLE = (ClaimKind.SOFT, ClaimKind.HARD)


@dataclass(frozen=True)
class Moved:
    """`qty` that a claim let go (`source` as it was) for units on the balance `balance_id`."""

    source: Held
    balance_id: int
    qty: Decimal


@dataclass(frozen=True)
class Weighed:
    """`wants` by demand are what was asked, `routed` the answer for those a sourcing rule decides, `moved` what left."""

    wants: Sequence[Want]
    routed: Mapping[int, Routed]
    moved: list[Moved]


@require_uow
def weigh_again(
    ledger: Ledger, changes: Mapping[int, DemandAmendment], *, fixed_products: Collection[int] = (), now: datetime
) -> list[Moved]:
    """The routes of the demands `is_weighed_again` are written, and moves are made in the ledger, to be settled with what
    else changes. A claim keeps its kind and its end. Of `fixed_products` what is held stays.

    The caller holds the demands and the pools of their products: what may be taken is read after those locks. A balance
    that refuses is told by the settling; `put_back` then restores what left for it. One statement for what is wanted and
    those of `surroundings` and of the routes, none without such demands.
    """
    found = weigh_on_paper(ledger, changes, fixed_products=fixed_products, now=now)
    if found.wants:
        keep_routes(found.routed, of=[w.key for w in found.wants], now=now)
    return found.moved


def weigh_on_paper(
    ledger: Ledger, changes: Mapping[int, DemandAmendment], *, fixed_products: Collection[int] = (), now: datetime
) -> Weighed:
    """The same in the ledger alone: nothing is written, and the demands need not be stored yet."""
    demands = {i: ledger.demands[i] for i, c in changes.items() if c.is_weighed_again}
    wants = [_as_said(w, changes[w.key]) for w in whole_wants_of(demands.values())] if demands else []
    if not wants:
        return Weighed((), {}, [])
    held = [h for h in ledger.open_claims(*MOVABLE) if h.demand_id in demands]
    around = surroundings(wants, now=now, own_demands=list(demands), coming_back=_coming_back(ledger, held))
    routed = plan_orders(wants, around, now=now)
    moved: list[Moved] = []
    for want in wants:
        demands[want.key].route = routed[want.key].route if want.key in routed else ()
        if want.key in routed:
            own_site = demands[want.key].site_id  # asked for by name: what is held there stays
            mine = [h for h in held if h.demand_id == want.key and h.site_id != own_site]
            is_fixed = want.product_id in fixed_products
            moves, stays = _weighed(want, routed[want.key], mine, around, is_fixed=is_fixed, now=now)
            routed[want.key] = _told(routed[want.key], stays, around)
            moved += [_make(ledger, mine[m.key], m, around) for m in moves]
    return Weighed(wants, routed, moved)


def put_back(ledger: Ledger, moved: Sequence[Moved], refused: Collection[int]) -> None:
    """What left for balances that refused is held again where it was: those rows are locked since it was let go."""
    for m in moved:
        if m.balance_id in refused:
            _hold(ledger, m.source, m.source.balance_id, m.source.site_id, m.source.lot_id, m.qty)


def _as_said(want: Want, change: DemandAmendment) -> Want:
    return replace(want, ship_complete=change.ship_complete)


def _coming_back(ledger: Ledger, held: Sequence[Held]) -> dict[int, Decimal]:
    """By balance: what was given back in memory, and what the demands hold themselves."""
    back: dict[int, Decimal] = defaultdict(Decimal)
    for balance_id, delta in ledger.shifts.items():
        back[balance_id] -= sum(delta.values(), ZERO)
    for h in held:
        back[h.balance_id] += h.qty
    return dict(back)


def _weighed(
    want: Want, routed: Routed, mine: Sequence[Held], around: Surroundings, *, is_fixed: bool, now: datetime
) -> tuple[list[Move], dict[int, Decimal]]:
    holdings = [Holding(n, h.balance_id, h.site_id, h.qty) for n, h in enumerate(mine)]
    sites = {h.site_id for h in mine} | {site_id for _, site_id, _ in routed.stock}
    planned = Planned(routed.stock, days_from(sites, want, around, now=now), want.requested_date)
    moves = [] if is_fixed else moves_of(holdings, planned)
    return moves, staying(holdings, moves, planned)


def _told(routed: Routed, stays: Mapping[int, Decimal], around: Surroundings) -> Routed:
    """With what is held elsewhere than planned: it is promised, and nothing that is promised is taken away."""
    if not stays:
        return routed
    sites = around.places
    words = ", ".join(f"{plain(q)} at {sites[i].code if i in sites else 'a closed site'}" for i, q in stays.items())
    why = routed.explanation
    return replace(routed, explanation=replace(why, inputs={**why.inputs, "stays_promised": words}))


def _make(ledger: Ledger, held: Held, move: Move, around: Surroundings) -> Moved:
    source = replace(held)
    if move.qty == held.qty:
        ledger.end(held, ClaimEnd.FREED)
    else:
        ledger.resize(held, held.qty - move.qty)
    lots = {s.balance_id: s.lot_id for s in around.free}
    _hold(ledger, source, move.balance_id, move.site_id, lots.get(move.balance_id), move.qty)
    return Moved(source, move.balance_id, move.qty)


def _hold(ledger: Ledger, like: Held, balance_id: int, site_id: int, lot_id: int | None, qty: Decimal) -> None:
    """More of what the demand holds there in the same way already, or a claim of its own."""
    if held := ledger.standing(like.kind).get((like.demand_id, balance_id)):
        ledger.hold_more(held, qty)
        return
    ledger.claim(like.demand_id, balance_id, like.kind, qty, site_id=site_id, expires_at=like.expires_at, lot_id=lot_id)
