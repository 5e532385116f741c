"""What the company's warehouse shows: carriers and their rules, a shipment being packed, one delivered with damage."""

from datetime import timedelta
from decimal import Decimal

from accounts.models import Account
from core import clock
from core.actors import Actor
from fulfillment.models import CarrierService, LabelNumbering, Shipment, ShippingChoice, ShippingRule
from fulfillment.services.at_the_door import Proof
from fulfillment.services.confirm_delivery import Damage, confirm_delivery
from fulfillment.services.pack_shipment import PackageSpec, open_package, pack_shipment
from fulfillment.services.plan_carriage import plan_carriage
from fulfillment.states import PackageKind


def carriers(account: Account) -> None:
    """Before anything is released."""
    ground = CarrierService.objects.create(
        code="UPS-GROUND", carrier="UPS", name="Ground", tracking_url="https://tracking.example/{number}"
    )
    freight = CarrierService.objects.create(code="SAIA-LTL", carrier="Saia", name="Freight", mode="freight")
    ShippingRule.objects.create(priority=10, service=ground, max_weight_kg=Decimal(60))
    ShippingRule.objects.create(priority=20, service=freight)
    ShippingChoice.objects.create(account=account, is_consolidated=False)
    LabelNumbering.objects.create(extension_digit="0", company_prefix="9506000")


def packed_and_delivered(packed: Shipment, sent: Shipment, actor: Actor) -> None:
    """The one is in the middle of it, the other arrived."""
    now = clock.now()
    plan_carriage(shipment_ids=[packed.pk], actor=actor, now=now)
    (line, *_) = packed.lines.order_by("pk").values_list("pk", flat=True)
    one = PackageSpec({line: Decimal(1)}, weight_kg=Decimal("2.4"), sides_cm=(Decimal(40), Decimal(30), Decimal(20)))
    pack_shipment(shipment_id=packed.pk, packages=[one], actor=actor, now=now)
    open_package(shipment_id=packed.pk, kind=PackageKind.CARTON, actor=actor, now=now)
    first = sent.lines.filter(shipped_qty__gt=0).order_by("pk")[0]
    at = max(sent.shipped_at or now, now - timedelta(minutes=5))
    confirm_delivery(
        shipment_id=sent.pk, delivered_at=at, proof_of=Proof("Dana Dock", "left at bay 3"),
        damages={first.pk: Damage(Decimal(1), "carton crushed")}, actor=actor, now=clock.now(),
    )  # fmt: skip
