"""The vendor sent it: customer service enters what left with which carrier. Invoiced and delivered like any shipment."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.uow import door_verb
from fulfillment.models import VendorOrderLine
from fulfillment.rules.asks import Departure, PickReport
from fulfillment.services.confirm_pick import take_picks
from fulfillment.services.confirm_shipment import leave
from fulfillment.services.find_shipment import only
from fulfillment.services.find_vendor_order import lock_vendor_order
from fulfillment.states import ShipmentStatus
from inventory.services.give_way import ask_for_allocation

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
    line; lines not named left in full; more than it was asked for within the customer's tolerance. Also for an order the
    vendor never confirmed. Nothing of our stock moves.

    What did not leave is open again with a case. Raises NotPermitted, NotFound, VendorIsDone, OnHold, InvalidInput.
    """
    said = quantities or {}
    _, _, lines = lock_vendor_order(shipment_id, verb="sent", may_grow=bool(said), actor=actor)
    if not tracking_number.strip():
        words = "Without a tracking number nobody can say where it is."
        raise InvalidInput([FieldError("/tracking_number", "required", words, "Ask the vendor for it.")])
    place = {x.pk: x.shipment_line_id or 0 for x in lines}
    if unknown := [key for key in said if key not in place]:
        words = "This line is not part of the vendor's order."
        raise InvalidInput([FieldError(f"/lines/{key}", "unknown_line", words, "Reload it.") for key in unknown])
    picks = {place[key]: qty for key, qty in said.items()}
    taken = take_picks([PickReport(shipment_id, picks, REASON)], actor, now, is_vendor=True)
    status = only(taken, shipment_id)
    if short := {x.product_id for x in lines if said.get(x.pk, _asked(x)) < _asked(x)}:
        ask_for_allocation(short, REASON, actor=actor, now=now)
    if status == ShipmentStatus.CANCELLED:
        return status
    only(leave([Departure(shipment_id, carrier.strip(), tracking_number.strip())], actor=actor, now=now), shipment_id)
    return str(ShipmentStatus.SHIPPED)


def _asked(line: VendorOrderLine) -> Decimal:
    """What the vendor still was to send of the line: what it confirmed, if it did."""
    return line.qty if line.shipment_line is None else line.shipment_line.qty
