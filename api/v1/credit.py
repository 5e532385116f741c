"""How much a customer may still order, and why an order would wait: for a rep on the road, and for the customer."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.customers import customer_of
from api.endpoint import CAN_LOOK, Endpoint
from api.problem import BadParameter
from core import clock
from core.refs import DocumentRef
from credit import queries
from credit.rules.asks import CreditAsk
from credit.states import CheckPoint, Judgement

LARGEST = Decimal("999999999999.99")


class ReasonView(serializers.Serializer[Any]):
    rule = serializers.CharField()
    message = serializers.CharField()
    holds = serializers.BooleanField(help_text="False: noted, or switched off by a more specific rule.")


class CreditHeadroom(serializers.Serializer[Any]):
    has_account = serializers.BooleanField(help_text="Without a credit account every order waits.")
    currency = serializers.CharField()
    limit = serializers.CharField(help_text="With temporary and insured amounts.")
    used = serializers.CharField()
    available = serializers.CharField(help_text="Of the account's own limit. May be negative.")
    headroom = serializers.CharField(
        help_text="What may still be ordered: `available`, or less where a limit of a company above leaves less."
    )
    terms = serializers.CharField()
    would_be_approved = serializers.BooleanField(help_text="An order of `amount` that ships today.")
    reasons = ReasonView(many=True)


class Credit(Endpoint):
    """GET takes `account` and `amount`: what an order of that much would hear."""

    access = CAN_LOOK
    known_parameters = ("account", "amount")

    @extend_schema(
        operation_id="credit",
        parameters=[
            OpenApiParameter("account", str, description="Customer code or id."),
            OpenApiParameter("amount", str, description="What is to be ordered; 0 unless said."),
        ],
        responses=CreditHeadroom,
        tags=["credit"],
    )
    def get(self, request: Request) -> Response:
        account = customer_of(request, request.query_params.get("account", ""))
        amount, now = _amount(request.query_params.get("amount", "")), clock.now()
        standing = queries.exposure([account.id], on=now.date()).get(account.id)
        ask = CreditAsk(account.id, DocumentRef("order", 0), amount, account.currency, now.date())
        (decision,) = queries.outlook([ask], point=CheckPoint.ENTRY, now=now)
        reasons = [r for r in decision.results if r.judgement != Judgement.PASSES]
        return Response(
            {
                "has_account": standing is not None,
                "currency": decision.currency,
                "limit": str(decision.limit),
                "used": str(decision.limit - decision.available),
                "available": str(decision.available),
                "headroom": str(decision.room),
                "terms": standing.terms_name if standing else "",
                "would_be_approved": decision.is_approved,
                "reasons": [
                    {"rule": r.rule, "message": r.message, "holds": r.judgement == Judgement.HOLDS} for r in reasons
                ],
            }
        )


def _amount(text: str) -> Decimal:
    if not text:
        return Decimal(0)
    ok = text.isascii() and text.replace(".", "", 1).isdigit()
    if not ok or Decimal(text) > LARGEST:
        raise BadParameter(name="amount", given=text[:60], expected="An amount, as 1250.00.")
    return Decimal(text)
