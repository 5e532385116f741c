"""Give back what a draft holds, before its time is over."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.uow import require_uow
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.services.claim import let_go, open_ledger
from inventory.services.promise import current_promises, sequence_of, trimmed
from inventory.services.record import record

ZERO = Decimal(0)


@require_uow
def let_go_hold(demand_ids: Collection[int], *, why: str, now: datetime) -> Decimal:
    """The units that became free; let go again, none. Five statements, and a fact SupplyIncreased when any did."""
    demands = locks.lock_demands(demand_ids)
    ledger = open_ledger(demands)
    ended = let_go(set(demands), ledger)
    if not ended:
        return ZERO
    record(ledger, now=now, promises=trimmed(demands.values(), ledger, current_promises(list(demands))))
    products = tuple(sorted({h.product_id for h in ended}))
    fact = SupplyIncreased(products, why)
    outbox.publish(fact, stream=f"product:{products[0]}", seq=sequence_of(now), now=now)
    return sum((h.qty for h in ended), ZERO)
