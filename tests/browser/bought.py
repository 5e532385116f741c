"""What the company buys of a vendor that sends it to the customer: an order asked for, one that was confirmed late."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Account, ShipTo
from core import clock
from core.actors import Actor
from core.testing import drain
from fulfillment.services.confirm_vendor_order import confirm_vendor_order
from fulfillment.services.release_orders import release_orders
from inventory.models import Site, SourcingRule, VendorOffer
from inventory.services.save_vendor_offer import save_vendor_offer
from orders.rules.asks import LineDraft, OrderDraft
from orders.services.place import place
from orders.states import Channel
from pricing.models import PriceSource
from tests.factories import catalog as goods
from tests.factories.pricing import PriceRowFactory


def of_a_vendor(account: Account, shipment: Callable[[str], Any], actor: Actor) -> None:
    tower: Any = goods.ProductFactory(sku="TOWER-4K", name="Imaging tower 4K", standard_cost=Decimal(9000))
    PriceRowFactory(source=PriceSource.objects.get(code="LIST"), product=tower, unit_price=Decimal(125))
    vendor = Site.objects.create(code="NORTHFIELD", name="Northfield Instruments", kind="vendor", lead_days=3)
    offer = VendorOffer(
        site=vendor, product=tower, vendor_sku="NF-4K", unit_cost=Decimal("96.40"), most_qty=Decimal(20)
    )
    save_vendor_offer(row=offer, actor=actor, now=clock.now())
    SourcingRule.objects.create(name="Towers are bought to order", product=tower, sites=["NORTHFIELD"])
    ship_to = ShipTo.objects.get(account=account, is_default=True)
    for number, qty in (("PO-BOUGHT", 2), ("PO-LATE", 1)):
        line = (LineDraft(1, Decimal(qty), product_id=tower.pk),)
        draft = OrderDraft(account.pk, Channel.CONSOLE, "USD", line, po_number=number, ship_to_id=ship_to.pk)
        order_id = place(draft, actor=actor, now=clock.now()).order_id
        drain(clock.now())
        release_orders(order_ids=[order_id], actor=actor, now=clock.now())
    confirm_vendor_order(
        shipment_id=shipment("PO-LATE").pk, ship_date=clock.now().date() + timedelta(days=12), quantities={},
        reference="NF-20417", actor=actor, now=clock.now(),
    )  # fmt: skip
    drain(clock.now())
