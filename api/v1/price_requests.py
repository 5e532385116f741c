"""Ask for another price on lines of an order: applied at once within your authority, else it waits for a second person. GET
says what a price of one line would mean."""

from decimal import Decimal, InvalidOperation
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import approvals
from accounts.states import BUYERS, Role
from api.customers import require_may_order
from api.endpoint import Endpoint
from api.fields import KnownFieldsOnly, MoneySerializer, money
from api.problem import BadParameter
from api.v1.line_requests import LINE, EffectView, effect_view, line_of
from api.v1.orders import KEY_HEADER, required_key, seen_order, who_acts
from core import clock
from core.access import allow
from core.idempotency import Claim, Once, hash_body, run_once
from core.money import line_amount
from core.overrides import Reason
from orders.rules.repricing import PRICE_APPROVAL
from orders.services.ask_price import ask_price
from orders.services.override_price import PriceChange, may_alone, override_price, price_case

ASKERS = frozenset(BUYERS | {Role.REP, Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE_APPROVER})


@extend_schema_field({"type": "string", "examples": ["12.50"]})
class UnitPriceField(serializers.Field):
    """A price per base unit as a string of digits."""

    default_error_messages = {"bad": 'This is not a price. Write it as a string of digits, such as "12.50".'}

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            self.fail("bad")
        try:
            price = Decimal(str(data))
        except InvalidOperation:
            self.fail("bad")
        if not price.is_finite() or price < 0:
            self.fail("bad")
        return price

    def to_representation(self, value: Any) -> str:
        return str(value)


class LinePrice(KnownFieldsOnly):
    line_no = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    unit_price = UnitPriceField()


class PriceRequest(KnownFieldsOnly):
    lines = serializers.ListField(child=LinePrice(), allow_empty=False, max_length=500)
    reason = serializers.CharField(min_length=10, max_length=300)


class PriceRequestView(serializers.Serializer[Any]):
    is_applied = serializers.BooleanField()
    effect = serializers.DictField(help_text="Against the contract price; below 0 is given away.")
    approval = serializers.CharField(allow_null=True, help_text="The approval it waits for.")


class PriceEffect(EffectView):
    unit_price = serializers.CharField()
    effect = MoneySerializer(help_text="Against the contract price; below 0 is given away.")


class PriceRequests(Endpoint):
    """What a customer or their rep asks for always waits for the house; nobody sets a price below what may be sold without a
    second person."""

    access = allow(view=ASKERS, act=ASKERS)
    known_parameters = ("line_no", "unit_price")

    @extend_schema(
        operation_id="order_price_effect",
        parameters=[LINE, OpenApiParameter("unit_price", str, required=True, description="Per base unit, as 12.50.")],
        responses=PriceEffect,
        tags=["orders"],
    )
    def get(self, request: Request, public_id: str) -> Response:
        line_no, price = line_of(request), _price(request)
        head, now = seen_order(request, public_id), clock.now()
        who = who_acts(request, head.account_id)
        case = price_case(head.order_id, {line_no: price}, now)
        currency, alone = case.order.currency, may_alone(case, who, now)
        asked = (case.given_away, case.points)
        told = effect_view(PRICE_APPROVAL, line_no, asked, currency, who, alone=alone, now=now)
        worth = line_amount(case.lines[line_no].qty, price, currency)
        told |= {"unit_price": str(price), "effect": money(case.effect, currency), "worth": money(worth, currency)}
        return Response(told)

    @extend_schema(
        operation_id="order_price_request",
        parameters=[KEY_HEADER],
        request=PriceRequest,
        responses=PriceRequestView,
        tags=["orders"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        key = required_key(request)
        asked = PriceRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        head = seen_order(request, public_id)
        require_may_order(request, head.account_id)
        given, who = asked.validated_data, who_acts(request, head.account_id)
        prices = {line["line_no"]: line["unit_price"] for line in given["lines"]}
        body = {"order": head.order_id, "prices": {str(n): str(p) for n, p in prices.items()}, "why": given["reason"]}
        claim = Claim("api.orders.price", owner=f"user:{request.user.pk}", key=key, body_hash=hash_body(body))
        both: dict[str, Any] = {"order_id": head.order_id, "prices": prices, "actor": who, "now": clock.now()}
        if who.has_role(*BUYERS):
            once: Once[PriceChange] = run_once(claim, ask_price, reason=given["reason"], **both)
        else:
            once = run_once(claim, override_price, reason=Reason("requested", given["reason"]), **both)
        change = once.result
        waits = approvals([change.approval_id]) if change.approval_id else {}
        view = {
            "is_applied": change.is_applied,
            "effect": money(change.effect, change.currency),
            "approval": next((a.public_id for a in waits.values() if not change.is_applied), None),
        }
        response = Response(view, status=200 if change.is_applied else 202)
        if once.replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _price(request: Request) -> Decimal:
    text = request.query_params.get("unit_price", "")
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise BadParameter(name="unit_price", given=text[:40], expected="A price per base unit, as 12.50.")
    return price
