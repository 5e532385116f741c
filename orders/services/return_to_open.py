"""What the picker did not find is open again: the exposure goes back from released to open order."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from core.actors import Actor
from core.uow import require_uow
from credit.services.post import post
from orders.queries import orders_of_lines, pictures
from orders.rules.exposure import open_change, open_posting, unreleased, worth_of


@require_uow
def return_to_open(short_qtys: Mapping[int, Decimal], *, actor: Actor, now: datetime) -> int:
    """Post `open_order +` for each order line, base units by order line id (negative: that many less are open); the number
    of postings.

    Called after confirm_picked, in its transaction: the caller locked the accounts' credit, has put the units back to
    backordered, and posts `released −` itself. Takes no order lock, so the line's own change makes the key unique.
    """
    specs = []
    for order in pictures(orders_of_lines(short_qtys)).values():
        for line in order.lines:
            short = short_qtys.get(line.line_id or 0)
            if short is None or line.demand is None:
                continue
            worth, left = worth_of(order, line), unreleased(line.demand)
            amount = open_change(worth, left - short, left)
            key = f"order_line:{line.line_id}:short:{uuid4().hex}"
            specs.append(open_posting(order, amount, key, worth.ship_date))
    return post([s for s in specs if s.amount], now=now)
