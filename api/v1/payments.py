"""Where a payment provider tells what became of a payment. The signature is the whole key; there is no token."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Endpoint
from billing.services.pay_online import take_message
from core import clock
from core.access import ANYONE


class MessageTaken(serializers.Serializer[Any]):
    is_new = serializers.BooleanField(help_text="False for a message that was taken before: it changed nothing.")


class PaymentMessages(Endpoint):
    """A message of the provider: signed, or refused; the same one twice is taken once."""

    access = ANYONE
    authentication_classes = ()
    writes_nothing = True  # of the caller's: the signature decides

    @extend_schema(operation_id="take_payment_message", request=None, responses={200: MessageTaken}, tags=["payments"])
    def post(self, request: Request, code: str) -> Response:
        body = request._request.body
        is_new = take_message(code=code, headers=dict(request.headers), body=body, now=clock.now())
        return Response({"is_new": is_new})
