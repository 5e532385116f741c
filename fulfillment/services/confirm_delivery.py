"""The customer has it."""

from datetime import datetime

from core import journal
from core.actors import Actor
from core.errors import NotFound
from core.refs import DocumentRef
from core.uow import door_verb
from fulfillment import locks
from fulfillment.states import SHIPMENT, ShipmentStatus


@door_verb
def confirm_delivery(*, shipment_id: int, delivered_at: datetime, actor: Actor, now: datetime) -> None:
    """Record the delivery instant. Raises IllegalTransition unless the shipment was shipped."""
    rows = locks.lock_shipments([shipment_id])
    if not rows:
        raise NotFound(kind="shipment", ident=shipment_id)
    (shipment,) = rows
    shipment.status = SHIPMENT.require(ShipmentStatus(shipment.status), ShipmentStatus.DELIVERED)
    shipment.delivered_at = delivered_at
    shipment.version += 1
    shipment.save(update_fields=["status", "delivered_at", "version"])
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    journal.write([journal.Entry(ref, "delivered", f"Shipment {shipment.number} delivered")], actor=actor, now=now)
