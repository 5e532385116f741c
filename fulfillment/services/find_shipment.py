"""The first two steps every shipment verb shares: lock the customer's credit, then the shipment."""

from core.errors import NotFound
from credit.services.lock_accounts import lock_accounts
from fulfillment import locks
from fulfillment.models import Shipment


def lock_with_credit(shipment_id: int) -> Shipment:
    """The shipment, locked at rank 30 under its account's credit at rank 10. Raises NotFound."""
    account_id = Shipment.objects.filter(pk=shipment_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NotFound(kind="shipment", ident=shipment_id)
    lock_accounts([account_id])
    (shipment,) = locks.lock_shipments([shipment_id])
    return shipment
