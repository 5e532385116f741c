"""Close orders whose every unit is shipped or cancelled. A reaction to what the warehouse did."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb
from orders.events import OrderClosed
from orders.ledgers import finished
from orders.locks import lock_orders
from orders.models import Order
from orders.queries import holds_blocking, holds_of, pictures
from orders.services.bump_versions import bump_versions
from orders.services.hold_rows import clear_all
from orders.states import ORDER, Blocks, OrderStatus


@door_verb
def record_progress(*, order_ids: Iterable[int], actor: Actor, now: datetime) -> list[int]:
    """The ids of the orders that were closed now. Orders with open units, and unknown ids, are left as they are."""
    rows = lock_orders(order_ids)
    open_ids = [i for i, row in rows.items() if row.status == OrderStatus.SUBMITTED]
    done = finished(open_ids) if open_ids else []
    kept = holds_blocking(done, Blocks.INVOICE) if done else {}  # its bill is still to come
    done = [i for i in done if i not in kept]
    if not done:
        return []
    status = ORDER.require(OrderStatus.SUBMITTED, OrderStatus.CLOSED)
    Order.objects.filter(pk__in=done).update(status=status, closed_at=now)
    bump_versions(done)
    entries = [
        journal.Entry(DocumentRef("order", i, rows[i].number), "closed", "Everything is shipped or cancelled")
        for i in done
    ]
    notes = [outbox.Note(OrderClosed(i, rows[i].account_id), f"order:{i}", rows[i].version + 1) for i in done]
    held = pictures(holds_of(done))
    over = [replace(held[i], version=rows[i].version + 1) for i in sorted(held)]
    told = clear_all(over, why="the order is closed", actor=actor, now=now)
    journal.write([*entries, *told.entries], actor=actor, now=now)
    outbox.publish_many([*notes, *told.notes], now=now, actor=actor)
    return sorted(done)
