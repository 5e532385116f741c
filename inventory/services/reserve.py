"""Reserve stock for demands: soft claims by the guarded statement, and a promise for every open unit."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.clock import local_date
from core.errors import NotFound
from core.explain import Explanation
from core.uow import require_uow
from inventory import locks
from inventory.locks import LockedDemand
from inventory.queries import free_stock, site_times
from inventory.rules.allocate import Plan, allocate, rank
from inventory.rules.asks import Reservation
from inventory.rules.promise import Peg
from inventory.rules.sourcing import Need
from inventory.services.claim import Ledger, expire, open_ledger
from inventory.services.promise import Current, current_promises, pegs_of, renewed
from inventory.services.record import Decided, record
from inventory.states import ClaimKind

ZERO = Decimal(0)
CAUSE = "reserved again"
NOTHING_OPEN = Explanation("nothing is backordered", "nothing to reserve")


@require_uow
def reserve(
    demand_ids: Collection[int], *, now: datetime, expires_at: datetime | None = None
) -> dict[int, Reservation]:
    """Claim what is free for what is backordered, best-ranked demand first; the rest stays backordered.

    Never oversells: a claim that meets less than was read is planned again once from what is left, then backordered.
    Claims of others that have run out count as free. At most 8 statements for demands opened in this transaction
    (at most 10 for older ones, whose claims and promises are read first). Raises NotFound.
    """
    demands = locks.lock_demands_and_expired(demand_ids, now=now)
    if unknown := set(demand_ids) - set(demands):
        raise NotFound(kind="demand", ident=min(unknown))
    asked = sorted((demands[i] for i in set(demand_ids)), key=lambda d: rank(need_of(d)))
    history = [d.pk for d in demands.values() if d.opened_at != now]  # the others can have neither claim nor promise
    ledger = open_ledger(demands, with_claims_of=history)
    expired = {h.demand_id for h in expire(ledger.held, ledger, now=now)}
    current = current_promises(history) if history else []
    touched = asked + [demands[i] for i in sorted(expired - set(demand_ids))]

    _prolong(ledger, set(demand_ids), expires_at)
    plan = _plan(asked, ledger, now=now, expires_at=expires_at)
    pegs = _pegs(touched, current, now)
    sites = site_times()  # read before the guarded claim: from there on others wait for the hot row
    decisions = _settle(plan, asked, ledger, now=now, expires_at=expires_at)
    promised = renewed(touched, ledger, current, pegs, sites, cause=CAUSE, now=now)
    record(ledger, now=now, promises=promised.changes, decisions=decisions)
    if promised.notes:
        outbox.publish_many(promised.notes, now=now)
    why = {d.demand_id: d.explanation for d in decisions}
    return {
        d.pk: Reservation(
            d.pk, d.reserved_qty, d.backordered_qty, promised.by_demand[d.pk], why.get(d.pk, NOTHING_OPEN)
        )
        for d in asked
    }


def _plan(asked: Sequence[LockedDemand], ledger: Ledger, *, now: datetime, expires_at: datetime | None) -> Plan:
    """Plan from what is free now and put the claims into the ledger, not settled yet."""
    return _deal(asked, ledger, None, now=now, expires_at=expires_at)


def _settle(
    plan: Plan, asked: Sequence[LockedDemand], ledger: Ledger, *, now: datetime, expires_at: datetime | None
) -> list[Decided]:
    """Run the guarded claim; where it got less than planned, plan once more from fresh figures, then backorder.

    The second plan only uses balances that are locked already or come after them, so that locks keep climbing.
    """
    locked = set(ledger.shifts)
    decisions = {d.need.demand_id: d for d in plan.decisions}
    if ledger.settle():
        _deal(asked, ledger, locked, now=now, expires_at=expires_at)
        ledger.settle()
        ledger.settle_all()
        got = {d.pk: decisions[d.pk].need.qty - d.backordered_qty for d in asked if d.pk in decisions}
        decisions = {i: replace(d, got=got[i], is_contended=True) for i, d in decisions.items()}
    return [Decided(i, None, d.position, d.explanation("reserved")) for i, d in decisions.items()]


def _deal(
    asked: Sequence[LockedDemand],
    ledger: Ledger,
    locked: set[int] | None,
    *,
    now: datetime,
    expires_at: datetime | None,
) -> Plan:
    needs = [need_of(d) for d in asked if d.backordered_qty > 0]
    back = {i: -sum(delta.values(), ZERO) for i, delta in ledger.shifts.items() if any(delta.values())}
    supplies = {s.balance_id: s for s in free_stock({n.product_id for n in needs}, coming_back=back, locked=locked)}
    plan = allocate(needs, supplies.values(), today=local_date(now, "UTC"))
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


def _pegs(touched: Sequence[LockedDemand], current: Sequence[Current], now: datetime) -> dict[int, list[Peg]]:
    short = {d.product_id for d in touched if d.backordered_qty > 0}
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
    )
