"""Shipments asked back: what waits for the warehouse, and its answer."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import visible_accounts
from accounts.states import Role
from api.endpoint import Endpoint
from api.fields import KnownFieldsOnly
from api.paging import read_cursor, read_limit, write_cursor
from api.problem import BadParameter
from api.shipment_views import ShipmentAnswer
from api.v1.orders import KEY_HEADER
from api.v1.shipments import CAN_SHIP, once_per_key, read_body
from core.access import allow
from fulfillment.release_queries import find_recalls
from fulfillment.rules.asks import RecallView
from fulfillment.services.answer_recall import MAY_BY_MESSAGE, answer_recall_of
from fulfillment.services.ask_recall import MAY as ASKERS
from fulfillment.states import RecallState

CAN_READ = allow(view={*ASKERS, *MAY_BY_MESSAGE, Role.AUDITOR})


class RecallAnswer(serializers.Serializer[Any]):
    shipment = serializers.CharField(help_text="Its id.")
    shipment_number = serializers.CharField()
    order = serializers.CharField(help_text="The order's number.")
    site = serializers.CharField()
    state = serializers.ChoiceField(choices=[str(s) for s in RecallState])
    note = serializers.CharField(help_text="Why it is asked back.")
    asked_at = serializers.DateTimeField()
    asked_by = serializers.CharField()
    respond_by = serializers.DateTimeField(help_text="Then it is a case of the warehouse's.")
    answer = serializers.CharField(help_text="Why it was not given back.")
    answered_at = serializers.DateTimeField(allow_null=True)


class RecallList(serializers.Serializer[Any]):
    items = RecallAnswer(many=True)
    next = serializers.CharField(allow_null=True)


class Recalls(Endpoint):
    """What the warehouse was asked to give back, newest first."""

    access = CAN_READ
    known_parameters = ("cursor", "limit", "state")

    @extend_schema(
        operation_id="recalls",
        parameters=[
            OpenApiParameter("cursor", str, description="`next` of the page before."),
            OpenApiParameter("limit", int, description="1 to 200, usually 50."),
            OpenApiParameter("state", str, enum=[str(s) for s in RecallState], description="`asked` waits."),
        ],
        responses=RecallList,
        tags=["shipments"],
    )
    def get(self, request: Request) -> Response:
        given, limit = request.query_params, read_limit(request.query_params)
        state = given.get("state", "")
        if state and state not in set(RecallState):
            raise BadParameter(name="state", given=state[:40], expected=f"One of {', '.join(RecallState)}.")
        seen = visible_accounts(request.user)
        ids = None if seen.all else seen.ids
        found = find_recalls(ids, state=state, before_id=read_cursor(given), limit=limit + 1)
        following = write_cursor(found[limit - 1].id) if len(found) > limit else None
        return Response({"items": [_answer(x) for x in found[:limit]], "next": following})


class RecallSaid(KnownFieldsOnly):
    is_accepted = serializers.BooleanField(help_text="False: it goes on, and `reason` says why.")
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class Recall(Endpoint):
    """The warehouse's answer to the open recall of a shipment. Given back, the shipment is cancelled and its order waits."""

    access = CAN_SHIP

    @extend_schema(
        operation_id="shipment_recall", parameters=[KEY_HEADER], request=RecallSaid, responses=ShipmentAnswer,
        tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        return once_per_key(request, public_id, "recall", answer_recall_of, **read_body(RecallSaid, request))


def _answer(x: RecallView) -> dict[str, Any]:
    return {
        "shipment": str(x.shipment_public_id),
        "shipment_number": x.shipment_number,
        "order": x.order_number,
        "site": x.site,
        "state": x.state,
        "note": x.note,
        "asked_at": x.asked_at,
        "asked_by": x.asked_by,
        "respond_by": x.respond_by,
        "answer": x.answer,
        "answered_at": x.answered_at,
    }
