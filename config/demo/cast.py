"""The words the story is told in: who, what, when, and an order of it."""

from datetime import datetime, timedelta
from decimal import Decimal

from config.demo.world import Customer, Item, World
from orders.rules.asks import LineDraft, OrderDraft
from orders.states import Channel


def ago(world: World, minutes: int) -> datetime:
    return world.now - timedelta(minutes=minutes)


def the(world: World, kind: str) -> Customer:
    """The first customer of the kind; the first of all where there is none."""
    return next((c for c in world.customers if c.kind == kind), world.customers[0])


def one_of(world: World, *families: str) -> Item:
    """The first product of the first family that is there."""
    return next((i for family in families for i in world.items if i.family == family), world.items[0])


def order(
    world: World,
    customer: Customer,
    lines: list[tuple[Item, int]],
    *,
    po: str,
    channel: Channel = Channel.CONSOLE,
    days: int = 4,
    terms: str = "",
) -> OrderDraft:
    return OrderDraft(
        customer.id,
        channel,
        "USD",
        tuple(LineDraft(n, Decimal(qty), product_id=item.id) for n, (item, qty) in enumerate(lines, start=1)),
        po_number=po,
        ship_to_id=customer.ship_to_ids[0],
        requested_date=world.today + timedelta(days=days),
        terms_code=terms,
    )
