"""What is promised from a site leaves it on another day than we said: the vendor told us so."""

from collections.abc import Mapping
from datetime import date, datetime

from core import outbox
from core.actors import Actor
from core.uow import require_uow
from inventory import locks
from inventory.network_queries import site_times
from inventory.services.claim import Ledger
from inventory.services.promise import current_promises, redated
from inventory.services.record import record


@require_uow
def redate_stock(days: Mapping[int, tuple[int, date]], *, cause: str, now: datetime, actor: Actor) -> int:
    """`days` is {demand id: (site, the day it leaves there)}: what is promised from stock of that site gets the dates
    that follow from it. How many demands arrive on another day now; buyers hear of it by the fact PromiseMoved. The first
    promise stays on record. Locks rank 50; four statements."""
    demands = locks.lock_demands(days)
    promised = redated(demands.values(), current_promises(list(demands)), days, site_times(), cause=cause, now=now)
    record(Ledger(demands), now=now, promises=promised.changes)
    outbox.publish_many(promised.notes, now=now, actor=actor)
    return len(promised.notes)
