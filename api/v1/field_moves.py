"""Goods that come to and leave the field, for reps and the stock rooms: acknowledge, dispute, offer, accept."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Endpoint, actor
from api.field_sites import CAN_MOVE, Goods, is_staff, number_of, products_called, site_called, sites_of
from api.fields import KnownFieldsOnly, NumberOrNothing, QuantityField, QuantitySerializer
from api.v1.orders import KEY_HEADER, required_key
from core import clock
from core.errors import NotFound
from core.idempotency import Claim, hash_body, run_once
from inventory.field_papers import DisputeView, OfferView, TransferView, disputes, incoming, offers
from inventory.queries import site_snapshots
from inventory.rules.field import Stated
from inventory.rules.transfers import TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer, settle_dispute
from inventory.services.offer_transfer import accept_offer, decline_offer, offer_transfer, withdraw_offer
from inventory.states import DisputeOutcome

MOST_LINES = 500
ANSWERS = ("accept", "decline", "withdraw")


class DisputeAnswer(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.CharField()
    transfer = serializers.CharField()
    line = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    sent = QuantitySerializer()
    stated = QuantitySerializer(help_text="What came, as the receiver says.")
    outcome = serializers.CharField(help_text="Empty while it stands; else sender, receiver or count.")


class TransferLineAnswer(serializers.Serializer[Any]):
    line = serializers.CharField(help_text="Name it in the acknowledgement.")
    sku = serializers.CharField()
    name = serializers.CharField()
    lot = serializers.CharField()
    sent = QuantitySerializer()
    good = QuantitySerializer(help_text="Booked as come in good order.")
    damaged = QuantitySerializer()


class TransferAnswer(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.CharField()
    from_site = serializers.CharField()
    to_site = serializers.CharField()
    expected_date = serializers.DateField()
    lines = TransferLineAnswer(many=True)
    disputes = DisputeAnswer(many=True)


class TransferList(serializers.Serializer[Any]):
    items = TransferAnswer(many=True)


class Incoming(Endpoint):
    """What is on its way to your sites and waits to be acknowledged."""

    access = CAN_MOVE

    @extend_schema(operation_id="field_transfers", responses=TransferList, tags=["field"])
    def get(self, request: Request) -> Response:
        return Response({"items": _transfers(incoming(list(sites_of(request))))})


class CameRequest(KnownFieldsOnly):
    line = serializers.CharField(max_length=18)
    good = NumberOrNothing(help_text='All that has come in good order so far: "5".')
    damaged = NumberOrNothing(required=False)


class AcknowledgeRequest(KnownFieldsOnly):
    lines = serializers.ListField(child=CameRequest(), min_length=1, max_length=MOST_LINES)
    note = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class Acknowledge(Endpoint):
    """Say what came. Another number than was sent stands as a dispute until one side gives way or a count decides."""

    access = CAN_MOVE

    @extend_schema(
        operation_id="field_transfer_acknowledge", request=AcknowledgeRequest, responses=TransferAnswer, tags=["field"]
    )
    def post(self, request: Request, number: str) -> Response:
        transfer = _transfer(request, number)
        asked = AcknowledgeRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        stated = {}
        for line in asked.validated_data["lines"]:
            named = line["line"]
            ident = int(named) if named.isascii() and named.isdecimal() else 0
            stated[ident] = Stated(line["good"], line.get("damaged", Decimal(0)))
        acknowledge_transfer(
            transfer_id=transfer.id, stated=stated, note=asked.validated_data["note"], actor=actor(request),
            now=clock.now(),
        )  # fmt: skip
        return Response(_transfers([_transfer(request, number)])[0])


class SettleRequest(KnownFieldsOnly):
    outcome = serializers.ChoiceField(
        choices=[str(o) for o in DisputeOutcome],
        help_text="sender: what was sent is right (the receiver says so); receiver: what came is right (the warehouse"
        " says so); count: a count of the receiver's site decides.",
    )
    note = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class Settle(Endpoint):
    """Settle a disputed transfer: one side gives way, or a count decides."""

    access = CAN_MOVE

    @extend_schema(operation_id="field_dispute_settle", request=SettleRequest, responses=DisputeAnswer, tags=["field"])
    def post(self, request: Request, number: str) -> Response:
        dispute = _dispute(request, number)
        asked = SettleRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        settle_dispute(
            dispute_id=dispute.id, outcome=DisputeOutcome(asked.validated_data["outcome"]),
            note=asked.validated_data["note"], actor=actor(request), now=clock.now(),
        )  # fmt: skip
        return Response(_disputes([_dispute(request, number)])[0])


class OfferLineRequest(KnownFieldsOnly):
    sku = serializers.CharField(max_length=80)
    lot = serializers.CharField(max_length=40, required=False, default="", help_text="Lot or serial number.")
    quantity = QuantityField(help_text='In base units: "2".')


class OfferRequest(KnownFieldsOnly):
    from_site = serializers.CharField(max_length=20, help_text="One of yours.")
    to_site = serializers.CharField(max_length=20, help_text="Another rep's trunk, or a center.")
    lines = serializers.ListField(child=OfferLineRequest(), min_length=1, max_length=MOST_LINES)
    hours = serializers.IntegerField(required=False, default=72, min_value=1, max_value=720)
    note = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class OfferLineAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    name = serializers.CharField()
    lot = serializers.CharField()
    quantity = QuantitySerializer()


class OfferAnswer(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.CharField()
    from_site = serializers.CharField()
    to_site = serializers.CharField()
    offered_by = serializers.CharField()
    offered_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="From then on it cannot be accepted.")
    note = serializers.CharField()
    transfer = serializers.CharField(help_text="By which the goods moved, once accepted.")
    lines = OfferLineAnswer(many=True)


class OfferList(serializers.Serializer[Any]):
    items = OfferAnswer(many=True)


class Offers(Endpoint):
    """Offers from and to your sites, the newest first; or a new one. Nothing moves before the other side accepts."""

    access = CAN_MOVE

    @extend_schema(operation_id="field_offers", responses=OfferList, tags=["field"])
    def get(self, request: Request) -> Response:
        return Response({"items": _offers(offers(_places(request)))})

    @extend_schema(
        operation_id="field_offer_create",
        parameters=[KEY_HEADER],
        request=OfferRequest,
        responses={201: OfferAnswer},
        tags=["field"],
    )
    def post(self, request: Request) -> Response:
        key = required_key(request)
        asked = OfferRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        source = site_called(request, values["from_site"])
        owner = f"user:{request.user.pk}"
        claim = Claim("api.field.offers", owner=owner, key=key, body_hash=hash_body(request.data))
        once = run_once(
            claim, offer_transfer, from_site_id=source.id, to_site_id=_target(values["to_site"]),
            lines=_offered(values["lines"]), hours=values["hours"], note=values["note"], key=f"{owner} {key}",
            actor=actor(request), now=clock.now(),
        )  # fmt: skip
        made = next(o for o in offers(_places(request)) if o.id == once.result)
        return Response(_offers([made])[0], status=201)


class AnswerRequest(KnownFieldsOnly):
    note = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class OfferReply(Endpoint):
    """accept and decline are for the keeper of the site it is offered to; withdraw for whoever offered it."""

    access = CAN_MOVE

    @extend_schema(
        operation_id="field_offer_answer",
        parameters=[OpenApiParameter("answer", str, OpenApiParameter.PATH, enum=list(ANSWERS))],
        request=AnswerRequest,
        responses=OfferAnswer,
        tags=["field"],
    )
    def post(self, request: Request, number: str, answer: str) -> Response:
        offer = _offer(request, number)
        if answer not in ANSWERS or not _is_theirs(request, offer, answer):
            raise NotFound(kind="offer to " + ("withdraw" if answer == "withdraw" else "answer"), ident=number[:40])
        asked = AnswerRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        verb: Any = {"accept": accept_offer, "decline": decline_offer, "withdraw": withdraw_offer}[answer]
        verb(offer_id=offer.id, note=asked.validated_data["note"], actor=actor(request), now=clock.now())
        return Response(_offers([_offer(request, number)])[0])


# --- what is seen -----------------------------------------------------------------------------------------------
def _places(request: Request) -> list[int] | None:
    """Staff see the offers of all sites, a center's too."""
    return None if is_staff(request) else list(sites_of(request))


