"""Give allocated stock into the warehouse's hands: every hard claim of the demands becomes a released one."""

from collections.abc import Collection
from datetime import datetime

from core.uow import require_uow
from inventory import locks
from inventory.rules.asks import ClaimedStock
from inventory.services.claim import Held, open_ledger
from inventory.services.record import record
from inventory.states import ClaimKind


@require_uow
def release_claims(demand_ids: Collection[int], *, now: datetime) -> dict[int, list[ClaimedStock]]:
    """{demand_id: what was released, a shipment line each}; empty for a demand without hard claims.

    Four statements. From here on no run and no other order touches these units. Raises StockDisagrees.
    """
    ledger = open_ledger(locks.lock_demands(demand_ids))
    released: dict[int, list[ClaimedStock]] = {i: [] for i in demand_ids}
    for held in ledger.open_claims(ClaimKind.HARD):
        ledger.convert(held, ClaimKind.RELEASED)
        released[held.demand_id].append(claimed_stock(held))
    record(ledger, now=now)
    return released


def claimed_stock(held: Held) -> ClaimedStock:
    if held.id is None:
        raise ValueError("a claim has no id before it is recorded")
    return ClaimedStock(held.demand_id, held.id, held.balance_id, held.site_id, held.lot_id, held.product_id, held.qty)
