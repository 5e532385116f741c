"""Where stock can be and what moved it: for staff and machines (ERP, warehouse systems), not for customers."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.states import STAFF, Role
from api.endpoint import Endpoint
from api.fields import QuantitySerializer, quantity
from api.paging import read_cursor, read_limit, write_cursor
from api.problem import BadParameter
from catalog.queries import product_snapshots, products_by_sku
from catalog.rules.asks import ProductSnapshot
from core.access import allow
from inventory.filters import MovementFilter, MovementLine, find_movements
from inventory.movement_papers import Source, papers_of
from inventory.queries import site_snapshots
from inventory.states import MovementKind

IN_THE_HOUSE = allow(view={*STAFF, Role.SERVICE})


class LocationView(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="dc, hub, third_party, trunk, consignment, quarantine or vendor.")
    region = serializers.CharField()
    time_zone = serializers.CharField()
    lead_days = serializers.IntegerField(help_text="Business days to pick and pack.")
    transit_days = serializers.IntegerField()
    is_active = serializers.BooleanField()


LOCATION = ("code", "name", "kind", "region", "time_zone", "lead_days", "transit_days", "is_active")


class LocationList(serializers.Serializer[Any]):
    items = LocationView(many=True)


class StockLocations(Endpoint):
    """Every site, those that are closed too."""

    access = IN_THE_HOUSE

    @extend_schema(operation_id="stock_locations", responses=LocationList, tags=["stock"])
    def get(self, request: Request) -> Response:
        sites = sorted(site_snapshots().values(), key=lambda s: (s.rank, s.code))
        return Response({"items": [{name: getattr(s, name) for name in LOCATION} for s in sites]})


class MovementView(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField()
    location = serializers.CharField()
    lot = serializers.CharField(help_text="Empty where the product has none.")
    status = serializers.CharField(help_text="The stock's: available, quality, damaged, expired or recalled.")
    owner = serializers.CharField(help_text="Empty: ours.")
    kind = serializers.CharField()
    quantity = QuantitySerializer(help_text="Signed: what leaves is negative.")
    document = serializers.CharField(help_text="What it was booked by.")
    at = serializers.DateTimeField()
    by = serializers.CharField()
    reason = serializers.CharField()


class MovementList(serializers.Serializer[Any]):
    items = MovementView(many=True)
    next = serializers.CharField(allow_null=True, help_text="Send it back as `cursor`.")


class StockMovements(Endpoint):
    """The ledger, the newest first: on hand is its sum."""

    access = IN_THE_HOUSE
    known_parameters = ("sku", "location", "kind", "limit", "cursor")

    @extend_schema(
        operation_id="stock_movements",
        parameters=[
            OpenApiParameter("sku", str, description="Of one product."),
            OpenApiParameter("location", str, description="At one site, by code."),
            OpenApiParameter("kind", str, enum=[str(k) for k in MovementKind]),
            OpenApiParameter("limit", int, description="1 to 200."),
            OpenApiParameter("cursor", str),
        ],
        responses=MovementList,
        tags=["stock"],
    )
    def get(self, request: Request) -> Response:
        limit = read_limit(request.query_params)
        found = find_movements(_filter(request), limit=limit + 1)
        products = product_snapshots({m.product_id for m in found})
        following = write_cursor(found[limit - 1].id) if len(found) > limit else None
        papers = papers_of([Source(m.kind, m.source_kind, m.source_id, m.reason) for m in found[:limit]])
        items = [_view(m, products[m.product_id], p.words) for m, p in zip(found, papers, strict=False)]
        return Response({"items": items, "next": following})


def _filter(request: Request) -> MovementFilter:
    given = request.query_params
    kind = given.get("kind", "").strip()
    if kind and kind not in set(MovementKind):
        raise BadParameter(name="kind", given=kind[:40], expected=f"Send one of {', '.join(MovementKind)}.")
    return MovementFilter(
        product_ids=_product(given.get("sku", "").strip()),
        site_code=_location(given.get("location", "").strip()),
        kinds=(kind,) if kind else (),
        before_id=read_cursor(given),
    )


def _product(sku: str) -> list[int] | None:
    if not sku:
        return None
    found = products_by_sku([sku])
    if not found:
        raise BadParameter(name="sku", given=sku[:80], expected="Send the SKU of a product that exists.")
    return list(found.values())


def _location(code: str) -> str:
    if code and code not in {s.code for s in site_snapshots().values()}:
        raise BadParameter(name="location", given=code[:40], expected="Send a code of GET /api/v1/stock-locations.")
    return code


def _view(m: MovementLine, product: ProductSnapshot, document: str) -> dict[str, Any]:
    return {
        "id": str(m.id),
        "sku": product.sku,
        "location": m.site,
        "lot": m.lot,
        "status": m.status,
        "owner": m.owner,
        "kind": m.kind,
        "quantity": quantity(m.qty, product.base_unit),
        "document": document,
        "at": m.at.isoformat(),
        "by": m.actor,
        "reason": m.reason,
    }
