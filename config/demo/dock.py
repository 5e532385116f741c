"""The warehouse's day: carriers and rules that choose among them, a shipment packed, one begun, one arrived damaged."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from config.demo.world import World
from fulfillment.package_queries import packable
from fulfillment.queries import awaiting, shipment_detail
from fulfillment.services.at_the_door import Proof
from fulfillment.services.confirm_delivery import Damage, confirm_delivery
from fulfillment.services.pack_shipment import PackageSpec, pack_shipment
from fulfillment.states import PackageKind, ShipmentStatus

SERVICES = (
    ("UPS-GROUND", "UPS Ground", "commercial", "parcel", "https://tracking.example/ups/{number}"),
    ("UPS-2DAY", "UPS 2nd Day Air", "by noon", "parcel", "https://tracking.example/ups/{number}"),
    ("FEDEX-GROUND", "FedEx Ground", "commercial", "parcel", "https://tracking.example/fedex/{number}"),
    ("HARBOR-LTL", "Old Harbor Freight", "less than truckload", "freight", ""),
)


def rules(world: World) -> None:
    """Heavy goods go by freight, urgent ones by air, the rest by ground; the first customer wants its orders together."""
    ids = {
        code: world.keep(
            "fulfillment.CarrierService", code=code, carrier=carrier, name=name, mode=mode, tracking_url=url
        )
        for code, carrier, name, mode, url in SERVICES
    }
    keep = "fulfillment.ShippingRule"
    world.keep(keep, priority=10, service_id=ids["HARBOR-LTL"], min_weight_kg=Decimal(150))
    world.keep(keep, priority=20, service_id=ids["UPS-2DAY"], max_days=1, max_weight_kg=Decimal(20))
    world.keep(keep, priority=30, service_id=ids["FEDEX-GROUND"], region="CA")
    world.keep(keep, priority=90, service_id=ids["UPS-GROUND"])
    world.keep("fulfillment.LabelNumbering", extension_digit="0", company_prefix="9506000")
    world.keep("fulfillment.ShippingChoice", account_id=world.customers[0].id, is_consolidated=True)


def make(world: World) -> None:
    """What stands on the dock today."""
    who: dict[str, Any] = {"actor": world.people["warehouse"], "now": world.now}
    waiting = awaiting(ShipmentStatus.PACKED, limit=2)
    for n, shipment_id in enumerate(waiting):
        lines = {x.line_id: x.left for x in packable(shipment_id)}
        carton = PackageSpec(lines, weight_kg=Decimal("7.4"), sides_cm=(Decimal(60), Decimal(40), Decimal(30)))
        if n == 0:  # the whole of it on a pallet; of the next only the carton stands there
            pallet = PackageSpec(kind=PackageKind.PALLET, weight_kg=Decimal(31))
            pack_shipment(
                shipment_id=shipment_id,
                packages=[pallet, PackageSpec(lines, weight_kg=Decimal("7.4"), pallet=0)],
                **who,
            )
        else:
            first = dict(list(carton.lines.items())[:1])
            pack_shipment(shipment_id=shipment_id, packages=[PackageSpec(first)], **who)
    for shipment_id in awaiting(ShipmentStatus.SHIPPED, limit=1):
        shipment = shipment_detail(shipment_id)
        if shipment is None or shipment.shipped_at is None:
            continue
        line = next(x for x in shipment.lines if x.shipped_qty)
        confirm_delivery(
            shipment_id=shipment_id,
            delivered_at=min(world.now, shipment.shipped_at + timedelta(days=2)),
            proof_of=Proof("R. Alvarez, receiving", "left at dock 2"),
            damages={line.id: Damage(Decimal(1), "carton crushed at one corner")},
            **who,
        )
