"""Ask the warehouse to give a released shipment back. Nothing changes before it answers."""

from datetime import datetime, timedelta

from accounts.states import Role
from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import door_verb
from fulfillment import locks
from fulfillment.events import RecallAsked
from fulfillment.models import RecallRequest, Shipment, VendorOrder
from fulfillment.states import SHIPMENT, ShipmentStatus

MAY = (Role.CS, Role.CS_LEAD, Role.PLANNER, Role.FINANCE, Role.FINANCE_APPROVER, Role.OPERATOR)
ANSWER_WITHIN = timedelta(minutes=30)
LEAST_REASON = 10


class RecallAwaited(Refused):
    template = "The warehouse is asked to give shipment {number} back already."
    remedy_template = "Wait for its answer."


class SentByVendor(Refused):
    template = "Shipment {number} is sent by a vendor: no warehouse can give it back."
    remedy_template = "Withdraw the vendor's order on the shipment's page."


@door_verb(refuse_on={"one_open_recall_per_shipment": RecallAwaited})
def ask_recall(*, shipment_id: int, note: str, actor: Actor, now: datetime) -> int:
    """The request's id. Unanswered after half an hour it is a case of the warehouse's.

    Raises NotPermitted, NotFound, InvalidInput (why, in ten characters), IllegalTransition (picked already or over),
    RecallAwaited (asked before and not answered), SentByVendor.
    """
    if not actor.has_role(*MAY):
        raise NotPermitted(actor=actor.label, verb="recall a shipment", roles=", ".join(MAY))
    if len(note.strip()) < LEAST_REASON:
        raise InvalidInput([FieldError("/note", "too_short", "Say why in at least ten characters.")])
    shipment = next(iter(locks.lock_shipments([shipment_id])), None)
    if shipment is None:
        raise NotFound(kind="shipment", ident=shipment_id)
    SHIPMENT.require(ShipmentStatus(shipment.status), ShipmentStatus.CANCELLED)
    if VendorOrder.objects.filter(shipment_id=shipment_id).exists():
        raise SentByVendor(number=shipment.number)
    row = RecallRequest(
        shipment=shipment,
        note=note.strip()[:300],
        asked_at=now,
        asked_by=actor.label,
        respond_by=now + ANSWER_WITHIN,
    )
    row.save(force_insert=True)
    shipment.version += 1
    Shipment.objects.filter(pk=shipment_id).update(version=shipment.version)
    tell(shipment, "recall_asked", f"Shipment {shipment.number} asked back: {row.note}", actor, now)
    fact = RecallAsked(row.pk, shipment.pk, shipment.number, shipment.order_id, shipment.site_id, row.note)
    outbox.publish(fact, stream=f"shipment:{shipment.pk}", seq=shipment.version, now=now, actor=actor)
    return row.pk


def tell(shipment: Shipment, verb: str, summary: str, actor: Actor, now: datetime) -> None:
    """On the shipment's timeline and on its order's."""
    subjects = (DocumentRef("shipment", shipment.pk, shipment.number), DocumentRef("order", shipment.order_id))
    journal.write([journal.Entry(ref, verb, summary[:300]) for ref in subjects], actor=actor, now=now)
