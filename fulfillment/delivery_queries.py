"""Reads of deliveries: what was reported from the door. A constant number of statements."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.files.storage import default_storage
from django.db.models import Q, Sum

from fulfillment.models import DamageNote, Delivery, Shipment, ShipmentLine
from fulfillment.states import ShipmentStatus
from orders.rules.clocks import Span


@dataclass(frozen=True)
class DamageView:
    shipment_line_id: int
    sku: str
    qty: Decimal
    note: str


@dataclass(frozen=True)
class DeliveryView:
    """`days_late` is None where no day was promised; `image` is where the picture lies, empty without one."""

    shipment_id: int
    is_refused: bool
    at: datetime
    received_by: str
    note: str
    days_late: int | None
    image: str
    image_type: str
    reported_by: str
    damages: tuple[DamageView, ...] = ()


def deliveries_of(shipment_ids: Collection[int]) -> dict[int, DeliveryView]:
    """{shipment: what was reported}; absent where nothing was. Two statements."""
    ids = list(shipment_ids)
    damages: dict[int, list[DamageView]] = {}
    columns = ("delivery__shipment_id", "shipment_line_id", "shipment_line__product__sku", "qty", "note")
    rows = DamageNote.objects.filter(delivery__shipment__in=ids).order_by("pk")
    for shipment_id, *values in rows.values_list(*columns):
        damages.setdefault(shipment_id, []).append(DamageView(*values))
    return {
        d.shipment_id: DeliveryView(
            d.shipment_id, d.is_refused, d.at, d.received_by, d.note, d.days_late, d.image, d.image_type, d.reported_by,
            tuple(damages.get(d.shipment_id, ())),
        )
        for d in Delivery.objects.filter(shipment__in=ids)
    }  # fmt: skip


def image_of(delivery: DeliveryView) -> bytes | None:
    """The picture's bytes; None without one, or where the media folder lost it."""
    if not delivery.image or not default_storage.exists(delivery.image):
        return None
    with default_storage.open(delivery.image) as stored:
        content: bytes = stored.read()
    return content


# What was used in the field lay where it was used: nobody reports it from a door.
_ARRIVED = Q(shipment__status=ShipmentStatus.DELIVERED) | Q(shipment__usage__isnull=False)


def delivered_quantities(order_line_ids: Collection[int]) -> dict[int, Decimal]:
    """{order line: base units that arrived}; lines of which nothing did are absent. One statement."""
    rows = ShipmentLine.objects.filter(_ARRIVED, order_line__in=list(order_line_ids))
    return dict(rows.values_list("order_line_id").annotate(total=Sum("shipped_qty")))


def delivered_by_order(order_ids: Collection[int]) -> dict[int, Decimal]:
    """{order: base units that arrived}; orders of which nothing did are absent. One statement."""
    rows = ShipmentLine.objects.filter(_ARRIVED, shipment__order__in=list(order_ids))
    return dict(rows.values_list("shipment__order_id").annotate(total=Sum("shipped_qty")))


def moments(order_ids: Collection[int]) -> dict[int, dict[str, Span]]:
    """When the orders' shipments were released, picked, shipped and delivered. One statement."""
    columns = [f"{column}_at" for column in _CLOCKS.values()]
    rows = Shipment.objects.filter(order__in=list(order_ids)).exclude(status=ShipmentStatus.CANCELLED)
    struck: dict[int, dict[str, list[datetime]]] = {}
    for order_id, *instants in rows.values_list("order_id", *columns):
        for code, at in zip(_CLOCKS, instants, strict=True):
            if at is not None:
                struck.setdefault(order_id, {}).setdefault(code, []).append(at)
    return {i: {code: Span(min(found), max(found)) for code, found in by.items()} for i, by in struck.items()}


_CLOCKS = {"released": "released", "picked": "packed", "shipped": "shipped", "delivered": "delivered"}
