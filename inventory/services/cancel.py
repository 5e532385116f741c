"""Cancel open units of demands: what is backordered first, then soft claims, then hard ones; never released units."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.errors import Refused
from core.uow import require_uow
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.locks import LockedDemand
from inventory.services.claim import Ledger, open_ledger
from inventory.services.promise import current_promises, sequence_of, trimmed
from inventory.services.record import record
from inventory.states import ClaimEnd, ClaimKind

ZERO = Decimal(0)


class AlreadyInTheWarehouse(Refused):
    template = "Only {cancellable} of demand {demand_id} can still be cancelled; {asked} were asked for."
    remedy_template = "Recall the shipment, or take the goods back as a return."


@require_uow
def cancel(
    demand_ids: Collection[int], qtys: Mapping[int, Decimal] | None = None, *, now: datetime
) -> dict[int, Decimal]:
    """{demand_id: cancelled qty}. `qtys` is {demand_id: qty}; None cancels all that is open and not yet released.

    Five statements, and a fact SupplyIncreased when stock became free. Raises AlreadyInTheWarehouse.
    """
    demands = locks.lock_demands(demand_ids)
    ledger = open_ledger(demands)
    current = current_promises(list(demands))
    cancelled = {i: cancellable_of(d, qtys) for i, d in demands.items()}
    freed = set()
    for demand_id, qty in cancelled.items():
        if take_off(demands[demand_id], qty, ledger):
            freed.add(demands[demand_id].product_id)
    record(ledger, now=now, promises=trimmed(demands.values(), ledger, current))
    if freed:
        fact = SupplyIncreased(tuple(sorted(freed)), "cancelled")
        outbox.publish(fact, stream=f"product:{min(freed)}", seq=sequence_of(now), now=now)
    return cancelled


def cancellable_of(demand: LockedDemand, qtys: Mapping[int, Decimal] | None) -> Decimal:
    """What is asked of the demand, all of it open and not yet released. Raises AlreadyInTheWarehouse."""
    cancellable = demand.backordered_qty + demand.reserved_qty + demand.allocated_qty
    asked = cancellable if qtys is None else qtys.get(demand.pk, ZERO)
    if not ZERO <= asked <= cancellable:
        raise AlreadyInTheWarehouse(demand_id=demand.pk, cancellable=cancellable, asked=asked)
    return asked


def take_off(demand: LockedDemand, qty: Decimal, ledger: Ledger) -> bool:
    """Cancel `qty`; whether stock was freed. Claims first give back what the backorder does not cover, the newest first."""
    to_free = qty - min(qty, demand.backordered_qty)
    is_freed = to_free > 0
    for kind in (ClaimKind.SOFT, ClaimKind.HARD):
        for held in reversed([h for h in ledger.open_claims(kind) if h.demand_id == demand.pk]):
            part = min(to_free, held.qty)
            to_free -= part
            if part == held.qty:
                ledger.end(held, ClaimEnd.FREED)
            elif part > 0:
                ledger.resize(held, held.qty - part)
    if qty:
        ledger.put(demand.pk, "backordered_qty", "cancelled_qty", qty)
    return is_freed
