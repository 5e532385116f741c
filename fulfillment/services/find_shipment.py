"""The first steps every shipment verb shares: lock the customers' credit, then the shipments, and see who may go on."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from core.errors import DomainError, NotFound, Refused
from core.uow import require_uow
from credit.services.lock_accounts import lock_accounts
from fulfillment import locks
from fulfillment.models import Shipment, VendorOrder
from fulfillment.states import SHIPMENT, ShipmentStatus
from orders.queries import holds_blocking
from orders.services.lock_lines import lock_lines
from orders.states import Blocks

T = TypeVar("T")


class OnHold(Refused):
    template = "The order of shipment {number} is on hold before this step: {why}"
    remedy_template = "Whoever placed the hold clears it."


class VendorSendsIt(Refused):
    template = (
        "Shipment {number} is sent by a vendor: it does not lie in a warehouse of ours, and nobody picks it there."
    )
    remedy_template = (
        "Enter what the vendor sent, with its tracking number, on the shipment's page (API: vendor-shipment)."
    )


@require_uow
def lock_with_credit(shipment_ids: Collection[int], *, order_lines: Collection[int] = ()) -> dict[int, Shipment]:
    """The shipments that exist, locked at rank 30 under their accounts' credit at rank 10, and between them the orders
    of `order_lines` at rank 20."""
    owners = dict(Shipment.objects.filter(pk__in=shipment_ids).values_list("pk", "account_id"))
    lock_accounts(owners.values())
    if order_lines:
        lock_lines(order_lines)
    return {s.pk: s for s in locks.lock_shipments(owners)} if owners else {}


def refusals(
    shipment_ids: Collection[int], shipments: Mapping[int, Shipment], target: ShipmentStatus, block: Blocks | None
) -> dict[int, DomainError]:
    """Which of them may not take this step, and why: unknown, on hold before it (domain.md §0.2), or not its turn. Without
    a `block` no hold stops it."""
    held = holds_blocking({s.order_id for s in shipments.values()}, block) if shipments and block else {}
    found: dict[int, DomainError] = {}
    for shipment_id in shipment_ids:
        shipment = shipments.get(shipment_id)
        if shipment is None:
            found[shipment_id] = NotFound(kind="shipment", ident=shipment_id)
        elif why := held.get(shipment.order_id):
            found[shipment_id] = OnHold(number=shipment.number, why=" ".join(why))
        elif refusal := _not_its_turn(shipment, target):
            found[shipment_id] = refusal
    return found


def sent_by_vendors(shipments: Mapping[int, Shipment]) -> dict[int, DomainError]:
    """Which of them a vendor sends: no warehouse has a say in those. One statement."""
    rows = VendorOrder.objects.filter(shipment__in=list(shipments)).values_list("shipment_id", flat=True)
    return {i: VendorSendsIt(number=shipments[i].number) for i in rows}


def _not_its_turn(shipment: Shipment, target: ShipmentStatus) -> DomainError | None:
    try:
        SHIPMENT.require(ShipmentStatus(shipment.status), target)
    except DomainError as refusal:
        return refusal
    return None


def only(outcomes: Mapping[int, T | DomainError], ident: int) -> T:
    """The outcome of a batch of one; a refusal is raised."""
    outcome = outcomes[ident]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome
