"""The warehouse has read what was released to it, a picker went for it, a carrier has it: nothing moves, everybody reads how
far it is."""

from datetime import datetime

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.refs import DocumentRef
from core.uow import door_verb
from fulfillment.models import Shipment
from fulfillment.services.find_shipment import lock_with_credit, only, refusals, sent_by_vendors
from fulfillment.states import SHIPMENT, ShipmentStatus
from orders.states import Blocks

STEPS = {
    ShipmentStatus.ACKNOWLEDGED: "acknowledged by the warehouse",
    ShipmentStatus.PICKING: "is being picked",
    ShipmentStatus.IN_TRANSIT: "is in transit",
}


@door_verb
def take_up_shipment(*, shipment_id: int, status: str, actor: Actor, now: datetime) -> str:
    """The shipment's status afterwards. `status` is "acknowledged" or "picking", or once it left "in_transit"; said
    again, or late (it is picked already), it changes nothing. Picks and deliveries are confirmed without them, too.

    Raises NotFound, VendorSendsIt and OnHold (a hold) before the pick, IllegalTransition (cancelled, not gone yet),
    InvalidInput.
    """
    if status not in set(STEPS):
        words = f"{status[:20]} is no step before the pick, or on the way."
        raise InvalidInput([FieldError("/status", "invalid", words, f"One of {', '.join(STEPS)}.")])
    target = ShipmentStatus(status)
    shipments = lock_with_credit([shipment_id])
    shipment = shipments.get(shipment_id)
    if shipment is not None and _is_there(ShipmentStatus(shipment.status), target):
        return str(shipment.status)
    is_here = target != ShipmentStatus.IN_TRANSIT
    wrong = refusals([shipment_id], shipments, target, Blocks.PICK if is_here else None)
    if is_here:
        wrong = {**sent_by_vendors(shipments), **wrong}
    only({shipment_id: shipment_id, **wrong}, shipment_id)
    assert shipment is not None  # else it was refused
    rows = Shipment.objects.filter(pk=shipment_id)
    rows.update(status=target, version=shipment.version + 1)
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    journal.write(
        [journal.Entry(ref, str(target), f"Shipment {shipment.number} {STEPS[target]}")], actor=actor, now=now
    )
    return str(target)


def _is_there(current: ShipmentStatus, target: ShipmentStatus) -> bool:
    """At the step or past it: a cancelled shipment never was."""
    return current == target or (current != ShipmentStatus.CANCELLED and current in SHIPMENT.reachable(target))
