"""Plan again where demands are served from: rules, lanes or stock are not what they were."""

from collections.abc import Collection
from datetime import datetime

from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.services.plan_routes import plan_routes
from inventory.services.promise import sequence_of


@door_verb
def source_again(*, demand_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """How many of the demands a rule decides now. What they hold stays; what is backordered follows the new route with
    the allocation run that this asks for. Locks rank 50.
    """
    demands = locks.lock_demands(demand_ids)
    waiting = {i: d for i, d in demands.items() if d.backordered_qty > 0}
    if not waiting:
        return 0
    routed = plan_routes(sorted(waiting), now=now)
    entries = [
        journal.Entry(
            DocumentRef("demand", i, d.ref_number), "sourced", f"Sourced again: {routed[i].explanation.outcome}"
        )
        for i, d in waiting.items()
        if i in routed
    ]
    journal.write(entries, actor=actor, now=now)
    products = tuple(sorted({d.product_id for d in waiting.values()}))
    fact = SupplyIncreased(products, "sourced again")
    outbox.publish(fact, stream=f"product:{products[0]}", seq=sequence_of(now), now=now, actor=actor)
    return len(routed)
