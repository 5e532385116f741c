"""The truck takes a whole consignment: every shipment in it leaves at once, with one carrier and one tracking number."""

from datetime import datetime

from core.actors import Actor
from core.errors import DomainError, NotFound, Refused
from core.uow import door_verb
from fulfillment.models import Shipment
from fulfillment.rules.asks import Departure
from fulfillment.services.confirm_shipment import leave
from fulfillment.states import STILL_HERE, ShipmentStatus


class ConsignmentNotReady(Refused):
    template = "Consignment {number} is not ready: {waiting} still in the warehouse and not packed."
    remedy_template = "Finish them, or ship the packed ones one by one."


@door_verb
def confirm_consignment(
    *, number: str, carrier: str = "", tracking_number: str = "", actor: Actor, now: datetime
) -> list[str]:
    """The numbers of the shipments that left: all of the consignment that had not, or none. Said again, none is left: [].

    Raises NotFound, ConsignmentNotReady, and what confirm_shipment raises, for the first that may not go.
    """
    rows = Shipment.objects.filter(consignment__number=number).order_by("pk").values_list("pk", "number", "status")
    if not rows:
        raise NotFound(kind="consignment", ident=number)
    here = [row for row in rows if row[2] in STILL_HERE]
    if waiting := [name for _, name, status in here if status != ShipmentStatus.PACKED]:
        raise ConsignmentNotReady(number=number, waiting=", ".join(waiting))
    outcomes = (
        leave([Departure(pk, carrier, tracking_number) for pk, _, _ in here], actor=actor, now=now) if here else {}
    )
    for outcome in outcomes.values():
        if isinstance(outcome, DomainError):
            raise outcome
    return [str(outcome) for outcome in outcomes.values()]
