"""What a draft keeps from others for a time: read it, hold, let go."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.customers import require_may_order
from api.endpoint import CAN_ORDER, Endpoint
from api.fields import KnownFieldsOnly, QuantitySerializer, quantity
from api.v1.orders import seen_order, who_acts
from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from core import clock
from orders.rules.stock_holds import GoodsHeld, GoodsLine
from orders.services.hold_goods import hold_goods, let_goods_go
from orders.stock_hold_queries import goods_held


class HoldRequest(KnownFieldsOnly):
    until = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="With its time zone. Empty: as long as a cart is held; what is held already keeps its end.",
    )


class HeldLineView(serializers.Serializer[Any]):
    line_no = serializers.IntegerField()
    sku = serializers.CharField()
    asked = QuantitySerializer(help_text="In base units.")
    held = QuantitySerializer(help_text="Nobody else can have these; the rest was not free.")


class HeldGoodsView(serializers.Serializer[Any]):
    until = serializers.DateTimeField(allow_null=True, help_text="Null: nothing was held.")
    has_run_out = serializers.BooleanField(help_text="Its time is over: others can have the goods.")
    lines = HeldLineView(many=True)


class HeldGoods(Endpoint):
    """The goods a draft holds. Holding twice is one hold, letting go twice is once."""

    access = CAN_ORDER

    @extend_schema(operation_id="order_hold_read", responses=HeldGoodsView, tags=["orders"])
    def get(self, request: Request, public_id: str) -> Response:
        head = seen_order(request, public_id)
        return Response(_view(goods_held([head.order_id], now=clock.now()).get(head.order_id)))

    @extend_schema(operation_id="order_hold", request=HoldRequest, responses=HeldGoodsView, tags=["orders"])
    def post(self, request: Request, public_id: str) -> Response:
        asked = HoldRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        head = seen_order(request, public_id)
        require_may_order(request, head.account_id)
        until, who = asked.validated_data["until"], who_acts(request, head.account_id)
        return Response(_view(hold_goods(order_id=head.order_id, until=until, actor=who, now=clock.now())))

    @extend_schema(operation_id="order_hold_end", request=None, responses=HeldGoodsView, tags=["orders"])
    def delete(self, request: Request, public_id: str) -> Response:
        head = seen_order(request, public_id)
        require_may_order(request, head.account_id)
        let_goods_go(order_id=head.order_id, actor=who_acts(request, head.account_id), now=clock.now())
        return Response(_view(None))


def _view(held: GoodsHeld | None) -> dict[str, Any]:
    if held is None:
        return {"until": None, "has_run_out": False, "lines": []}
    products = product_snapshots({x.product_id for x in held.lines})
    lines = [_line(x, products[x.product_id]) for x in held.lines]
    return {"until": held.until.isoformat(), "has_run_out": held.has_run_out, "lines": lines}


def _line(line: GoodsLine, product: ProductSnapshot) -> dict[str, Any]:
    asked, held = quantity(line.asked, product.base_unit), quantity(line.held, product.base_unit)
    return {"line_no": line.line_no, "sku": product.sku, "asked": asked, "held": held}
