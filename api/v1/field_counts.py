"""Counts of stock in the field, for reps and the stock rooms: started, written down blind, posted."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Endpoint, actor
from api.field_sites import CAN_MOVE, Goods, number_of, products_called, site_called, sites_of
from api.fields import KnownFieldsOnly, NumberOrNothing, QuantityField, QuantitySerializer
from api.v1.orders import KEY_HEADER, required_key
from core import clock
from core.errors import NotFound
from core.idempotency import Claim, hash_body, run_once
from inventory.field_papers import CountView, counts
from inventory.rules.counts import FoundStock
from inventory.services.open_count import open_count
from inventory.services.post_count import post_count
from inventory.services.record_counts import record_counts

MOST_LINES = 500


class CountRequest(KnownFieldsOnly):
    site = serializers.CharField(max_length=20)
    skus = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        max_length=MOST_LINES,
        help_text="Empty: everything.",
    )


class CountLineAnswer(serializers.Serializer[Any]):
    line = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    lot = serializers.CharField()
    status = serializers.CharField()
    counted = QuantitySerializer(allow_null=True)


class CountAnswer(serializers.Serializer[Any]):
    number = serializers.CharField()
    site = serializers.CharField()
    status = serializers.CharField(help_text="approval: the variance waits for somebody who did not count.")
    lines = CountLineAnswer(many=True)


class Counts(Endpoint):
    """Start a count. Blind: what the books say is not told."""

    access = CAN_MOVE

    @extend_schema(
        operation_id="field_count_create",
        parameters=[KEY_HEADER],
        request=CountRequest,
        responses={201: CountAnswer},
        tags=["field"],
    )
    def post(self, request: Request) -> Response:
        key = required_key(request)
        asked = CountRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        site = site_called(request, asked.validated_data["site"])
        products = products_called(asked.validated_data.get("skus") or [], "/skus")
        owner = f"user:{request.user.pk}"
        wanted = sorted(products.values()) if products else None
        claim = Claim("api.field.counts", owner=owner, key=key, body_hash=hash_body(request.data))
        once = run_once(
            claim, open_count, site_id=site.id, product_ids=wanted, key=hash_body([owner, key]), actor=actor(request),
            now=clock.now(),
        )  # fmt: skip
        return Response(_count(_counted(request, count_id=once.result)), status=201)


class FoundRequest(KnownFieldsOnly):
    sku = serializers.CharField(max_length=80)
    lot = serializers.CharField(max_length=40, required=False, default="")
    quantity = QuantityField()


class CountedRequest(KnownFieldsOnly):
    line = serializers.CharField(max_length=18)
    counted = NumberOrNothing()


class FiguresRequest(KnownFieldsOnly):
    lines = serializers.ListField(child=CountedRequest(), required=False, max_length=MOST_LINES)
    found = serializers.ListField(child=FoundRequest(), required=False, max_length=MOST_LINES, help_text="On no line.")


class CountPage(Endpoint):
    """A count as it stands; or what was found, said as often as it is corrected."""

    access = CAN_MOVE

    @extend_schema(operation_id="field_count", responses=CountAnswer, tags=["field"])
    def get(self, request: Request, number: str) -> Response:
        return Response(_count(_counted(request, number)))

    @extend_schema(operation_id="field_count_write", request=FiguresRequest, responses=CountAnswer, tags=["field"])
    def post(self, request: Request, number: str) -> Response:
        count = _counted(request, number)
        asked = FiguresRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        lines, found = asked.validated_data.get("lines") or [], asked.validated_data.get("found") or []
        products = products_called([f["sku"] for f in found], "/found")
        named = {int(x["line"]) if x["line"].isascii() and x["line"].isdecimal() else 0: x["counted"] for x in lines}
        stock = [FoundStock(products[f["sku"].strip().upper()], f["quantity"], f["lot"]) for f in found]
        record_counts(count_id=count.id, counted=named, found=stock, actor=actor(request), now=clock.now())
        return Response(_count(_counted(request, number)))


class CountPost(Endpoint):
    """Book the variance. A large one waits for approval by somebody who did not count: post it again then."""

    access = CAN_MOVE

    @extend_schema(operation_id="field_count_post", request=None, responses=CountAnswer, tags=["field"])
    def post(self, request: Request, number: str) -> Response:
        count = _counted(request, number)
        post_count(count_id=count.id, actor=actor(request), now=clock.now())
        return Response(_count(_counted(request, number)))


def _counted(request: Request, number: str = "", *, count_id: int | None = None) -> CountView:
    named = number_of(number)
    found = counts(list(sites_of(request)), number=named, count_id=count_id) if named or count_id else []
    if not found:
        raise NotFound(kind="count", ident=number[:40])
    return found[0]


def _count(found: CountView) -> dict[str, Any]:
    goods = Goods({x.product_id for x in found.lines})
    lines = [
        {
            "line": str(x.line_id),
            **goods.head(x.product_id),
            "lot": x.lot,
            "status": x.status,
            "counted": None if x.counted is None else goods.qty(x.product_id, x.counted),
        }
        for x in found.lines
    ]
    return {"number": found.number, "site": found.site, "status": found.status, "lines": lines}
