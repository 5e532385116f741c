"""The first steps every verb of a vendor's order shares: who may, credit and shipment locked, the order read under it."""

from accounts.states import Role
from core import journal
from core.actors import Actor
from core.errors import NotFound, NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import require_uow
from fulfillment.models import Shipment, VendorOrder, VendorOrderLine
from fulfillment.services.find_shipment import lock_with_credit
from fulfillment.states import ShipmentStatus

MAY = (Role.CS, Role.CS_LEAD, Role.PLANNER, Role.OPERATOR, Role.SERVICE)
OPEN = (ShipmentStatus.RELEASED, ShipmentStatus.ACKNOWLEDGED)


class VendorIsDone(Refused):
    template = "Vendor order {number} is {status}: nothing of it can be {verb}."
    remedy_template = "Look at its shipment; what has left comes back as a return."


@require_uow
def lock_vendor_order(
    shipment_id: int, *, verb: str, may_grow: bool = False, actor: Actor
) -> tuple[VendorOrder, Shipment, list[VendorOrderLine]]:
    """The vendor's order of the shipment while it is open, with the lines it still has. Ranks 10 and 30, and between them
    the customer's order (20) where it `may_grow`.

    Raises NotPermitted, NotFound (no vendor sends the shipment), VendorIsDone.
    """
    if not actor.has_role(*MAY):
        raise NotPermitted(actor=actor.label, verb=f"have a vendor's order {verb}", roles=", ".join(MAY))
    rows = VendorOrderLine.objects.filter(vendor_order__shipment_id=shipment_id)
    growing = list(rows.values_list("order_line_id", flat=True)) if may_grow else []
    shipment = lock_with_credit([shipment_id], order_lines=growing).get(shipment_id)
    order = VendorOrder.objects.filter(shipment_id=shipment_id).first()
    if shipment is None or order is None:
        raise NotFound(kind="vendor order of shipment", ident=shipment_id)
    if shipment.status not in OPEN:
        raise VendorIsDone(number=order.number, status=shipment.status, verb=verb)
    lines = VendorOrderLine.objects.filter(vendor_order=order, shipment_line__isnull=False)
    return order, shipment, list(lines.select_related("shipment_line").order_by("pk"))


def told_of(order: VendorOrder, shipment: Shipment, verb: str, words: str) -> list[journal.Entry]:
    """On the timelines of the vendor's order, the shipment and the customer's order."""
    refs = (
        DocumentRef("vendor_order", order.pk, order.number),
        DocumentRef("shipment", shipment.pk, shipment.number),
        DocumentRef("order", shipment.order_id),
    )
    return [journal.Entry(ref, verb, words[:300]) for ref in refs]
