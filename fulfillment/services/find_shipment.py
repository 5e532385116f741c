"""The first two steps every shipment verb shares: lock the customer's credit, then the shipment."""

from core.errors import NotFound, Refused
from credit.services.lock_accounts import lock_accounts
from fulfillment import locks
from fulfillment.models import Shipment
from orders.queries import holds_blocking
from orders.states import Blocks


class OnHold(Refused):
    template = "The order of shipment {number} is on hold before this step: {why}"
    remedy_template = "Whoever placed the hold clears it."


def require_no_hold(shipment: Shipment, block: Blocks) -> None:
    """Raises OnHold when an open hold of the order names this step among what it blocks (domain.md §0.2)."""
    if why := holds_blocking(shipment.order_id, block):
        raise OnHold(number=shipment.number, why=" ".join(why))


def lock_with_credit(shipment_id: int) -> Shipment:
    """The shipment, locked at rank 30 under its account's credit at rank 10. Raises NotFound."""
    account_id = Shipment.objects.filter(pk=shipment_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NotFound(kind="shipment", ident=shipment_id)
    lock_accounts([account_id])
    (shipment,) = locks.lock_shipments([shipment_id])
    return shipment
