"""Count what orders call off of volumes promised on contracts: after submit, and again after every cancellation."""

from collections.abc import Collection
from datetime import datetime

from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb
from orders.call_offs import priced_by
from orders.locks import lock_orders
from orders.queries import pictures
from pricing.services.call_off import CallOff, call_off, lock_called_off


@door_verb
def count_call_offs(*, order_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """How many commitments changed. What stands of each line counts (ordered less cancelled) on the day of submit; told
    twice, it counts once. Locks commitments (15), then the orders that call something off (20)."""
    lines = priced_by(order_ids)
    running = lock_called_off((x.source_id, x.product_id, x.on) for x in lines)
    counting = [x for x in lines if (x.source_id, x.product_id, x.on) in running]
    if not counting:
        return 0
    concerned = {x.order_id for x in counting}
    lock_orders(concerned)
    standing = {
        (order.order_id, line.line_no): (
            line.line_id or 0,
            line.qty - (line.demand.cancelled if line.demand else line.qty),
        )
        for order in pictures(concerned).values()
        for line in order.lines
    }
    uses = []
    for x in counting:
        line_id, qty = standing[x.order_id, x.line_no]
        uses.append(CallOff(DocumentRef("order_line", line_id), x.source_id, x.product_id, qty, x.on))
    return len(call_off(uses))
