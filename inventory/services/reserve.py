"""Reserve stock for demands: soft claims by the guarded statement, and a promise for every open unit."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from core import outbox, uow
from core.clock import local_date
from core.errors import NotFound
from core.explain import Explanation
from core.uow import require_uow
from inventory import locks
from inventory.free_queries import free_stock, reading_free_stock
from inventory.locks import LockedDemand
from inventory.network_queries import reading_site_times
from inventory.rules.allocate import Decision, Plan, rank
from inventory.rules.asks import DemandAmendment, Reservation
from inventory.rules.network import Network
from inventory.rules.pegs import Expected
from inventory.rules.pool_deal import PoolDeal
from inventory.rules.promise import Peg
from inventory.rules.sourcing import Need, Supply
from inventory.services.claim import Ledger, expire, let_go, open_ledger
from inventory.services.pooled import explained, open_deal, plan_under
from inventory.services.promise import Current, Promised, current_promises, pegs_of, renewed, trimmed
from inventory.services.record import Decided, record, record_last, try_record
from inventory.services.reshape import reshape
from inventory.services.weigh_again import Moved, put_back, weigh_again
from inventory.share_queries import reading_held_back_products
from inventory.states import STOCK_HOLD, ClaimKind

ZERO = Decimal(0)
CAUSE = "reserved again"
MOVED = "sourced again"
Reshaping = Callable[..., set[int]]
NOTHING_OPEN = Explanation("nothing is backordered", "nothing to reserve")


class Read(NamedTuple):
    """What was read with the lock: how goods get there, the products with pools, and those of which nothing is left."""

    sites: Network
    ruled: Sequence[int]
    sold_out: Collection[int]


@dataclass(frozen=True)
class Call:
    """One call: who is served, best-ranked first, whose promises are made anew, and whose only lose units."""

    asked: Sequence[LockedDemand]
    touched: Sequence[LockedDemand]
    lowered: Sequence[LockedDemand]
    afresh: Collection[int]
    current: Sequence[Current]
    ledger: Ledger
    read: Read
    now: datetime
    expires_at: datetime | None
    giving_way: Collection[int] = ()
    moved: list[Moved] = field(default_factory=list)

    @property
    def cause(self) -> str:
        return MOVED if self.moved else CAUSE


@require_uow
def reserve(
    demand_ids: Collection[int],
    *,
    now: datetime,
    expires_at: datetime | None = None,
    amending: Mapping[int, DemandAmendment] | None = None,
    in_place_of: Collection[int] = (),
    heirs: Collection[int] = (),
    is_last: bool = False,
) -> dict[int, Reservation]:
    """Claim what is free for what is backordered, best-ranked demand first; the rest stays backordered.

    Never oversells: a claim that meets less than was read is planned again once from what is left, then backordered.
    Claims of others that have run out count as free. Two round trips for demands opened in this transaction,
    a third where inbound is left to look at (two more for older ones, whose claims and promises are read first). Products
    with pools, safety stock or caps are claimed one transaction after another, within what each account may take:
    three more round trips. `amending` are demands of the same document that change first: what they give back is free
    for the others, what they hold otherwise they keep, but for lots that are too old by their new day: instead of these
    they are served from what is free, and answered for too; those of an order that changed as a whole are sourced again
    with all that is not released (`weigh_again`). `in_place_of` are demands that give way, those of the hold of a draft:
    what they hold passes to these without a moment in which it is free for others, and to its `heirs` first where others
    are asked for as well. `is_last`: the door has nothing to write after it, so that
    the claims go with its commit and a hot balance is held for no round trip more. Raises NotFound,
    AlreadyInTheWarehouse (amended below that).
    """
    changes, wanted = amending or {}, set(demand_ids)
    named = wanted | set(changes)
    # What is more by an amendment is not stored yet, nor what gives way to it.
    held_back = reading_held_back_products(named, now=now, every=bool(changes or in_place_of))
    reading = (reading_free_stock(named), reading_site_times(), held_back)
    taken = named.union(in_place_of) if in_place_of else named
    demands, ((free, sold_out), sites, ruled) = locks.lock_demands_and_expired(taken, now=now, reading=reading)
    if unknown := named - set(demands):
        raise NotFound(kind="demand", ident=min(unknown))
    if changes or len(demands) > len(named):
        sold_out = set()  # what is given back, and what was kept for who gives it back, is there again
    read = Read(sites, ruled, sold_out)
    call = taken_up(demands, wanted, changes, read, now=now, expires_at=expires_at, giving_way=set(in_place_of))
    inbound = _inbound(call, call.touched) if ruled else None  # rank 52, before the pools
    held = call.ledger.open_claims() if ruled else []
    deal = open_deal(ruled, call.asked, held, now=now, giving_way=call.giving_way) if ruled else None
    if changes:  # what pools leave to those asked was read before anything moved, so of their products nothing does
        fixed = {d.product_id for d in call.asked} & set(ruled)
        call.moved.extend(weigh_again(call.ledger, changes, fixed_products=fixed, now=now))
    plan = deal_out(call, call.asked, _with_given_back(free, call, deal), deal, first=heirs)
    promised, decided = _recorded(call, plan.decisions, deal, _pegs(call, inbound), is_last=is_last)
    why = {d.demand_id: d.explanation for d in decided}
    return {
        d.pk: Reservation(
            d.pk, d.reserved_qty, d.backordered_qty, promised.by_demand[d.pk], why.get(d.pk, NOTHING_OPEN)
        )
        for d in call.asked
    }


def taken_up(
    demands: Mapping[int, LockedDemand], wanted: set[int], changes: Mapping[int, DemandAmendment], read: Read,
    *, now: datetime, expires_at: datetime | None, reshaping: Reshaping = reshape,
    giving_way: Collection[int] = (),
) -> Call:  # fmt: skip
    """What has run out is ended and what changes is changed, before anything is claimed."""
    # The others, opened in this transaction, can have neither claim nor promise.
    history = [d.pk for d in demands.values() if d.pk in changes or d.pk in giving_way or d.opened_at != now]
    ledger = open_ledger(demands, with_claims_of=history)
    expired = {h.demand_id for h in expire(ledger.held, ledger, now=now)}
    if giving_way:
        let_go(giving_way, ledger)
    current = current_promises(history) if history else []
    served = wanted | reshaping(ledger, changes, now=now) if changes else wanted
    _prolong(ledger, wanted, expires_at)
    asked = _by_rank([demands[i] for i in served])
    afresh = {i for i, change in changes.items() if change.is_promised_anew}
    others = (expired | afresh | {i for i, change in changes.items() if change.is_weighed_again}) - served
    touched = asked + [demands[i] for i in sorted(others.difference(giving_way))]
    lowered = [d for i, d in demands.items() if i in giving_way or (i in changes and i not in served | others)]
    return Call(asked, touched, lowered, afresh, current, ledger, read, now, expires_at, giving_way)


def _by_rank(demands: list[LockedDemand]) -> list[LockedDemand]:
    return sorted(demands, key=lambda d: rank(need_of(d))) if len(demands) > 1 else demands


def _recorded(
    call: Call, plan: Sequence[Decision], deal: PoolDeal | None, pegs: Mapping[int, list[Peg]], *, is_last: bool
) -> tuple[Promised, list[Decided]]:
    ledger, now = call.ledger, call.now
    _give_up_rest(call)
    promised, decided = promised_by(call, pegs), _decided(plan, deal)
    if is_last and uow.may_leave_last():
        _tell(promised, now)
        record_last(ledger, now=now, promises=promised.changes, decisions=decided)
        return promised, decided
    if refused := try_record(ledger, now=now, promises=promised.changes, decisions=decided):
        put_back(ledger, call.moved, refused)
        decided = _decided(_plan_again(call, plan), deal)
        _give_up_rest(call)
        promised = promised_by(call, pegs)
        record(ledger, now=now, promises=promised.changes, decisions=decided)
    _tell(promised, now)
    return promised, decided


def _give_up_rest(call: Call) -> None:
    """What is not there of what a draft holds is no backorder: the rest of it is cancelled at once."""
    for demand in call.asked:
        if demand.ref_kind == STOCK_HOLD and demand.backordered_qty > 0:
            call.ledger.put(demand.pk, "backordered_qty", "cancelled_qty", demand.backordered_qty)


def promised_by(call: Call, pegs: Mapping[int, list[Peg]]) -> Promised:
    found = renewed(
        call.touched,
        call.ledger,
        call.current,
        pegs,
        call.read.sites,
        cause=call.cause,
        now=call.now,
        afresh=call.afresh,
    )
    if call.lowered:
        less = trimmed(call.lowered, call.ledger, call.current)
        found.changes.retired.extend(less.retired)
        found.changes.made.extend(less.made)
    return found


def _tell(promised: Promised, now: datetime) -> None:
    if promised.notes:
        outbox.publish_many(promised.notes, now=now)


def _with_given_back(free: list[Supply], call: Call, deal: PoolDeal | None) -> list[Supply]:
    """What was read as free, or read again where claims ended, whose stock is free as well, or others claimed while
    this waited for the pools."""
    return free_again(call.asked, call.ledger) if call.ledger.shifts or deal else free


def free_again(asked: Sequence[LockedDemand], ledger: Ledger, locked: set[int] | None = None) -> list[Supply]:
    back = {i: -sum(delta.values(), ZERO) for i, delta in ledger.shifts.items() if any(delta.values())}
    return free_stock({d.product_id for d in asked}, coming_back=back, locked=locked)


def _plan_again(call: Call, first: Sequence[Decision]) -> list[Decision]:
    """Another claim was faster: plan once more from fresh figures; what that does not get is backordered.

    The second plan only uses balances that are locked already or come after them, so that locks keep climbing. What
    has pools is left to the next allocation run: nobody else claims it now, so what was missing is gone.
    """
    ledger = call.ledger
    locked = {h.balance_id for h in ledger.held} | set(ledger.shifts)  # also where claims ended: those rows are ours
    others = [d for d in call.asked if d.product_id not in set(call.read.ruled)]
    deal_out(call, others, free_again(others, ledger, locked), None)
    ledger.settle()
    ledger.settle_all()
    left = {d.pk: d.backordered_qty for d in call.asked}
    return [replace(d, got=d.need.qty - left[d.need.demand_id], is_contended=True) for d in first]


def _decided(decisions: Iterable[Decision], deal: PoolDeal | None) -> list[Decided]:
    return [Decided(d.need.demand_id, None, d.position, explained(d, deal, "reserved")) for d in decisions]


def deal_out(
    call: Call,
    asked: Sequence[LockedDemand],
    free: Sequence[Supply],
    deal: PoolDeal | None,
    first: Collection[int] = (),
) -> Plan:
    """Plan from what is free and put the claims into the ledger, not settled yet."""
    needs = [need_of(d) for d in asked if d.backordered_qty > 0]
    today = local_date(call.now, "UTC")
    inherit = [n for n in needs if n.demand_id in first] if first else []
    if not inherit or len(inherit) == len(needs):
        plan = plan_under(deal, needs, free, today=today)
    else:
        theirs = plan_under(deal, inherit, free, today=today)
        rest = plan_under(deal, [n for n in needs if n.demand_id not in first], _left(free, theirs), today=today)
        plan = Plan((*theirs.lines, *rest.lines), (*theirs.decisions, *rest.decisions))
    _claim(call, plan, {s.balance_id: s for s in free})
    return plan


def _left(free: Sequence[Supply], plan: Plan) -> list[Supply]:
    """What a plan leaves."""
    taken: dict[int, Decimal] = defaultdict(Decimal)
    for line in plan.lines:
        taken[line.balance_id] += line.qty
    return [s._replace(qty=s.qty - taken[s.balance_id]) for s in free if s.qty > taken[s.balance_id]]


def _claim(call: Call, plan: Plan, supplies: Mapping[int, Supply]) -> None:
    ledger = call.ledger
    soft = ledger.standing(ClaimKind.SOFT)
    for line in plan.lines:
        supply = supplies[line.balance_id]
        if held := soft.get((line.demand_id, line.balance_id)):
            ledger.hold_more(held, line.qty)
        else:
            ledger.claim(
                line.demand_id, line.balance_id, ClaimKind.SOFT, line.qty,
                site_id=supply.site_id, lot_id=supply.lot_id, expires_at=call.expires_at,
            )  # fmt: skip


def _prolong(ledger: Ledger, demand_ids: set[int], expires_at: datetime | None) -> None:
    """Soft claims the demands have already last as long as the new ones (a quote that became an order)."""
    for held in ledger.open_claims(ClaimKind.SOFT):
        if held.demand_id in demand_ids and held.expires_at != expires_at:
            held.expires_at, held.is_changed = expires_at, True


def _pegs(call: Call, inbound: list[Expected] | None) -> dict[int, list[Peg]]:
    """`inbound`: what is locked already."""
    if inbound is None:
        inbound = _inbound(call, [d for d in call.touched if d.backordered_qty > 0])
    return pegs_of(inbound, call.current, now=call.now) if inbound else {}


def _inbound(call: Call, short: Sequence[LockedDemand]) -> list[Expected]:
    products = {d.product_id for d in short if d.ref_kind != STOCK_HOLD}.difference(call.read.sold_out)
    return locks.lock_inbound(products, left_for=call.ledger.demands) if products else []


def need_of(demand: LockedDemand, qty: Decimal | None = None) -> Need:
    """The demand as the rules see it; `qty` defaults to what is backordered."""
    return Need(
        demand.pk,
        demand.product_id,
        demand.backordered_qty if qty is None else qty,
        demand.requested_date,
        demand.opened_at,
        demand.site_id,
        demand.is_blocked,
        demand.priority,
        demand.tier_rank,
        demand.sla_penalty,
        demand.is_contract,
        demand.margin_band,
        demand.min_shelf_life_days,
        route=tuple(demand.route),
        is_soft_only=demand.is_soft_only,
    )
