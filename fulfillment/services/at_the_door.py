"""What the two reports from the customer's door share: the proof, its picture, the shipment under its lock."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import require_uow
from fulfillment import locks
from fulfillment.models import Delivery, Shipment
from fulfillment.rules import proof
from fulfillment.states import ShipmentStatus


@dataclass(frozen=True)
class Proof:
    """Who took it (or would not), what was said, and a picture or signature: its name and its bytes."""

    received_by: str = ""
    note: str = ""
    image_name: str = ""
    image: bytes = b""


NO_PROOF = Proof()


@require_uow
def shipment_at_the_door(shipment_id: int) -> Shipment:
    rows = locks.lock_shipments([shipment_id])
    if not rows:
        raise NotFound(kind="shipment", ident=shipment_id)
    return rows[0]


@require_uow
def keep_delivery(
    shipment: Shipment, at: datetime, proof_of: Proof, stored: str, late: int | None, target: ShipmentStatus, *,
    actor: Actor, now: datetime,
) -> Delivery:  # fmt: skip
    shipment.status, shipment.version = target, shipment.version + 1
    shipment.delivered_at = at if target == ShipmentStatus.DELIVERED else None
    shipment.save(update_fields=["status", "delivered_at", "version"])
    return Delivery.objects.create(
        shipment=shipment,
        is_refused=target == ShipmentStatus.REFUSED,
        at=at,
        received_by=proof_of.received_by.strip()[:120],
        note=proof_of.note.strip()[:300],
        days_late=late,
        image=stored,
        image_type=proof.kind_of(proof_of.image),
        reported_at=now,
        reported_by=actor.label,
    )


def bad_moment(shipment: Shipment, at: datetime, now: datetime) -> list[FieldError]:
    if at > now:
        return [FieldError("/at", "in_the_future", "A delivery cannot be reported before it was.", "Give when it was.")]
    if shipment.shipped_at is not None and at < shipment.shipped_at:
        words = f"Shipment {shipment.number} left at {shipment.shipped_at:%d %b %Y %H:%M} UTC, after this moment."
        return [FieldError("/at", "before_it_left", words, "Give when it was handed over.")]
    return []


def keep_image(shipment_id: int, proof_of: Proof) -> str:
    """Where the picture lies; empty without one. Bytes nobody points at are harmless."""
    if not proof_of.image:
        return ""
    if wrong := proof.problem(proof_of.image_name, proof_of.image):
        raise InvalidInput([FieldError("/image", "file", wrong, "Send a photo or signature as PNG or JPEG.")])
    name = proof.stored_name(shipment_id, hashlib.sha256(proof_of.image).hexdigest(), proof.kind_of(proof_of.image))
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(proof_of.image))


@require_uow
def note(shipment: Shipment, verb: str, words: str, actor: Actor, now: datetime) -> None:
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    journal.write([journal.Entry(ref, verb, words)], actor=actor, now=now)
