"""The customer has it: when, who took it, what they said, and what arrived damaged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import is_exact, plain
from core.uow import door_verb
from fulfillment.events import ShipmentDelivered
from fulfillment.models import DamageNote, Delivery, Shipment, ShipmentLine
from fulfillment.services.at_the_door import (
    NO_PROOF,
    Proof,
    bad_moment,
    keep_delivery,
    keep_image,
    note,
    shipment_at_the_door,
)
from fulfillment.states import SHIPMENT, ShipmentStatus
from inventory.queries import first_promised_days

ZERO = Decimal(0)


@dataclass(frozen=True)
class Damage:
    """Base units of a shipment line that arrived damaged, and what is wrong with them."""

    qty: Decimal
    note: str


def confirm_delivery(
    *,
    shipment_id: int,
    delivered_at: datetime,
    proof_of: Proof = NO_PROOF,
    damages: Mapping[int, Damage] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """The customer has it since `delivered_at`. Said again by whatever way it changes nothing: the first report stands.

    The picture is stored first and pointed at after. Raises NotFound, IllegalTransition (it never left, or was refused),
    InvalidInput (a damage of nothing that was shipped, a delivery in the future or before it left, no picture).
    """
    stored = keep_image(shipment_id, proof_of)
    deliver(
        shipment_id=shipment_id, at=delivered_at, proof_of=proof_of, stored=stored, damages=damages or {}, actor=actor,
        now=now,
    )  # fmt: skip


@door_verb
def deliver(
    *, shipment_id: int, at: datetime, proof_of: Proof, stored: str, damages: Mapping[int, Damage], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """The same with the picture already `stored` (empty: none), for doors that need one transaction."""
    shipment = shipment_at_the_door(shipment_id)
    if shipment.status == ShipmentStatus.DELIVERED:
        return
    target = SHIPMENT.require(ShipmentStatus(shipment.status), ShipmentStatus.DELIVERED)
    lines = list(ShipmentLine.objects.filter(shipment=shipment, shipped_qty__gt=0).order_by("pk"))
    if wrong := [*bad_moment(shipment, at, now), *_bad_damages(damages, lines)]:
        raise InvalidInput(wrong)
    delivery = keep_delivery(shipment, at, proof_of, stored, days_late(lines, at), target, actor=actor, now=now)
    DamageNote.objects.bulk_create(
        DamageNote(delivery=delivery, shipment_line_id=i, qty=d.qty, note=d.note.strip()[:200])
        for i, d in sorted(damages.items())
    )
    _tell_delivered(shipment, delivery, damages, actor, now)


def days_late(lines: Sequence[ShipmentLine], at: datetime) -> int | None:
    """Days behind the latest day promised for what is in the shipment, never below 0; None where none was promised."""
    promised = max(first_promised_days({x.demand_id for x in lines}).values(), default=None)
    return None if promised is None else max((at.date() - promised).days, 0)


def _bad_damages(damages: Mapping[int, Damage], lines: Sequence[ShipmentLine]) -> list[FieldError]:
    shipped = {x.pk: x.shipped_qty for x in lines}
    errors = []
    for line_id, damage in damages.items():
        where = f"/damages/{line_id}"
        if line_id not in shipped or not is_exact(damage.qty) or not ZERO < damage.qty <= shipped[line_id]:
            words = f"{plain(damage.qty)} cannot be damaged; {plain(shipped.get(line_id, ZERO))} were shipped."
            errors.append(FieldError(where, "more_than_shipped", words, "Give that much or less."))
        if not damage.note.strip():
            errors.append(
                FieldError(where, "note_missing", "A damage says what is wrong.", "Describe it in a few words.")
            )
    return errors


def _tell_delivered(
    shipment: Shipment, delivery: Delivery, damages: Mapping[int, Damage], actor: Actor, now: datetime
) -> None:
    by = f" to {delivery.received_by}" if delivery.received_by else ""
    late = f", {delivery.days_late} {'day' if delivery.days_late == 1 else 'days'} late" if delivery.days_late else ""
    bad = f", {plain(sum((d.qty for d in damages.values()), ZERO))} damaged" if damages else ""
    note(shipment, "delivered", f"Shipment {shipment.number} delivered{by}{late}{bad}", actor, now)
    fact = ShipmentDelivered(
        shipment.pk, shipment.number, shipment.order_id, shipment.account_id, delivery.at, delivery.days_late or 0,
        tuple(f"{plain(d.qty)}: {d.note.strip()[:80]}" for _, d in sorted(damages.items())),
    )  # fmt: skip
    outbox.publish(fact, stream=f"shipment:{shipment.pk}", seq=shipment.version, now=now, actor=actor)
