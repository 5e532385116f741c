"""The customer would not take it: everything is on its way back, and is credited once it was looked at."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from fulfillment.events import DeliveryRefused
from fulfillment.models import Return, ReturnLine, Shipment, ShipmentLine
from fulfillment.queries import returnable
from fulfillment.return_queries import shipping_sites
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.services.at_the_door import Proof, bad_moment, keep_delivery, keep_image, note, shipment_at_the_door
from fulfillment.services.move_return import step
from fulfillment.services.request_returns import request
from fulfillment.states import SHIPMENT, ReturnOutcome, ReturnStatus, ShipmentStatus
from orders.services.lock_lines import lock_lines

ZERO = Decimal(0)
SHORTEST_REASON = 5


def refuse_delivery(*, shipment_id: int, at: datetime, proof_of: Proof, actor: Actor, now: datetime) -> int:
    """The customer would not take it: everything of the shipment is on its way back, as an authorized return without a
    fee, and is credited like any return once it was inspected. The return's id, also when said again.

    Raises NotFound, IllegalTransition, InvalidInput (no reason; all of it is coming back already).
    """
    stored = keep_image(shipment_id, proof_of)
    return refuse(shipment_id=shipment_id, at=at, proof_of=proof_of, stored=stored, actor=actor, now=now)


@door_verb
def refuse(*, shipment_id: int, at: datetime, proof_of: Proof, stored: str, actor: Actor, now: datetime) -> int:
    """The same with the picture already `stored` (empty: none), for doors that need one transaction."""
    lock_lines(set(ShipmentLine.objects.filter(shipment=shipment_id).values_list("order_line_id", flat=True)))
    shipment = shipment_at_the_door(shipment_id)
    external_id = f"refused:{shipment.number}"
    if shipment.status == ShipmentStatus.REFUSED:
        return Return.objects.values_list("pk", flat=True).get(account=shipment.account_id, external_id=external_id)
    target = SHIPMENT.require(ShipmentStatus(shipment.status), ShipmentStatus.REFUSED)
    wrong = bad_moment(shipment, at, now)
    if len(proof_of.note.strip()) < SHORTEST_REASON:
        wrong.append(FieldError("/note", "reason_missing", "A refusal says why.", "Write what the customer said."))
    if wrong:
        raise InvalidInput(wrong)
    lines = list(ShipmentLine.objects.filter(shipment=shipment, shipped_qty__gt=0).order_by("pk"))
    keep_delivery(shipment, at, proof_of, stored, None, target, actor=actor, now=now)
    return_id = _send_back(shipment, lines, external_id, proof_of.note.strip(), actor=actor, now=now)
    words = f"Shipment {shipment.number} was refused: {proof_of.note.strip()[:200]}"
    note(shipment, "refused", words, actor, now)
    fact = DeliveryRefused(
        shipment.pk, shipment.number, shipment.order_id, shipment.account_id, return_id, proof_of.note.strip()[:200]
    )
    outbox.publish(fact, stream=f"shipment:{shipment.pk}", seq=shipment.version, now=now, actor=actor)
    return return_id


@require_uow
def _send_back(
    shipment: Shipment, lines: Sequence[ShipmentLine], external_id: str, why: str, *, actor: Actor, now: datetime
) -> int:
    """What of the shipment is not asked back already, authorized and on its way. Raises InvalidInput when nothing is."""
    left = returnable([x.order_line_id for x in lines])
    wanted: dict[int, Decimal] = {}
    for line in lines:
        wanted[line.order_line_id] = wanted.get(line.order_line_id, ZERO) + line.shipped_qty - line.returned_qty
    specs = tuple(ReturnLineSpec(i, min(qty, left[i])) for i, qty in sorted(wanted.items()) if min(qty, left[i]) > 0)
    if not specs:
        words = f"All of shipment {shipment.number} is coming back already."
        raise InvalidInput([FieldError("/shipment", "returned", words, "Receive that return instead.")])
    spec = ReturnSpec(shipment.account_id, external_id, f"Delivery refused: {why}", specs)
    return_id = request([spec], actor=actor, now=now)[0].return_id
    row = Return.objects.get(pk=return_id)  # ours alone until the commit
    for status in (ReturnStatus.AUTHORIZED, ReturnStatus.IN_TRANSIT):
        if status == ReturnStatus.AUTHORIZED:
            row.site_id = shipping_sites([line.order_line_id for line in specs])
            row.outcome, row.authorized_at = ReturnOutcome.CREDIT, now
        step(row, status)
        row.save()
    _authorize_all(return_id)
    ref = DocumentRef("return", row.pk, row.number)
    words = f"Return {row.number} authorized and on its way: shipment {shipment.number} was refused"
    journal.write([journal.Entry(ref, "authorized", words)], actor=actor, now=now)
    return return_id


def _authorize_all(return_id: int) -> None:
    rows = list(ReturnLine.objects.filter(parent=return_id))
    for row in rows:
        row.authorized_qty = row.qty
    ReturnLine.objects.bulk_update(rows, ["authorized_qty"])
