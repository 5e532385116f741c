"""Ask for another price on lines of an order: applied at once within your authority, else it waits for a second person."""

from decimal import Decimal, InvalidOperation
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.queries import approvals
from accounts.states import Role
from api.endpoint import LOOKERS, Endpoint, actor
from api.fields import KnownFieldsOnly, money
from api.v1.orders import KEY_HEADER, required_key, seen_order
from core import clock
from core.access import allow
from core.idempotency import Claim, hash_body, run_once
from core.overrides import Reason
from orders.services.override_price import override_price

ASKERS = frozenset({Role.REP, Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE_APPROVER})


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


class PriceRequests(Endpoint):
    """A rep's request always waits for the house; nobody sets a price below what may be sold without a second person."""

    access = allow(view=LOOKERS, act=ASKERS)

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
        given = asked.validated_data
        prices = {line["line_no"]: line["unit_price"] for line in given["lines"]}
        body = {"order": head.order_id, "prices": {str(n): str(p) for n, p in prices.items()}, "why": given["reason"]}
        claim = Claim("api.orders.price", owner=f"user:{request.user.pk}", key=key, body_hash=hash_body(body))
        once = run_once(
            claim,
            override_price,
            order_id=head.order_id,
            prices=prices,
            reason=Reason("requested", given["reason"]),
            actor=actor(request).acting_for(head.account_id),
            now=clock.now(),
        )
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
