"""Finding products: by words, by a scanned barcode, by the customer's own part number."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import visible_accounts
from api.customers import customer_of
from api.endpoint import CAN_LOOK, Endpoint
from api.problem import BadParameter
from catalog.queries import scan, search_products
from catalog.rules.asks import ProductSnapshot
from core.quantity import plain

MOST_FOUND = 50


class UnitView(serializers.Serializer[Any]):
    uom = serializers.CharField()
    base_units = serializers.CharField(help_text='Exact: "12" or "1/3".')


class ProductView(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    gtin = serializers.CharField()
    uom = serializers.CharField(help_text="The base unit: quantities without a unit are in it.")
    units = UnitView(many=True)
    order_multiple = serializers.CharField()
    min_order_quantity = serializers.CharField()
    max_order_quantity = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    tracking = serializers.CharField(help_text="none, lot or serial.")
    shelf_life_days = serializers.IntegerField(allow_null=True)
    weight_kg = serializers.CharField(allow_null=True)
    cube_m3 = serializers.CharField(allow_null=True)
    regulated_class = serializers.CharField()
    matched_by = serializers.CharField(required=False, help_text="sku, customer_part, gtin or maker_part.")
    matched_uom = serializers.CharField(required=False, help_text="The packaging a barcode stands for.")
    lot = serializers.CharField(required=False, help_text="From a GS1 code (AI 10); empty where it carries none.")
    expiry_date = serializers.DateField(required=False, allow_null=True, help_text="From a GS1 code (AI 17).")
    serial = serializers.CharField(required=False, help_text="From a GS1 code (AI 21).")


class ScanRefusalView(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="bad_check_digit, unknown_gtin or not_a_barcode.")
    message = serializers.CharField()
    remedy = serializers.CharField()


class ProductList(serializers.Serializer[Any]):
    items = ProductView(many=True)
    refusal = ScanRefusalView(required=False, help_text="Why a `barcode` names no product.")


class Products(Endpoint):
    """`q` searches SKU and name; `barcode` resolves one scanned or written code exactly."""

    access = CAN_LOOK
    known_parameters = ("q", "barcode", "account")

    @extend_schema(
        operation_id="products",
        parameters=[
            OpenApiParameter("q", str, description="At least 2 characters of a SKU or name."),
            OpenApiParameter(
                "barcode",
                str,
                description="A GTIN, a GS1 element string (UDI), a SKU, a maker's or customer's part number.",
            ),
            OpenApiParameter("account", str, description="Customer code or id, for its own part numbers."),
        ],
        responses=ProductList,
        tags=["products"],
    )
    def get(self, request: Request) -> Response:
        given = request.query_params
        if barcode := given.get("barcode", "").strip():
            return Response(_scanned(request, barcode))
        words = given.get("q", "").strip()
        if len(words) < 2:
            raise BadParameter(name="q", given=words, expected="Send at least 2 characters, or `barcode`.")
        return Response({"items": [product_view(p) for p in search_products(words[:80], limit=MOST_FOUND)]})


def _scanned(request: Request, code: str) -> dict[str, Any]:
    given = request.query_params.get("account", "")
    account_id = customer_of(request, given).id if given or _has_one_customer(request) else None
    (found,) = scan([code], account_id=account_id)
    if found.product is None:
        return {"items": [], "refusal": asdict(found.refusal) if found.refusal else None}
    matched = {"matched_by": found.how, "matched_uom": found.unit or found.product.base_unit}
    carried = {"lot": found.lot, "expiry_date": found.expiry_date, "serial": found.serial}
    return {"items": [{**product_view(found.product), **matched, **carried}]}


def _has_one_customer(request: Request) -> bool:
    return len(visible_accounts(request.user).ids) == 1


def product_view(product: ProductSnapshot) -> dict[str, Any]:
    """What may be told to a customer: no cost."""
    units = [
        {"uom": code, "base_units": str(f.numerator) if f.denominator == 1 else f"{f.numerator}/{f.denominator}"}
        for code, f in sorted(product.units.items())
    ]
    return {
        "id": product.public_id,
        "sku": product.sku,
        "name": product.name,
        "gtin": product.gtin,
        "uom": product.base_unit,
        "units": units,
        "order_multiple": plain(product.order_multiple),
        "min_order_quantity": plain(product.min_order_qty),
        "max_order_quantity": None if product.max_order_qty is None else plain(product.max_order_qty),
        "status": product.status,
        "tracking": product.tracking,
        "shelf_life_days": product.shelf_life_days,
        "weight_kg": None if product.weight_kg is None else plain(product.weight_kg),
        "cube_m3": None if product.cube_m3 is None else f"{product.cube_m3.normalize():f}",
        "regulated_class": product.regulated_class,
    }
