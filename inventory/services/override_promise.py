"""What waits of a demand is promised for the day a person says, whatever stock and supply say."""

from datetime import date, datetime

from core import outbox
from core.actors import Actor
from core.uow import require_uow
from inventory import locks
from inventory.network_queries import site_times
from inventory.rules.asks import PromiseSlice
from inventory.services.claim import Ledger
from inventory.services.promise import current_promises, promised_by_hand
from inventory.services.record import record


@require_uow
def override_promise(demand_id: int, *, day: date, cause: str, now: datetime, actor: Actor) -> tuple[PromiseSlice, ...]:
    """The promises of the demand from now on; the first day stays on record, and the fact PromiseMoved tells of every day
    that moved. The word holds while what it stands on does: stock that comes or goes promises anew. Locks rank 50."""
    demand = locks.lock_demands([demand_id])[demand_id]
    promised = promised_by_hand(demand, current_promises([demand_id]), site_times(), day, cause=cause, now=now)
    record(Ledger({demand_id: demand}), now=now, promises=promised.changes)
    outbox.publish_many(promised.notes, now=now, actor=actor)
    return promised.by_demand[demand_id]
