"""The product's side of each workload: the same services everybody calls."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import uuid4

from benchmarks import data
from core.actors import system
from core.refs import DocumentRef
from core.uow import door_verb, unit_of_work
from inventory.queries import availability as read_availability
from inventory.rules.asks import AvailabilityQuery, DemandSpec, Reservation
from inventory.services.open_demands import open_demands as open_many
from inventory.services.reserve import reserve as reserve_many
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


def open_demands(products: Sequence[int]) -> list[int]:
    """Demands of one unit each, to be reserved; their ids."""
    ref = DocumentRef("benchmark", uuid4().int >> 65)
    specs = [
        DemandSpec(str(n), ref, n, product, Decimal(1), None, data.NOW.date()) for n, product in enumerate(products, 1)
    ]
    with unit_of_work("benchmark"):
        return sorted(open_many(specs, now=data.NOW).values())


def reserve(demand_ids: Sequence[int]) -> int:
    """Reserve demands of one unit in a transaction of its own; how many got theirs."""
    return sum(1 for got in _reserve(demand_ids).values() if got.reserved)


@door_verb
def _reserve(demand_ids: Sequence[int]) -> dict[int, Reservation]:
    return reserve_many(demand_ids, now=data.NOW, is_last=True)


def availability(products: Sequence[int]) -> int:
    """Read availability for account 1; the number of (product, site) answers."""
    found = read_availability(AvailabilityQuery(product_ids=tuple(products), account_id=1, on=data.NOW.date()))
    return sum(len(a.sites) for a in found.values())
