"""The truck left: stock falls, released exposure becomes shipped, billing hears of it."""

from datetime import datetime

from core import journal, outbox
from core.actors import Actor
from core.money import line_amount
from core.refs import DocumentRef
from core.uow import door_verb
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from fulfillment.events import ShipmentShipped
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.services.find_shipment import lock_with_credit, require_no_hold
from fulfillment.states import SHIPMENT, ShipmentStatus
from inventory.services.confirm_shipped import confirm_shipped
from orders.queries import line_prices
from orders.states import Blocks


@door_verb
def confirm_shipment(
    *, shipment_id: int, carrier: str = "", tracking_number: str = "", actor: Actor, now: datetime
) -> str:
    """Ship everything picked. Returns the shipment's number; IllegalTransition unless it is packed."""
    shipment = lock_with_credit(shipment_id)
    require_no_hold(shipment, Blocks.SHIP)
    shipment.status = SHIPMENT.require(ShipmentStatus(shipment.status), ShipmentStatus.SHIPPED)
    lines = list(ShipmentLine.objects.filter(shipment=shipment, picked_qty__gt=0).order_by("pk"))
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    confirm_shipped([line.claim_id for line in lines], source=ref, actor=actor, now=now)
    _store(shipment, lines, carrier, tracking_number, now)
    post(_exposure(shipment, lines, ref), now=now)
    words = " ".join(filter(None, [carrier, tracking_number]))
    summary = f"Shipment {shipment.number} shipped" + (f" with {words}" if words else "")
    journal.write([journal.Entry(ref, "shipped", summary)], actor=actor, now=now)
    fact = ShipmentShipped(shipment.pk, shipment.number, shipment.order_id, shipment.account_id, now)
    outbox.publish(fact, stream=f"shipment:{shipment.pk}", seq=shipment.version, now=now, actor=actor)
    return shipment.number


def _store(shipment: Shipment, lines: list[ShipmentLine], carrier: str, tracking: str, now: datetime) -> None:
    for line in lines:
        line.shipped_qty = line.picked_qty or 0
    ShipmentLine.objects.bulk_update(lines, ["shipped_qty"])
    shipment.carrier, shipment.tracking_number = carrier, tracking
    shipment.shipped_at = now
    shipment.version += 1
    shipment.save(update_fields=["status", "carrier", "tracking_number", "shipped_at", "version"])


def _exposure(shipment: Shipment, lines: list[ShipmentLine], ref: DocumentRef) -> list[PostingSpec]:
    prices = line_prices([line.order_line_id for line in lines])
    specs = []
    for line in lines:
        price = prices[line.order_line_id]
        amount = line_amount(line.shipped_qty, price.unit_price, price.currency)
        key = f"shipment:{shipment.pk}:line:{line.pk}"
        specs += [
            PostingSpec(shipment.account_id, ref, Bucket.RELEASED, -amount, f"{key}:left"),
            PostingSpec(shipment.account_id, ref, Bucket.SHIPPED, amount, f"{key}:shipped"),
        ]
    return specs
