"""How a shipment looks on the wire: its lines, packages, where it is, and what happened at the door."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from api.fields import QuantitySerializer, quantity
from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from core.quantity import plain
from fulfillment.delivery_queries import DeliveryView, deliveries_of
from fulfillment.package_queries import PackageView, packages_of
from fulfillment.queries import tracking_links
from fulfillment.rules.asks import ShipmentView
from inventory.queries import site_snapshots
from orders.ledgers import order_numbers


class ShipmentLineAnswer(serializers.Serializer[Any]):
    line = serializers.CharField(help_text="Names the line when you pick or pack.")
    sku = serializers.CharField()
    lot = serializers.CharField(help_text="Lot or serial number; empty where there is none.")
    released = QuantitySerializer()
    picked = QuantitySerializer(allow_null=True)
    shipped = QuantitySerializer()
    short_reason = serializers.CharField()


class PackedAnswer(serializers.Serializer[Any]):
    line = serializers.CharField()
    sku = serializers.CharField()
    lot = serializers.CharField()
    quantity = QuantitySerializer()


class PackageAnswer(serializers.Serializer[Any]):
    sscc = serializers.CharField()
    kind = serializers.CharField(help_text="carton or pallet.")
    pallet = serializers.CharField(help_text="SSCC of the pallet it stands on; empty on the floor.")
    weight_kg = serializers.CharField(allow_null=True)
    sides_cm = serializers.ListField(child=serializers.CharField(allow_null=True), help_text="Length, width, height.")
    is_sealed = serializers.BooleanField()
    tracking_number = serializers.CharField()
    lines = PackedAnswer(many=True)


class DamageAnswer(serializers.Serializer[Any]):
    line = serializers.CharField()
    sku = serializers.CharField()
    quantity = serializers.CharField()
    note = serializers.CharField()


class DeliveryAnswer(serializers.Serializer[Any]):
    is_refused = serializers.BooleanField()
    at = serializers.DateTimeField()
    received_by = serializers.CharField()
    note = serializers.CharField()
    days_late = serializers.IntegerField(allow_null=True, help_text="null: no day was promised.")
    damages = DamageAnswer(many=True)


class ShipmentAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.CharField()
    order = serializers.CharField()
    status = serializers.CharField(help_text="For programs.")
    status_text = serializers.CharField(help_text="For people; the same everywhere.")
    site = serializers.CharField()
    service = serializers.CharField(help_text="The carrier's service it goes with; empty: none was chosen.")
    service_why = serializers.CharField()
    consignment = serializers.CharField()
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    tracking_url = serializers.CharField()
    released_at = serializers.DateTimeField()
    packed_at = serializers.DateTimeField(allow_null=True)
    shipped_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    lines = ShipmentLineAnswer(many=True)
    packages = PackageAnswer(many=True)
    delivery = DeliveryAnswer(allow_null=True)


class ShipmentList(serializers.Serializer[Any]):
    items = ShipmentAnswer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Send as `cursor` for the next page.")


def shipment_answers(found: Sequence[ShipmentView]) -> list[dict[str, Any]]:
    """In the order given, in a constant number of statements."""
    ids = [s.id for s in found]
    packages, deliveries, links = packages_of(ids), deliveries_of(ids), tracking_links(found)
    products = product_snapshots({x.product_id for s in found for x in s.lines})
    sites, numbers = site_snapshots({s.site_id for s in found}), order_numbers({s.order_id for s in found})
    return [
        {
            "id": s.public_id,
            "number": s.number,
            "order": numbers.get(s.order_id, ""),
            "status": str(s.status),
            "status_text": s.words,
            "site": sites[s.site_id].shown_code,
            "service": s.service,
            "service_why": s.service_why,
            "consignment": s.consignment,
            "carrier": s.carrier,
            "tracking_number": s.tracking_number,
            "tracking_url": links.get(s.id, ""),
            "released_at": s.released_at.isoformat(),
            "packed_at": s.packed_at and s.packed_at.isoformat(),
            "shipped_at": s.shipped_at and s.shipped_at.isoformat(),
            "delivered_at": s.delivered_at and s.delivered_at.isoformat(),
            "lines": [_line(x, products[x.product_id]) for x in s.lines],
            "packages": [_package(p, products) for p in packages.get(s.id, ())],
            "delivery": _delivery(deliveries[s.id]) if s.id in deliveries else None,
        }
        for s in found
    ]


def _line(x: Any, product: ProductSnapshot) -> dict[str, Any]:
    unit = product.base_unit
    return {
        "line": str(x.id),
        "sku": product.sku,
        "lot": x.lot_code,
        "released": quantity(x.qty, unit),
        "picked": None if x.picked_qty is None else quantity(x.picked_qty, unit),
        "shipped": quantity(x.shipped_qty, unit),
        "short_reason": x.short_reason,
    }


def _package(p: PackageView, products: Mapping[int, ProductSnapshot]) -> dict[str, Any]:
    return {
        "sscc": p.sscc,
        "kind": p.kind,
        "pallet": p.pallet,
        "weight_kg": None if p.weight_kg is None else plain(p.weight_kg),
        "sides_cm": [None if side is None else plain(side) for side in p.sides_cm],
        "is_sealed": p.is_sealed,
        "tracking_number": p.tracking_number,
        "lines": [
            {
                "line": str(x.shipment_line_id),
                "sku": products[x.product_id].sku,
                "lot": x.lot_code,
                "quantity": quantity(x.qty, products[x.product_id].base_unit),
            }
            for x in p.lines
        ],
    }


def _delivery(d: DeliveryView) -> dict[str, Any]:
    return {
        "is_refused": d.is_refused,
        "at": d.at.isoformat(),
        "received_by": d.received_by,
        "note": d.note,
        "days_late": d.days_late,
        "damages": [
            {"line": str(x.shipment_line_id), "sku": x.sku, "quantity": plain(x.qty), "note": x.note} for x in d.damages
        ],
    }
