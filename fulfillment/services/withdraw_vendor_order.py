"""We take an order back from a vendor: freely until it is confirmed, afterwards with the vendor's word."""

from datetime import datetime

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.uow import door_verb
from credit.services.lock_accounts import lock_accounts
from fulfillment.models import Shipment, VendorOrder
from fulfillment.services.find_vendor_order import lock_vendor_order, told_of
from fulfillment.services.give_back_exposure import give_back
from fulfillment.states import SHIPMENT, ShipmentStatus
from inventory.services.give_up_released import give_up_released
from inventory.services.leave_vendor import serve_without_vendor
from inventory.services.take_back_claims import take_back_claims
from orders.services.place_hold import hold_again

LEAST_REASON = 10
CAUSE = "taken back from the vendor"


class ConfirmedByVendor(Refused):
    template = "The vendor confirmed {number} for {day}."
    remedy_template = "Ask the vendor; when it agrees, withdraw it with its word."


@door_verb
def withdraw_vendor_order(
    *, shipment_id: int, why: str, elsewhere: bool = False, vendor_agrees: bool = False, actor: Actor, now: datetime
) -> int:
    """The order's id. Its shipment is cancelled and its worth an open order again. Without `elsewhere` the order keeps its
    place with the vendor and is held by hand, so that lines can be cancelled or amended before it goes out again; with it
    what the vendor was asked for waits for our own sites, which are tried at once.

    Raises NotPermitted, NotFound, VendorIsDone, ConfirmedByVendor (unless the vendor agrees), InvalidInput (why, in ten
    characters). Locks 10, 20, 30, 50, 52, 60.
    """
    if len(why.strip()) < LEAST_REASON:
        raise InvalidInput([FieldError("/why", "too_short", "Say why in at least ten characters.")])
    _hold(shipment_id, elsewhere, why, actor, now)
    order, shipment, lines = lock_vendor_order(shipment_id, verb="withdrawn", actor=actor)
    if order.confirmed_at is not None and not vendor_agrees:
        raise ConfirmedByVendor(number=order.number, day=order.confirmed_ship_date)
    shipment.status = SHIPMENT.require(ShipmentStatus(shipment.status), ShipmentStatus.CANCELLED)
    shipment.version += 1
    Shipment.objects.filter(pk=shipment_id).update(status=shipment.status, version=shipment.version)
    going = [x.shipment_line for x in lines if x.shipment_line is not None]
    if elsewhere:
        parts = {line.claim_id: line.qty for line in going}
        give_up_released(parts, cause=CAUSE, is_out=False, actor=actor, now=now)
        serve_without_vendor({line.demand_id for line in going}, actor=actor, now=now)
    else:
        take_back_claims([line.claim_id for line in going], now=now)
    give_back(shipment, {line: line.qty for line in going}, "withdrawn", actor=actor, now=now)
    VendorOrder.objects.filter(pk=order.pk).update(withdrawn_at=now, withdrawn_why=why.strip()[:300])
    words = f"Vendor order {order.number} withdrawn: {why.strip()}"
    journal.write(told_of(order, shipment, "withdrawn", words), actor=actor, now=now)
    return shipment.order_id


def _hold(shipment_id: int, elsewhere: bool, why: str, actor: Actor, now: datetime) -> None:
    """The order is locked (20) before its shipment (30)."""
    row = Shipment.objects.filter(pk=shipment_id).values_list("account_id", "order_id").first()
    if row is not None and not elsewhere:
        lock_accounts([row[0]])
        hold_again(row[1], note=f"Taken back from the vendor: {why.strip()}"[:300], actor=actor, now=now)
