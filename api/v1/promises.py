"""A promise moved: the customer's answer for one line. The two other answers have calls of their own: a substitute
(`orders/{id}/substitute`) and less of the line (`orders/{id}/amend`)."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.states import BUYERS
from api.customers import require_may_order
from api.endpoint import CAN_ORDER, Endpoint
from api.fields import KnownFieldsOnly
from api.order_views import OrderView, order_view
from api.v1.orders import KEY_HEADER, required_key, roles_of, seen_order, who_acts
from core import clock
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.idempotency import Claim, hash_body, run_once
from orders.filters import order_summaries
from orders.services.keep_promise import keep_promise
from orders.services.split_line import split_line

KEEP, SPLIT = "keep", "split"
SHORTEST_CONSENT = 10  # as for every reason that is kept


class PromiseAnswerRequest(KnownFieldsOnly):
    line_no = serializers.IntegerField(min_value=1)
    answer = serializers.ChoiceField(
        choices=[KEEP, SPLIT],
        help_text="keep: the day promised now is good; split: what is there goes, what waits is a line of its own.",
    )
    consent = serializers.CharField(
        max_length=300,
        required=False,
        allow_blank=True,
        default="",
        help_text="Who of the customer said so, when and how, in at least ten characters; not for buyers.",
    )


class AnswerPromise(Endpoint):
    """Say what the customer wants of a line whose promise moved. Send their consent unless you buy for the customer."""

    access = CAN_ORDER

    @extend_schema(
        operation_id="order_answer_promise",
        parameters=[KEY_HEADER],
        request=PromiseAnswerRequest,
        responses=OrderView,
        tags=["orders"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        key = required_key(request)
        asked = PromiseAnswerRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        head = seen_order(request, public_id)
        require_may_order(request, head.account_id)
        given, who = asked.validated_data, who_acts(request, head.account_id)
        what: dict[str, Any] = {
            "order_id": head.order_id,
            "line_no": given["line_no"],
            "actor": who,
            "now": clock.now(),
        }
        said = _said(given["consent"], who)
        claim = Claim(
            "api.orders.promise",
            owner=f"user:{request.user.pk}",
            key=key,
            body_hash=hash_body({"order": head.order_id, **given}),
        )
        if given["answer"] == KEEP:
            replayed = run_once(claim, keep_promise, word=said, **what).replayed
        else:
            replayed = run_once(claim, split_line, reason=said, **what).replayed
        (after,) = order_summaries([head.order_id])
        response = Response(order_view(after, roles_of(request), may_act=True))
        if replayed:
            response["Idempotency-Replayed"] = "true"
        return response


def _said(consent: str, who: Actor) -> str:
    """Who agreed, as it is kept with the answer. Raises InvalidInput."""
    said = consent.strip()
    if who.has_role(*BUYERS):
        return said or f"chosen by {who.label} through the API"
    if len(said) < SHORTEST_CONSENT:
        message = "It is not said who of the customer agreed."
        raise InvalidInput([FieldError("/consent", "required", message, "Say who, when and how, in ten characters.")])
    return said
