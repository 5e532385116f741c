"""The product's side of each workload: the same services everybody calls."""

from collections.abc import Sequence
from decimal import Decimal

from benchmarks import data
from core.actors import system
from inventory.queries import availability as read_availability
from inventory.rules.asks import AvailabilityQuery
from orders.rules.asks import LineDraft, OrderDraft
from orders.services.place import place as place_order
from orders.states import Channel

ACTOR = system("benchmark")


def place(account: int, items: Sequence[tuple[int, int]]) -> int:
    """Place one order; the number of lines reserved in full."""
    draft = OrderDraft(
        account_id=account,
        channel=Channel.API,
        currency="USD",
        ship_to_id=account,
        requested_date=data.NOW.date(),
        lines=tuple(LineDraft(line_no=n, qty=Decimal(q), product_id=p) for n, (p, q) in enumerate(items, 1)),
    )
    placed = place_order(draft, actor=ACTOR, now=data.NOW)
    return sum(1 for line in placed.lines if line.backordered == 0)


def availability(products: Sequence[int]) -> int:
    """Read availability for account 1; the number of (product, site) answers."""
    found = read_availability(AvailabilityQuery(product_ids=tuple(products), account_id=1, on=data.NOW.date()))
    return sum(len(a.sites) for a in found.values())