def _transfer(request: Request, number: str) -> TransferView:
    named = number_of(number)
    found = incoming(list(sites_of(request)), number=named) if named else []
    if not found:
        raise NotFound(kind="transfer", ident=number[:40])
    return found[0]


def _dispute(request: Request, number: str) -> DisputeView:
    named = number_of(number)
    found = disputes(list(sites_of(request)), number=named) if named else []
    if not found:
        raise NotFound(kind="dispute", ident=number[:40])
    return found[0]


def _offer(request: Request, number: str) -> OfferView:
    named = number_of(number)
    found = offers(_places(request), number=named) if named else []
    if not found:
        raise NotFound(kind="offer", ident=number[:40])
    return found[0]


def _is_theirs(request: Request, offer: OfferView, answer: str) -> bool:
    if is_staff(request):
        return True
    return (offer.from_site_id if answer == "withdraw" else offer.to_site_id) in sites_of(request)


def _target(code: str) -> int:
    """Any open site may be offered something."""
    wanted = code.strip().upper()
    for site in site_snapshots().values():
        if site.code.upper() == wanted and site.is_active:
            return site.id
    raise NotFound(kind="site", ident=code[:40])


def _offered(lines: list[dict[str, Any]]) -> list[TransferLineSpec]:
    products = products_called([x["sku"] for x in lines], "/lines")
    return [TransferLineSpec(products[x["sku"].strip().upper()], x["quantity"], x["lot"]) for x in lines]


