"""What may stand in for what an order waits for, and taking one: never without somebody's word."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.states import BUYERS
from api.customers import require_may_order
from api.endpoint import CAN_LOOK, CAN_ORDER, Endpoint
from api.fields import KnownFieldsOnly, MoneySerializer, QuantitySerializer, money, quantity, unit_price
from api.order_views import OrderView, order_view
from api.v1.orders import KEY_HEADER, required_key, roles_of, seen_order, who_acts
from catalog.queries import product_snapshots, products_by_sku
from core import clock
from core.errors import FieldError, InvalidInput
from core.idempotency import Claim, hash_body, run_once
from orders.filters import order_summaries
from orders.services.take_substitute import take_substitute
from orders.substitutes import SubstituteOffer, substitute_offers


class SubstituteView(serializers.Serializer[Any]):
    line_no = serializers.IntegerField(help_text="The line that waits.")
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = QuantitySerializer(help_text="Of the substitute.")
    replaces = QuantitySerializer(help_text="Of what waits.")
    unit_price = MoneySerializer(allow_null=True)
    amount = MoneySerializer()
    difference = MoneySerializer(help_text="How much more than what it replaces; below zero: less.")
    split = serializers.CharField(help_text="When it would come, in words.")
    arrives = serializers.DateField(allow_null=True, help_text="When all of it is there; null: not known.")
    needs_consent = serializers.BooleanField(help_text="Whoever is not the customer must say who agreed.")
    why_not = serializers.CharField(help_text="Empty when it may be taken.")


class SubstituteList(serializers.Serializer[Any]):
    items = SubstituteView(many=True)


class TakeRequest(KnownFieldsOnly):
    line_no = serializers.IntegerField(min_value=1)
    sku = serializers.CharField(max_length=60)
    consent = serializers.CharField(
        max_length=300,
        required=False,
        allow_blank=True,
        default="",
        help_text="Who agreed, when and how; not for buyers.",
    )


class Substitutes(Endpoint):
    """What may stand in for the order's backordered lines, with its effect."""

    access = CAN_LOOK

    @extend_schema(operation_id="order_substitutes", responses=SubstituteList, tags=["orders"])
    def get(self, request: Request, public_id: str) -> Response:
        head = seen_order(request, public_id)
        offers = substitute_offers(head.order_id, now=clock.now())
        units = {i: p.base_unit for i, p in product_snapshots([o.product_id for o in offers]).items()}
        return Response({"items": [_view(o, head.currency, units) for o in offers]})


class TakeSubstitute(Endpoint):
    """Replace what a line waits for. Send the customer's consent unless you buy for the customer."""

    access = CAN_ORDER

    @extend_schema(
        operation_id="order_take_substitute",
        parameters=[KEY_HEADER],
        request=TakeRequest,
        responses=OrderView,
        tags=["orders"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        key = required_key(request)
        asked = TakeRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        head = seen_order(request, public_id)
        require_may_order(request, head.account_id)
        given = asked.validated_data
        product_id = products_by_sku([given["sku"]]).get(given["sku"].strip().upper())
        if product_id is None:
            raise InvalidInput([FieldError("/sku", "unknown_product", f"There is no product {given['sku']!r}.")])
        claim = Claim(
            "api.orders.substitute",
            owner=f"user:{request.user.pk}",
            key=key,
            body_hash=hash_body({"order": head.order_id, **given}),
        )
        who = who_acts(request, head.account_id)
        once = run_once(
            claim, take_substitute, order_id=head.order_id, line_no=given["line_no"], product_id=product_id,
            consent=given["consent"], is_customer=who.has_role(*BUYERS), actor=who, now=clock.now(),
        )  # fmt: skip
        (after,) = order_summaries([head.order_id])
        response = Response(order_view(after, roles_of(request), may_act=True))
        if once.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _view(o: SubstituteOffer, currency: str, units: dict[int, str]) -> dict[str, Any]:
    uom = units.get(o.product_id, "")
    return {
        "line_no": o.line_no,
        "sku": o.sku,
        "name": o.name,
        "quantity": quantity(o.qty, uom),
        "replaces": quantity(o.replaces, uom),
        "unit_price": unit_price(o.unit_price, currency),
        "amount": money(o.amount, currency),
        "difference": money(o.difference, currency),
        "split": o.split,
        "arrives": o.arrives and o.arrives.isoformat(),
        "needs_consent": o.needs_consent,
        "why_not": o.why_not,
    }
