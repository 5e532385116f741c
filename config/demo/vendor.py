"""A product that a vendor sells to order and sends to the customer itself: one order the vendor confirmed later than it was
promised, one it has not answered yet."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.apps import apps

from config.demo.clockwork import run_owed_jobs
from config.demo.world import Customer, Item, World
from fulfillment.services.confirm_vendor_order import confirm_vendor_order
from fulfillment.services.release_orders import release_orders
from inventory.services.save_vendor_offer import save_vendor_offer
from inventory.states import SiteKind
from orders.rules.asks import LineDraft, OrderDraft
from orders.services.place import place
from orders.states import Channel

VENDOR = ("NORTHFIELD", "Northfield Instruments")
MOST, SHARE = Decimal(500), Decimal("0.7")
LATE = 8  # days from today


def sell_to_order(world: World, customers: list[Customer], now: datetime) -> None:
    """A large instrument, for the first two customers."""
    item = next((i for i in reversed(world.items) if i.family == "INS" and i.tracking == "none"), None)
    if item is None:
        return
    _offer(world, item, now)
    shipments: list[int] = []
    for n, customer in enumerate(customers[:2]):
        moment = now + timedelta(minutes=5 * n)
        placed = place(_draft(world, item, customer, n), actor=world.people["cs"], now=moment)
        run_owed_jobs(moment + timedelta(minutes=1))
        asked = [placed.order_id]
        (outcome,) = release_orders(order_ids=asked, actor=world.people["planner"], now=moment + timedelta(minutes=2))
        shipments += outcome.shipment_ids
    for shipment_id in shipments[:1]:
        day = world.today + timedelta(days=LATE)
        confirm_vendor_order(
            shipment_id=shipment_id, ship_date=day, quantities={}, reference="NF-20417", actor=world.people["cs"],
            now=now + timedelta(minutes=12),
        )  # fmt: skip
    run_owed_jobs(now + timedelta(minutes=13))


def _offer(world: World, item: Item, now: datetime) -> None:
    code, name = VENDOR
    world.sites[code] = world.keep(
        "inventory.Site", code=code, name=name, kind=SiteKind.VENDOR, lead_days=3, transit_days=2, rank=200
    )
    offer = apps.get_model("inventory.VendorOffer")(
        site_id=world.sites[code], product_id=item.id, vendor_sku=f"NF-{item.sku}", most_qty=MOST,
        unit_cost=(item.price * SHARE).quantize(Decimal("0.01")),
    )  # fmt: skip
    save_vendor_offer(row=offer, actor=world.people["planner"], now=now)
    world.keep("inventory.SourcingRule", name=f"{item.sku} is bought to order", product_id=item.id, sites=[code])


def _draft(world: World, item: Item, customer: Customer, n: int) -> OrderDraft:
    line = LineDraft(1, Decimal(item.case or 1), product_id=item.id)
    return OrderDraft(
        customer.id, Channel.CONSOLE, "USD", (line,), po_number=f"VD-{4410 + n}", ship_to_id=customer.ship_to_ids[0],
        requested_date=world.today + timedelta(days=6),
    )  # fmt: skip
