"""Reserve stock for demands: soft claims by the guarded statement, and a promise for every open unit."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from core import outbox, uow
from core.clock import local_date
from core.errors import NotFound
from core.explain import Explanation
from core.uow import require_uow
from inventory import locks
from inventory.locks import LockedDemand
from inventory.network_queries import reading_site_times
from inventory.pool_queries import reading_ruled_products
from inventory.queries import free_stock, reading_free_stock
from inventory.rules.allocate import Decision, Plan, rank
from inventory.rules.asks import DemandAmendment, Reservation
from inventory.rules.pegs import Expected
from inventory.rules.pool_deal import PoolDeal
from inventory.rules.promise import Peg
from inventory.rules.sourcing import Need, Supply
from inventory.services.claim import Ledger, expire, open_ledger
from inventory.services.pooled import explained, open_deal, plan_under
from inventory.services.promise import Current, Promised, current_promises, pegs_of, renewed, trimmed
from inventory.services.record import Decided, record, record_last, try_record
from inventory.services.reshape import reshape
from inventory.states import ClaimKind

ZERO = Decimal(0)
CAUSE = "reserved again"
NOTHING_OPEN = Explanation("nothing is backordered", "nothing to reserve")


@require_uow
def reserve(
    demand_ids: Collection[int],
    *,
    now: datetime,
    expires_at: datetime | None = None,
    amending: Mapping[int, DemandAmendment] | None = None,
    is_last: bool = False,
) -> dict[int, Reservation]:
    """Claim what is free for what is backordered, best-ranked demand first; the rest stays backordered.

    Never oversells: a claim that meets less than was read is planned again once from what is left, then backordered.
    Claims of others that have run out count as free. Two round trips for demands opened in this transaction,
    a third where inbound is looked at (two more for older ones, whose claims and promises are read first). Products
    with pools, safety stock or caps are claimed one transaction after another, within what each account may take:
    three more round trips. `amending` are demands of the same document that change first: what they give back is free
    for the others, what they hold otherwise they keep. `is_last`: the door has nothing to write after it, so that the
    claims go with its commit and a hot balance is held for no round trip more. Raises NotFound, AlreadyInTheWarehouse
    (amended below that).
    """
    changes = amending or {}
    demands, (free, sites, ruled) = locks.lock_demands_and_expired(
        {*demand_ids, *changes},
        now=now,
        reading=[reading_free_stock(demand_ids), reading_site_times(), reading_ruled_products(demand_ids)],
    )
    if unknown := {*demand_ids, *changes} - set(demands):
        raise NotFound(kind="demand", ident=min(unknown))
    asked = sorted((demands[i] for i in set(demand_ids)), key=lambda d: rank(need_of(d)))
    history = [d.pk for d in demands.values() if d.pk in changes or d.opened_at != now]
    # The others, opened in this transaction, can have neither claim nor promise.
    ledger = open_ledger(demands, with_claims_of=history)
    expired = {h.demand_id for h in expire(ledger.held, ledger, now=now)}
    current = current_promises(history) if history else []
    reshape(ledger, changes, now=now)
    afresh = {i for i, change in changes.items() if change.is_promised_anew}
    touched = asked + [demands[i] for i in sorted((expired | afresh) - set(demand_ids))]
    lowered = [d for i, d in demands.items() if i in changes and d not in touched]
    _prolong(ledger, set(demand_ids), expires_at)

    inbound = locks.lock_inbound({d.product_id for d in touched}) if ruled else None  # rank 52, before the pools
    deal = open_deal(ruled, asked, now=now) if ruled else None
    plan = _deal(asked, ledger, _with_given_back(free, asked, ledger, deal), deal, now=now, expires_at=expires_at)
    pegs = _pegs(touched, current, now, inbound)

    def promises() -> Promised:
        found = renewed(touched, ledger, current, pegs, sites, cause=CAUSE, now=now, afresh=afresh)
        if lowered:
            less = trimmed(lowered, ledger, current)
            found.changes.retired.extend(less.retired)
            found.changes.made.extend(less.made)
        return found

    promised = promises()
    decided = _decided(plan.decisions, deal)
    if is_last and uow.may_leave_last():
        _tell(promised, now)
        record_last(ledger, now=now, promises=promised.changes, decisions=decided)
    else:
        if try_record(ledger, now=now, promises=promised.changes, decisions=decided):
            again = _plan_again(plan.decisions, asked, ledger, ruled, now=now, expires_at=expires_at)
            decided = _decided(again, deal)
            promised = promises()
            record(ledger, now=now, promises=promised.changes, decisions=decided)
        _tell(promised, now)
    why = {d.demand_id: d.explanation for d in decided}
    return {
        d.pk: Reservation(
            d.pk, d.reserved_qty, d.backordered_qty, promised.by_demand[d.pk], why.get(d.pk, NOTHING_OPEN)
        )
        for d in asked
    }


def _tell(promised: Promised, now: datetime) -> None:
    if promised.notes:
        outbox.publish_many(promised.notes, now=now)


def _with_given_back(
    free: list[Supply], asked: Sequence[LockedDemand], ledger: Ledger, deal: PoolDeal | None
) -> list[Supply]:
    """What was read as free, or read again where claims ended, whose stock is free as well, or others claimed while
    this waited for the pools."""
    return _free_again(asked, ledger) if ledger.shifts or deal else free


def _free_again(asked: Sequence[LockedDemand], ledger: Ledger, locked: set[int] | None = None) -> list[Supply]:
    back = {i: -sum(delta.values(), ZERO) for i, delta in ledger.shifts.items() if any(delta.values())}
    return free_stock({d.product_id for d in asked}, coming_back=back, locked=locked)


def _plan_again(
    first: Sequence[Decision],
    asked: Sequence[LockedDemand],
    ledger: Ledger,
    ruled: Collection[int],
    *,
    now: datetime,
    expires_at: datetime | None,
) -> list[Decision]:
    """Another claim was faster: plan once more from fresh figures; what that does not get is backordered.

    The second plan only uses balances that are locked already or come after them, so that locks keep climbing. What
    has pools is left to the next allocation run: nobody else claims it now, so what was missing is gone.
    """
    locked = {h.balance_id for h in ledger.open_claims()} | set(ledger.shifts)
    others = [d for d in asked if d.product_id not in set(ruled)]
    _deal(others, ledger, _free_again(others, ledger, locked), None, now=now, expires_at=expires_at)
    ledger.settle()
    ledger.settle_all()
    left = {d.pk: d.backordered_qty for d in asked}
    return [replace(d, got=d.need.qty - left[d.need.demand_id], is_contended=True) for d in first]


def _decided(decisions: Iterable[Decision], deal: PoolDeal | None) -> list[Decided]:
    return [Decided(d.need.demand_id, None, d.position, explained(d, deal, "reserved")) for d in decisions]


def _deal(
    asked: Sequence[LockedDemand],
    ledger: Ledger,
    free: Sequence[Supply],
    deal: PoolDeal | None,
    *,
    now: datetime,
    expires_at: datetime | None,
) -> Plan:
    """Plan from what is free and put the claims into the ledger, not settled yet."""
    needs = [need_of(d) for d in asked if d.backordered_qty > 0]
    supplies = {s.balance_id: s for s in free}
    plan = plan_under(deal, needs, free, today=local_date(now, "UTC"))
    soft = {(h.demand_id, h.balance_id): h for h in ledger.open_claims(ClaimKind.SOFT)}
    for line in plan.lines:
        supply = supplies[line.balance_id]
        if held := soft.get((line.demand_id, line.balance_id)):
            ledger.resize(held, held.qty + line.qty)
        else:
            ledger.claim(
                line.demand_id, line.balance_id, ClaimKind.SOFT, line.qty,
                site_id=supply.site_id, lot_id=supply.lot_id, expires_at=expires_at,
            )  # fmt: skip
    return plan


def _prolong(ledger: Ledger, demand_ids: set[int], expires_at: datetime | None) -> None:
    """Soft claims the demands have already last as long as the new ones (a quote that became an order)."""
    for held in ledger.open_claims(ClaimKind.SOFT):
        if held.demand_id in demand_ids and held.expires_at != expires_at:
            held.expires_at, held.is_changed = expires_at, True


def _pegs(
    touched: Sequence[LockedDemand], current: Sequence[Current], now: datetime, inbound: list[Expected] | None
) -> dict[int, list[Peg]]:
    """`inbound`: what is locked already."""
    short = {d.product_id for d in touched if d.backordered_qty > 0}
    if inbound is None:
        inbound = locks.lock_inbound(short) if short else []
    return pegs_of(inbound, current, now=now) if inbound else {}


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
    )
