"""Sweep soft claims past their time. Nobody waits for it: an expired claim never stands in a new claim's way."""

from datetime import datetime

from core import outbox
from core.uow import door_verb
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.network_queries import site_times
from inventory.services.claim import expire, open_ledger
from inventory.services.promise import current_promises, pegs_of, renewed, sequence_of
from inventory.services.record import record

BATCH = 500
CAUSE = "the reservation ran out"


@door_verb
def expire_claims(*, now: datetime) -> int:
    """End up to 500 expired claims, their units backordered again; how many. Safe to run twice and concurrently."""
    demands = locks.lock_demands_with_expired_claims(now=now, limit=BATCH)
    if not demands:
        return 0
    ledger = open_ledger(demands)
    over = expire(ledger.held, ledger, now=now)
    if not over:
        return 0
    current = current_promises(list(demands))
    inbound = locks.lock_inbound({h.product_id for h in over})
    pegs = pegs_of(inbound, current, now=now) if inbound else {}
    promised = renewed(list(demands.values()), ledger, current, pegs, site_times(), cause=CAUSE, now=now)
    record(ledger, now=now, promises=promised.changes)
    products = tuple(sorted({h.product_id for h in over}))
    outbox.publish_many(promised.notes, now=now)
    fact = SupplyIncreased(products, "reservations ran out")
    outbox.publish(fact, stream=f"product:{products[0]}", seq=sequence_of(now), now=now)
    return len(over)
