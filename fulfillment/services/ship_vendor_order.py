"""The vendor sent it: customer service enters what left with which carrier. Invoiced and delivered like any shipment."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.uow import door_verb
from fulfillment.rules.asks import Departure, PickReport
from fulfillment.services.confirm_pick import take_picks
from fulfillment.services.confirm_shipment import leave
from fulfillment.services.find_shipment import only
from fulfillment.services.find_vendor_order import lock_vendor_order
from fulfillment.states import ShipmentStatus

REASON = "the vendor sent less"


@door_verb
def ship_vendor_order(
    *,
    shipment_id: int,
    tracking_number: str,
    carrier: str = "",
    quantities: Mapping[int, Decimal] | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """The shipment's status: shipped, or cancelled where nothing left. `quantities` are base units by the vendor order's
    line; lines not named left in full. Also for an order the vendor never confirmed. Nothing of our stock moves.

    What did not leave is open again with a case. Raises NotPermitted, NotFound, VendorIsDone, OnHold, InvalidInput.
    """
    _, _, lines = lock_vendor_order(shipment_id, verb="sent", actor=actor)
    if not tracking_number.strip():
        words = "Without a tracking number nobody can say where it is."
        raise InvalidInput([FieldError("/tracking_number", "required", words, "Ask the vendor for it.")])
    place = {x.pk: x.shipment_line_id or 0 for x in lines}
    said = quantities or {}
    if unknown := [key for key in said if key not in place]:
        words = "This line is not part of the vendor's order."
        raise InvalidInput([FieldError(f"/lines/{key}", "unknown_line", words, "Reload it.") for key in unknown])
    picks = {place[key]: qty for key, qty in said.items()}
    status = only(take_picks([PickReport(shipment_id, picks, REASON)], actor, now), shipment_id)
    if status == ShipmentStatus.CANCELLED:
        return status
    only(leave([Departure(shipment_id, carrier.strip(), tracking_number.strip())], actor=actor, now=now), shipment_id)
    return str(ShipmentStatus.SHIPPED)
