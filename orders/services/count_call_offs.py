"""Count what orders call off of volumes promised on contracts: after submit, and again after every cancellation."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.money import line_amount
from core.refs import DocumentRef
from core.uow import door_verb
from orders.call_offs import priced_by
from orders.locks import lock_orders
from orders.queries import pictures
from orders.rules.picture import LinePicture
from pricing.services.call_off import CallOff, call_off, lock_called_off

ZERO = Decimal(0)


@door_verb
def count_call_offs(*, order_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """How many commitments changed. What stands of each line counts (ordered less cancelled), in units or at its locked
    price, on the day of submit; told twice, it counts once. Locks commitments (15), then the orders that call something
    off (20)."""
    lines = priced_by(order_ids)
    running = lock_called_off((x.source_id, x.product_id, x.on) for x in lines)
    counting = [x for x in lines if (x.source_id, x.product_id, x.on) in running]
    if not counting:
        return 0
    concerned = {x.order_id for x in counting}
    lock_orders(concerned)
    standing = {
        (order.order_id, line.line_no): (line, _standing_qty(line), order.currency)
        for order in pictures(concerned).values()
        for line in order.lines
    }
    uses = []
    for x in counting:
        line, qty, currency = standing[x.order_id, x.line_no]
        worth = line_amount(qty, line.unit_price or ZERO, currency)
        ref = DocumentRef("order_line", line.line_id or 0)
        uses.append(CallOff(ref, x.source_id, x.product_id, qty, x.on, worth, currency))
    return len(call_off(uses))


def _standing_qty(line: LinePicture) -> Decimal:
    """What was not cancelled."""
    return line.qty - (line.demand.cancelled if line.demand else line.qty)
