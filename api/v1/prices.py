"""What a product costs a customer, and why: the price an order of today would get."""

from datetime import date
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import account_snapshots
from accounts.states import STAFF
from api.customers import customer_of
from api.endpoint import CAN_LOOK, Endpoint
from api.fields import money, unit_price
from api.order_views import StepView
from api.problem import BadParameter
from catalog.queries import product_snapshots, products_by_sku
from core import clock
from core.errors import NotFound
from core.quantity import BadQuantity, as_quantity, plain
from pricing.queries import price
from pricing.rules.asks import PriceAsk, PriceResult


class LoserView(serializers.Serializer[Any]):
    price = serializers.CharField()
    why = serializers.CharField()


class PriceView(serializers.Serializer[Any]):
    sku = serializers.CharField()
    quantity = serializers.CharField()
    uom = serializers.CharField()
    on = serializers.DateField()
    unit_price = serializers.DictField(allow_null=True, help_text="Per base unit.")
    amount = serializers.DictField(allow_null=True)
    tax = serializers.DictField(allow_null=True, help_text="As the order would say it and the invoice bill it.")
    freight = serializers.DictField(allow_null=True, help_text="As the order would say it and the invoice bill it.")
    price_basis = serializers.CharField()
    price_trace = StepView(many=True)
    losers = LoserView(many=True, required=False, help_text="Other prices and why they do not apply; staff only.")


class Prices(Endpoint):
    """One product for one customer: quantity, unit and day decide."""

    access = CAN_LOOK
    known_parameters = ("account", "sku", "quantity", "uom", "on")

    @extend_schema(
        operation_id="prices",
        parameters=[
            OpenApiParameter("account", str, description="Customer code or id."),
            OpenApiParameter("sku", str, required=True),
            OpenApiParameter("quantity", str, description="In `uom`; 1 where it is left out."),
            OpenApiParameter("uom", str, description="Empty: the base unit."),
            OpenApiParameter("on", str, description="The day of the order, 2026-11-28; today where it is left out."),
        ],
        responses=PriceView,
        tags=["products"],
    )
    def get(self, request: Request) -> Response:
        given = request.query_params
        customer = customer_of(request, given.get("account", ""))
        on = _day(given.get("on", "")) or clock.local_date(clock.now(), customer.time_zone)
        sku, unit = given.get("sku", "").strip()[:60], given.get("uom", "").strip()[:10]
        product_id = products_by_sku([sku]).get(sku.upper()) if sku else None
        if product_id is None:
            raise NotFound(kind="product", ident=sku)
        product = product_snapshots([product_id])[product_id]
        asked = _qty(given.get("quantity", "1"))
        qty = product.to_base(asked, unit) if unit else asked
        account = account_snapshots([customer.id], on=on)[customer.id]
        sees_all = not STAFF.isdisjoint(request.user.roles)  # type: ignore[union-attr]
        (found,) = price(
            [PriceAsk("1", product_id, qty, unit=unit)],
            account_id=customer.id,
            currency=account.currency,
            on=on,
            account=account,
            with_ended=sees_all,
        )
        return Response(_view(found, product.sku, asked, unit or product.base_unit, on, sees_all=sees_all))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadParameter(name="on", given=text[:40], expected="A day such as 2026-11-28.") from None


def _qty(text: str) -> Decimal:
    try:
        qty = as_quantity(text)
    except BadQuantity as wrong:
        raise BadParameter(name="quantity", given=text[:40], expected=f"{wrong}.") from None
    if qty <= 0:
        raise BadParameter(name="quantity", given=text[:40], expected="More than 0.")
    return qty


def _view(found: PriceResult, sku: str, qty: Decimal, uom: str, on: date, *, sees_all: bool) -> dict[str, Any]:
    currency, is_priced = found.currency, found.is_priced
    view = {
        "sku": sku,
        "quantity": plain(qty),
        "uom": uom,
        "on": on.isoformat(),
        "unit_price": unit_price(found.unit_price, currency),
        "amount": money(found.amount if is_priced else None, currency),
        "tax": money(found.tax if is_priced else None, currency),
        "freight": money(found.freight if is_priced else None, currency),
        "price_basis": found.basis,
        "price_trace": [{"step": s.label, "unit_price": unit_price(s.unit_price, currency)} for s in found.waterfall],
    }
    if sees_all:
        view["losers"] = [{"price": x.what, "why": x.why} for x in found.losers]
    return view
