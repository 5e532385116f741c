"""What a customer can have, and when: many SKUs in one call."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import ship_tos_of
from accounts.rules.asks import AccountSnapshot
from accounts.states import STAFF
from api.customers import customer_of
from api.endpoint import CAN_LOOK, Endpoint
from api.fields import KnownFieldsOnly, QuantitySerializer, quantity
from api.problem import BadParameter
from catalog.queries import product_snapshots, resolve_parts
from catalog.rules.asks import PartQuery, ProductSnapshot
from core import clock
from inventory.queries import availability
from inventory.rules.asks import Availability, AvailabilityQuery, SiteAvailability
from inventory.rules.network import ANYWHERE, Destination
from inventory.rules.offer import in_words, to_customer
from inventory.rules.vendor import VendorLead
from inventory.vendor_queries import vendor_leads

MOST_SKUS = 500


class AvailabilityRequest(KnownFieldsOnly):
    skus = serializers.ListField(
        child=serializers.CharField(max_length=80),
        min_length=1,
        max_length=MOST_SKUS,
        help_text="SKUs or part numbers.",
    )
    account = serializers.CharField(required=False, default="", max_length=60)
    delivery_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Lots that are too old by then are not counted."
    )


class DatedView(serializers.Serializer[Any]):
    date = serializers.DateField()
    quantity = QuantitySerializer()


class StockView(serializers.Serializer[Any]):
    on_hand = QuantitySerializer(help_text="Physically there.")
    reserved = QuantitySerializer(help_text="Held softly: orders not dealt yet, quotes, carts.")
    allocated = QuantitySerializer(help_text="Claimed firmly.")
    released = QuantitySerializer(help_text="In the warehouse's hands.")
    unusable = QuantitySerializer(help_text="Of bad status, recalled, or too old for this customer.")
    protected = QuantitySerializer(help_text="Kept for others.")
    safety = QuantitySerializer(help_text="Kept back; offered to the tiers it is open to.")


STOCK = ("on_hand", "reserved", "allocated", "released", "unusable", "protected", "safety")


class SiteView(StockView):
    site = serializers.CharField()
    available = QuantitySerializer()
    in_transit = DatedView(many=True)


class VendorView(serializers.Serializer[Any]):
    quantity = QuantitySerializer(help_text="That can be asked for at once.")
    days = serializers.IntegerField(help_text="Until the customer has it, at the soonest.")
    words = serializers.CharField()


class AvailabilityView(serializers.Serializer[Any]):
    asked = serializers.CharField(help_text="The code as it was sent.")
    sku = serializers.CharField()
    available = QuantitySerializer(help_text="What this customer can have now.")
    in_transit = DatedView(many=True)
    atp = DatedView(many=True, help_text="From that day on, so much can be promised in all.")
    quota_left = QuantitySerializer(allow_null=True, help_text="The most this customer may still take; null: no quota.")
    order_cap = QuantitySerializer(allow_null=True, help_text="The most one order may take; null: no cap.")
    vendor = VendorView(allow_null=True, help_text="What a vendor would send beside it, to order; null: nothing.")
    explanation = serializers.CharField(
        help_text="What keeps more from the customer, in a sentence; empty: nothing does."
    )
    stock = StockView(required=False, help_text="Of all sites. Staff only.")
    sites = SiteView(many=True, required=False, help_text="Staff only.")


class AvailabilityList(serializers.Serializer[Any]):
    on = serializers.DateField()
    items = AvailabilityView(many=True)
    unknown = serializers.ListField(child=serializers.CharField(), help_text="Codes that name no product.")


class AvailabilityOf(Endpoint):
    """GET takes `skus=A,B,C`; POST takes a JSON list, up to 500."""

    access = CAN_LOOK
    writes_nothing = True
    known_parameters = ("skus", "account", "delivery_date")

    @extend_schema(
        operation_id="availability_get",
        parameters=[
            OpenApiParameter("skus", str, required=True, description="Comma-separated."),
            OpenApiParameter("account", str, description="Customer code or id."),
            OpenApiParameter("delivery_date", date, description="Lots that are too old by then are not counted."),
        ],
        responses=AvailabilityList,
        tags=["availability"],
    )
    def get(self, request: Request) -> Response:
        codes = [c.strip() for c in request.query_params.get("skus", "").split(",") if c.strip()]
        if not 1 <= len(codes) <= MOST_SKUS:
            raise BadParameter(name="skus", given=f"{len(codes)} codes", expected=f"Send 1 to {MOST_SKUS} of them.")
        asked = AvailabilityRequest(
            data={"skus": codes, **{k: v for k, v in request.query_params.items() if k != "skus" and v}}
        )
        asked.is_valid(raise_exception=True)
        return _answer(request, asked.validated_data)

    @extend_schema(
        operation_id="availability", request=AvailabilityRequest, responses=AvailabilityList, tags=["availability"]
    )
    def post(self, request: Request) -> Response:
        asked = AvailabilityRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(request, asked.validated_data)


def _answer(request: Request, asked: dict[str, Any]) -> Response:
    codes = asked["skus"]
    customer = customer_of(request, asked["account"])
    matches = resolve_parts([PartQuery(str(n), customer.id, code) for n, code in enumerate(codes)])
    products = product_snapshots({m.product_id for m in matches.values()})
    today = clock.local_date(clock.now(), customer.time_zone)
    found = availability(_query(customer, tuple(sorted(products)), today, asked["delivery_date"]))
    place = _place(customer.id)
    leads = vendor_leads(sorted(products), account_id=customer.id, place=place, now=clock.now())
    sees_sites = not STAFF.isdisjoint(request.user.roles)  # type: ignore[union-attr]
    items, unknown = [], []
    for n, code in enumerate(codes):
        match = matches.get(str(n))
        if match is None:
            unknown.append(code)
            continue
        product = products[match.product_id]
        state = found.get(match.product_id, Availability(match.product_id))
        lead = _lead(leads.get(product.id), product.base_unit)
        items.append({"asked": code, **_view(product, state, sees_sites), "vendor": lead})
    return Response({"on": today.isoformat(), "items": items, "unknown": unknown})


def _query(
    customer: AccountSnapshot, product_ids: tuple[int, ...], today: date, delivery: date | None
) -> AvailabilityQuery:
    shelf_life = customer.min_shelf_life_days
    return AvailabilityQuery(product_ids, customer.id, today, min_shelf_life_days=shelf_life, delivery_date=delivery)


def _place(account_id: int) -> Destination:
    """Where the customer usually has goods sent to."""
    found = next((s for s in ship_tos_of(account_id) if s.is_default), None)
    return ANYWHERE if found is None else Destination(found.region, found.calendar_id, tuple(found.delivery_days))


def _lead(lead: VendorLead | None, uom: str) -> dict[str, Any] | None:
    if lead is None:
        return None
    return {"quantity": quantity(lead.qty, uom), "days": lead.days, "words": lead.words}


def _view(product: ProductSnapshot, state: Availability, sees_sites: bool) -> dict[str, Any]:
    uom = product.base_unit
    view: dict[str, Any] = {
        "sku": product.sku,
        "available": quantity(state.available, uom),
        "in_transit": _dated(state.in_transit, uom),
        "atp": [{"date": p.day.isoformat(), "quantity": quantity(p.qty, uom)} for p in state.atp],
        "quota_left": None if state.quota_left is None else quantity(state.quota_left, uom),
        "order_cap": None if state.order_cap is None else quantity(state.order_cap, uom),
        "explanation": in_words(state) if sees_sites else to_customer(state),
    }
    if sees_sites:
        view["stock"] = _stock(state, uom)
        view["sites"] = [
            {
                "site": s.site_code,
                "available": quantity(s.available, uom),
                "in_transit": _dated(s.in_transit, uom),
                **_stock(s, uom),
            }
            for s in state.sites
        ]
    return view


def _dated(days: Mapping[date, Decimal], uom: str) -> list[dict[str, Any]]:
    return [{"date": day.isoformat(), "quantity": quantity(qty, uom)} for day, qty in sorted(days.items())]


def _stock(state: Availability | SiteAvailability, uom: str) -> dict[str, Any]:
    return {name: quantity(getattr(state, name), uom) for name in STOCK}
