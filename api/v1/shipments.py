"""Shipments: where they are, and what a warehouse or a carrier reports of them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import visible_accounts
from accounts.states import Role
from api.endpoint import CAN_LOOK, LOOKERS, Endpoint, actor
from api.fields import KnownFieldsOnly, NumberOrNothing, QuantityField, is_uuid
from api.paging import read_cursor, read_limit, write_cursor
from api.problem import BadParameter
from api.shipment_views import ShipmentAnswer, ShipmentList, shipment_answers
from api.v1.orders import KEY_HEADER, required_key
from core import clock
from core.access import allow
from core.errors import NotFound
from core.idempotency import Claim, hash_body, run_once
from fulfillment.papers.shipment import package_labels_pdf, packing_slip_pdf
from fulfillment.queries import ShipmentFilter, find_shipments
from fulfillment.rules.asks import ShipmentView
from fulfillment.services.at_the_door import Proof
from fulfillment.services.confirm_delivery import Damage, deliver
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.find_package import PackageSpec
from fulfillment.services.pack_shipment import pack_shipment
from fulfillment.services.refuse_delivery import refuse
from fulfillment.services.take_other_lot import take_other_lot
from fulfillment.services.take_up_shipment import take_up_shipment
from fulfillment.states import PackageKind, ShipmentStatus

CAN_SHIP = allow(view=LOOKERS, act={Role.WAREHOUSE, Role.OPERATOR, Role.SERVICE})
CAN_REPORT = allow(view=LOOKERS, act={Role.WAREHOUSE, Role.OPERATOR, Role.SERVICE, Role.CS, Role.CS_LEAD, Role.PLANNER})
MOST_LINES, MOST_PACKAGES = 1_000, 500


class Shipments(Endpoint):
    """The shipments of the customers you may see, newest first."""

    access = CAN_LOOK
    known_parameters = ("cursor", "limit", "status", "number", "order", "tracking_number")

    @extend_schema(
        operation_id="shipments",
        parameters=[
            OpenApiParameter("cursor", str, description="`next` of the page before."),
            OpenApiParameter("limit", int, description="1 to 200, usually 50."),
            OpenApiParameter("status", str, enum=[str(s) for s in ShipmentStatus]),
            OpenApiParameter("number", str),
            OpenApiParameter("order", str, description="The order's number."),
            OpenApiParameter("tracking_number", str),
        ],
        responses=ShipmentList,
        tags=["shipments"],
    )
    def get(self, request: Request) -> Response:
        given, limit = request.query_params, read_limit(request.query_params)
        status = given.get("status", "")
        if status and status not in set(ShipmentStatus):
            raise BadParameter(name="status", given=status[:40], expected=f"One of {', '.join(ShipmentStatus)}.")
        seen = visible_accounts(request.user)
        wanted = ShipmentFilter(
            None if seen.all else seen.ids,
            number=given.get("number", "").strip()[:30],
            status=status,
            order_number=given.get("order", "").strip()[:30],
            tracking_number=given.get("tracking_number", "").strip()[:80],
            before_id=read_cursor(given),
        )
        found = find_shipments(wanted, limit=limit + 1)
        following = write_cursor(found[limit - 1].id) if len(found) > limit else None
        return Response({"items": shipment_answers(found[:limit]), "next": following})


class Shipment(Endpoint):
    """One shipment with its lines, packages and what happened at the door."""

    access = CAN_LOOK

    @extend_schema(operation_id="shipment", responses=ShipmentAnswer, tags=["shipments"])
    def get(self, request: Request, public_id: str) -> Response:
        return Response(shipment_answers([seen_shipment(request, public_id)])[0])


class Paper(Endpoint):
    """On paper: `packing-slip`, or `labels` of its packages (GS1-128, 4 × 6 inches; one of them by `sscc`)."""

    access = CAN_LOOK
    known_parameters = ("sscc",)

    @extend_schema(
        operation_id="shipment_paper",
        parameters=[OpenApiParameter("sscc", str, description="Only this package's label.")],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        tags=["shipments"],
    )
    def get(self, request: Request, public_id: str, what: str) -> HttpResponse:
        shipment = seen_shipment(request, public_id)
        if what == "labels":
            content = package_labels_pdf(shipment.id, only=request.query_params.get("sscc", ""))
        elif what == "packing-slip":
            content = packing_slip_pdf(shipment.id)
        else:
            raise NotFound(kind="paper", ident=what[:40])
        return HttpResponse(content, content_type="application/pdf")


class ProgressRequest(KnownFieldsOnly):
    status = serializers.ChoiceField(
        choices=["acknowledged", "picking", "in_transit"],
        help_text="The warehouse has it; a picker went for it; it left and the carrier has it.",
    )


class Progress(Endpoint):
    """How far it is before the pick is confirmed, and that it travels. Said again, or late, it changes nothing."""

    access = CAN_SHIP

    @extend_schema(
        operation_id="shipment_progress", parameters=[KEY_HEADER], request=ProgressRequest, responses=ShipmentAnswer,
        tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        return once_per_key(request, public_id, "progress", take_up_shipment, **read_body(ProgressRequest, request))


class PickedLine(KnownFieldsOnly):
    line = serializers.CharField(max_length=18)
    quantity = NumberOrNothing(help_text='Found, in base units: "5".')


class PickRequest(KnownFieldsOnly):
    lines = serializers.ListField(
        child=PickedLine(), required=False, default=list, max_length=MOST_LINES,
        help_text="Lines that are not named were picked in full.",
    )  # fmt: skip
    short_reason = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class Pick(Endpoint):
    """What the picker found. What is missing is allocated again from elsewhere."""

    access = CAN_SHIP

    @extend_schema(
        operation_id="shipment_pick", parameters=[KEY_HEADER], request=PickRequest, responses=ShipmentAnswer,
        tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        asked = read_body(PickRequest, request)
        picks = {ident(x["line"]): x["quantity"] for x in asked["lines"]}
        return once_per_key(request, public_id, "pick", confirm_pick, picks=picks, short_reason=asked["short_reason"])


class OtherLotRequest(KnownFieldsOnly):
    line = serializers.CharField(max_length=18)
    code = serializers.CharField(
        max_length=80, help_text="Its barcode (GS1 with 10 or 21), or the bare lot or serial number."
    )
    quantity = QuantityField(required=False, help_text="In base units; all of the line where it is left out.")


class OtherLot(Endpoint):
    """The picker holds another lot or serial number than the one released: it goes instead, if it is good enough for the
    customer and nobody else's, or can be exchanged. A part of a line becomes a line of its own."""

    access = CAN_SHIP

    @extend_schema(
        operation_id="shipment_other_lot", parameters=[KEY_HEADER], request=OtherLotRequest, responses=ShipmentAnswer,
        tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        asked = read_body(OtherLotRequest, request)
        line_id, qty = ident(asked["line"]), asked.get("quantity")
        return once_per_key(
            request, public_id, "other_lot", take_other_lot, line_id=line_id, code=asked["code"], qty=qty
        )


class PackedLineRequest(KnownFieldsOnly):
    line = serializers.CharField(max_length=18)
    quantity = QuantityField(help_text='In base units: "5".')


class PackageRequest(KnownFieldsOnly):
    lines = serializers.ListField(child=PackedLineRequest(), required=False, default=list, max_length=MOST_LINES)
    kind = serializers.ChoiceField(choices=[str(k) for k in PackageKind], required=False, default="carton")
    weight_kg = QuantityField(required=False, help_text="With a weight it is sealed.")
    length_cm = QuantityField(required=False)
    width_cm = QuantityField(required=False)
    height_cm = QuantityField(required=False)
    pallet = serializers.IntegerField(
        required=False, min_value=0, help_text="The place of its pallet in this list, from 0."
    )
    tracking_number = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class PackRequest(KnownFieldsOnly):
    packages = serializers.ListField(child=PackageRequest(), min_length=1, max_length=MOST_PACKAGES)


class Packages(Endpoint):
    """Pack a picked shipment: each package gets its SSCC. All or none."""

    access = CAN_SHIP

    @extend_schema(
        operation_id="shipment_packages", parameters=[KEY_HEADER], request=PackRequest, responses=ShipmentAnswer,
        tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        asked = read_body(PackRequest, request)
        specs = [_spec(p) for p in asked["packages"]]
        return once_per_key(request, public_id, "packages", pack_shipment, packages=specs)


class ShipRequest(KnownFieldsOnly):
    carrier = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    tracking_number = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class Ship(Endpoint):
    """The truck left. Without a carrier it left with the one that was chosen."""

    access = CAN_SHIP

    @extend_schema(
        operation_id="shipment_ship", parameters=[KEY_HEADER], request=ShipRequest, responses=ShipmentAnswer,
        tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        return once_per_key(request, public_id, "ship", confirm_shipment, **read_body(ShipRequest, request))


class DamagedLine(KnownFieldsOnly):
    line = serializers.CharField(max_length=18)
    quantity = QuantityField(help_text='Damaged, in base units: "1".')
    note = serializers.CharField(max_length=200)


class DeliveryRequest(KnownFieldsOnly):
    at = serializers.DateTimeField(help_text="When it was handed over, or not taken.")
    received_by = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    is_refused = serializers.BooleanField(
        required=False, default=False, help_text="They would not take it: all of it comes back. `note` says why."
    )
    damages = serializers.ListField(child=DamagedLine(), required=False, default=list, max_length=MOST_LINES)


class Delivery(Endpoint):
    """What happened at the door. Said again it changes nothing."""

    access = CAN_REPORT

    @extend_schema(
        operation_id="shipment_delivery", parameters=[KEY_HEADER], request=DeliveryRequest, responses=ShipmentAnswer,
        tags=["shipments"],
    )  # fmt: skip
    def post(self, request: Request, public_id: str) -> Response:
        asked = read_body(DeliveryRequest, request)
        told = Proof(asked["received_by"], asked["note"])
        if asked["is_refused"]:
            return once_per_key(request, public_id, "delivery", refuse, at=asked["at"], proof_of=told, stored="")
        damages = {ident(x["line"]): Damage(x["quantity"], x["note"]) for x in asked["damages"]}
        said = {"at": asked["at"], "proof_of": told, "stored": "", "damages": damages}
        return once_per_key(request, public_id, "delivery", deliver, **said)


def once_per_key(request: Request, public_id: str, verb: str, do: Callable[..., Any], **arguments: Any) -> Response:
    """The verb once per key, and the shipment after it."""
    key, shipment = required_key(request), seen_shipment(request, public_id)
    body_hash = hash_body({"shipment": shipment.id, "body": request.data})
    claim = Claim(f"api.shipments.{verb}", owner=f"user:{request.user.pk}", key=key, body_hash=body_hash)
    once = run_once(claim, do, shipment_id=shipment.id, actor=actor(request), now=clock.now(), **arguments)
    response = Response(shipment_answers([seen_shipment(request, public_id)])[0])
    if once.replayed:
        response["Idempotency-Replayed"] = "true"
    return response


def read_body(kind: type[KnownFieldsOnly], request: Request) -> dict[str, Any]:
    asked = kind(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _spec(p: dict[str, Any]) -> PackageSpec:
    lines: dict[int, Decimal] = {}
    for x in p["lines"]:
        lines[ident(x["line"])] = lines.get(ident(x["line"]), Decimal(0)) + x["quantity"]
    sides = (p.get("length_cm"), p.get("width_cm"), p.get("height_cm"))
    return PackageSpec(lines, PackageKind(p["kind"]), p.get("weight_kg"), sides, p.get("pallet"), p["tracking_number"])


def ident(text: str) -> int:
    """0, which no line has, for what is no number."""
    return int(text) if text.isascii() and text.isdecimal() else 0


def seen_shipment(request: Request, public_id: str) -> ShipmentView:
    """The shipment, if it is there and the caller's to see."""
    seen = visible_accounts(request.user)
    wanted = ShipmentFilter(None if seen.all else seen.ids, public_id=public_id.lower())
    found = find_shipments(wanted, limit=1) if is_uuid(public_id) else []
    if not found:
        raise NotFound(kind="shipment", ident=public_id[:60])
    return found[0]