# --- how it looks -----------------------------------------------------------------------------------------------
def _transfers(found: list[TransferView]) -> list[dict[str, Any]]:
    goods = Goods({x.product_id for t in found for x in t.lines})
    return [
        {
            "number": t.number,
            "status": t.status,
            "from_site": t.from_site,
            "to_site": t.to_site,
            "expected_date": t.expected_date,
            "lines": [
                {
                    "line": str(x.line_id),
                    **goods.head(x.product_id),
                    "lot": x.lot,
                    **{name: goods.qty(x.product_id, getattr(x, name)) for name in ("sent", "good", "damaged")},
                }
                for x in t.lines
            ],
            "disputes": _disputes(list(t.disputes)),
        }
        for t in found
    ]


def _disputes(found: list[DisputeView]) -> list[dict[str, Any]]:
    goods = Goods({d.product_id for d in found})
    return [
        {
            "number": d.number,
            "status": d.status,
            "transfer": d.transfer,
            "line": str(d.line_id),
            **goods.head(d.product_id),
            "sent": goods.qty(d.product_id, d.sent),
            "stated": goods.qty(d.product_id, d.stated),
            "outcome": d.outcome,
        }
        for d in found
    ]


def _offers(found: list[OfferView]) -> list[dict[str, Any]]:
    goods = Goods({x.product_id for o in found for x in o.lines})
    heads = ("number", "status", "from_site", "to_site", "offered_by", "offered_at", "expires_at", "note", "transfer")
    return [
        {
            **{name: getattr(o, name) for name in heads},
            "lines": [
                {**goods.head(x.product_id), "lot": x.lot, "quantity": goods.qty(x.product_id, x.sent)} for x in o.lines
            ],
        }
        for o in found
    ]
