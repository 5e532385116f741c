"""An order on its way: placed, allocated, released, picked, shipped — each step by the verb everybody calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core import invariants
from core.actors import Actor
from core.testing import drain
from fulfillment.models import Shipment
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from orders.services.place import place
from tests.factories.inventory import stock
from tests.factories.orders import NOW, World, make_world

PICKER = Actor("Will Warehouse", user_id=None, roles=frozenset({"warehouse"}), channel="console")


def stocked_world(*, products: int = 1, stock_qty: int = 100, limit: int | None = 10_000) -> World:
    """A world whose stock came in by receipts, so that every invariant can be asked."""
    world = make_world(products=products, stock=None, limit=limit)
    for product in world.products:
        stock(product, world.site, stock_qty)
    return world


def placed(world: World, *qtys: int, now: datetime = NOW) -> int:
    """An order of the world's account, submitted and allocated; its id."""
    order_id = place(world.draft(*qtys), actor=PICKER, now=now).order_id
    drain(now)
    return order_id


@dataclass(frozen=True)
class Sent:
    order_id: int
    shipment_id: int


def released(world: World, *qtys: int, now: datetime = NOW) -> Sent:
    order_id = placed(world, *qtys, now=now)
    (outcome,) = release_orders(order_ids=[order_id], actor=PICKER, now=now)
    assert outcome.is_released, outcome.refused
    return Sent(order_id, outcome.shipment_ids[0])


def picked(sent: Sent, found: Mapping[int, Decimal] | None = None, *, now: datetime = NOW) -> str:
    return confirm_pick(
        shipment_id=sent.shipment_id, picks=found or {}, short_reason="bin empty", actor=PICKER, now=now
    )


def shipped(world: World, *qtys: int, now: datetime = NOW) -> Sent:
    """Released, picked in full and on the truck; its reactions have run, so it is invoiced."""
    sent = released(world, *qtys, now=now)
    picked(sent, now=now)
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=now)
    drain(now)
    return sent


def line_ids(shipment_id: int) -> list[int]:
    return list(Shipment.objects.get(pk=shipment_id).lines.order_by("pk").values_list("pk", flat=True))


def breaches() -> list[str]:
    """Every broken invariant but the one about waiting jobs: the tests' clock stands in the past."""
    asked = [name for name in invariants.names() if name != "no outbox job is older than five leases"]
    return [f"{b.name}: {b.detail}" for b in invariants.run(asked)]
