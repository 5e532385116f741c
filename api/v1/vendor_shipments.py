"""Shipments that a vendor sends: its answer, and what left with which carrier. No cost and no vendor's name goes out."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.states import Role
from api.endpoint import LOOKERS, Endpoint
from api.fields import KnownFieldsOnly, NumberOrNothing
from api.shipment_views import ShipmentAnswer
from api.v1.orders import KEY_HEADER
from api.v1.shipments import MOST_LINES, ident, once_per_key, read_body, seen_shipment
from core.access import allow
from fulfillment.services.confirm_vendor_order import confirm_vendor_order
from fulfillment.services.ship_vendor_order import ship_vendor_order
from fulfillment.services.withdraw_vendor_order import withdraw_vendor_order
from fulfillment.vendor_queries import lines_by_shipment_line

CAN_TELL = allow(view=LOOKERS, act={Role.CS, Role.CS_LEAD, Role.PLANNER, Role.OPERATOR, Role.SERVICE})


class VendorLine(KnownFieldsOnly):
    line = serializers.CharField(max_length=18, help_text="Of the shipment.")
    quantity = NumberOrNothing(help_text='In base units: "5"; "0": nothing of it.')


class VendorAnswerRequest(KnownFieldsOnly):
    ship_date = serializers.DateField(help_text="The day it leaves the vendor.")
    reference = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    lines = serializers.ListField(
        child=VendorLine(), required=False, default=list, max_length=MOST_LINES,
        help_text="Lines that are not named are confirmed in full.",
    )  # fmt: skip


class VendorAnswer(Endpoint):
    """What the vendor says it sends, and when. What is missing is open again; a later day is told to the buyer."""

    access = CAN_TELL

    @extend_schema(
        operation_id="shipment_vendor_answer", parameters=[KEY_HEADER], request=VendorAnswerRequest,
        responses=ShipmentAnswer, tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        asked = read_body(VendorAnswerRequest, request)
        told = {"ship_date": asked["ship_date"], "reference": asked["reference"]}
        quantities = _quantities(request, public_id, asked)
        return once_per_key(request, public_id, "vendor-answer", confirm_vendor_order, quantities=quantities, **told)


class SentRequest(KnownFieldsOnly):
    tracking_number = serializers.CharField(max_length=80)
    carrier = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    lines = serializers.ListField(
        child=VendorLine(), required=False, default=list, max_length=MOST_LINES,
        help_text="Lines that are not named left in full.",
    )  # fmt: skip


class VendorShipment(Endpoint):
    """The vendor sent it: carrier, tracking number, and what of it left."""

    access = CAN_TELL

    @extend_schema(
        operation_id="shipment_vendor_shipment", parameters=[KEY_HEADER], request=SentRequest, responses=ShipmentAnswer,
        tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        asked = read_body(SentRequest, request)
        told = {"tracking_number": asked["tracking_number"], "carrier": asked["carrier"]}
        quantities = _quantities(request, public_id, asked)
        return once_per_key(request, public_id, "vendor-shipment", ship_vendor_order, quantities=quantities, **told)


class WithdrawalRequest(KnownFieldsOnly):
    why = serializers.CharField(max_length=300, help_text="In ten characters or more.")
    elsewhere = serializers.BooleanField(
        required=False, default=False,
        help_text="Our own sites serve it, at once; else the order is held by hand and keeps its place with the vendor.",
    )  # fmt: skip
    vendor_agrees = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Once it confirmed, an order is taken back with the vendor's word only.",
    )


class VendorWithdrawal(Endpoint):
    """Take the order back from the vendor. The shipment is cancelled."""

    access = CAN_TELL

    @extend_schema(
        operation_id="shipment_vendor_withdrawal", parameters=[KEY_HEADER], request=WithdrawalRequest,
        responses=ShipmentAnswer, tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        asked = read_body(WithdrawalRequest, request)
        return once_per_key(request, public_id, "vendor-withdrawal", withdraw_vendor_order, **asked)


def _quantities(request: Request, public_id: str, asked: dict[str, Any]) -> dict[int, Any]:
    """By the vendor order's lines; a line the shipment does not have stays what it is, and is refused by name."""
    mine = lines_by_shipment_line(seen_shipment(request, public_id).id)
    return {mine.get(ident(x["line"]), 0): x["quantity"] for x in asked["lines"]}
