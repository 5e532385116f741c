"""A vendor that sells to order and ships to the customer itself, made as briefly as a test allows."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalog.models import Product
from fulfillment.models import VendorOrder
from inventory.models import Site, SourcingRule, VendorOffer
from inventory.services.save_vendor_offer import save_vendor_offer
from tests.factories.flow import Sent, released, stocked_world
from tests.factories.inventory import PLANNER
from tests.factories.orders import NOW, World, make_world

COST = Decimal("7.1717")


def offer(product: Product, site: Site, *, most: int = 100, **more: Any) -> VendorOffer:
    row = VendorOffer(product=product, site=site, unit_cost=COST, most_qty=Decimal(most), vendor_sku="V-77", **more)
    save_vendor_offer(row=row, actor=PLANNER, now=NOW)
    return row


@dataclass
class Selling:
    """`world`: products at 10.00, none in stock. The vendor ACME offers 100 of each: three days, then two on the way."""

    world: World
    vendor: Site
    offers: list[VendorOffer]


def selling(*, products: int = 1, stock: int = 0, rule_sites: tuple[str, ...] = ("ACME",)) -> Selling:
    world = stocked_world(products=products, stock_qty=stock) if stock else make_world(products=products, stock=None)
    vendor = Site.objects.create(code="ACME", name="Acme Instruments", kind="vendor", lead_days=3, transit_days=2)
    offers = [offer(p, vendor) for p in world.products]
    SourcingRule.objects.create(name="Bought to order", sites=list(rule_sites))
    return Selling(world, vendor, offers)


def asked(sale: Selling, *qtys: int) -> tuple[Sent, VendorOrder]:
    """An order released to the vendor, which has not answered."""
    sent = released(sale.world, *qtys)
    return sent, VendorOrder.objects.get(shipment_id=sent.shipment_id)
