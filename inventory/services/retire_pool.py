"""End a pool before its time: it and what stands below it count for nothing any more."""

from datetime import datetime

from core import journal, writers
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.pool_effects import products_waiting_under
from inventory.services.give_way import ask_for_allocation
from inventory.states import PoolState


@door_verb
def retire_pool(*, pool_id: int, reason: str, actor: Actor, now: datetime) -> bool:
    """False when it was inactive already. What it kept is free at once, and who waits for it is allocated again.

    Raises NotFound, InvalidInput without a reason.
    """
    if not reason.strip():
        raise InvalidInput([FieldError("/reason", "required", "A pool that is ended needs a reason.", "Say why.")])
    row = locks.lock_pool(pool_id)
    if row is None:
        raise NotFound(kind="pool", ident=pool_id)
    if row.state == PoolState.INACTIVE:
        return False
    waiting = products_waiting_under([pool_id])
    was, row.state = row.state, PoolState.INACTIVE
    with writers.by_hand("pools"):
        row.save(update_fields=["state"])
    entry = journal.Entry(
        DocumentRef("pool", row.pk, row.code), "retired", f"pool {row.name} ended: {reason.strip()}",
        {"changed": {"state": [was, row.state]}},
    )  # fmt: skip
    journal.write([entry], actor=actor, now=now)
    ask_for_allocation(waiting, f"pool {row.code} ended", now=now, actor=actor)
    return True
