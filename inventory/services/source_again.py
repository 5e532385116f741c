"""Plan again where demands are served from: rules, lanes or stock are not what they were."""

from collections.abc import Collection
from datetime import datetime

from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.locks import LockedDemand
from inventory.rules.asks import DemandAmendment
from inventory.services.promise import sequence_of
from inventory.services.reserve import reserve
from inventory.sourcing_queries import sourcing_of


@door_verb
def source_again(*, demand_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """How many of the demands a rule decides now. All that is not released is weighed: what they hold moves to where it is
    better, and what finds no better place stays; what is backordered follows the new route with the allocation run that
    this asks for. Locks ranks 50 to 60.
    """
    demands = {i: d for i, d in locks.lock_demands(demand_ids).items() if _has_something_to_weigh(d)}
    if not demands:
        return 0
    weighed = {i: DemandAmendment(is_weighed_again=True, ship_complete=d.ship_complete) for i, d in demands.items()}
    reserve((), now=now, amending=weighed)
    why = sourcing_of(demands)
    entries = [
        journal.Entry(DocumentRef("demand", i, d.ref_number), "sourced", f"Sourced again: {why[i].outcome}")
        for i, d in demands.items()
        if i in why
    ]
    journal.write(entries, actor=actor, now=now)
    products = tuple(sorted({d.product_id for d in demands.values()}))
    fact = SupplyIncreased(products, "sourced again")
    outbox.publish(fact, stream=f"product:{products[0]}", seq=sequence_of(now), now=now, actor=actor)
    return len(entries)


def _has_something_to_weigh(demand: LockedDemand) -> bool:
    return demand.backordered_qty + demand.reserved_qty + demand.allocated_qty > 0
