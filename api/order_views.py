"""How an order looks on the wire. What is written here is all that leaves: no cost, no margin, no floor, no losers."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.states import STAFF
from api.fields import MoneySerializer, QuantitySerializer, money, quantity, unit_price
from api.words import hold_message
from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from core.errors import FieldError
from inventory.queries import promises as promises_of
from inventory.rules.asks import PromiseSlice
from inventory.split_queries import slices_in_words
from orders import queries as orders
from orders.beyond import delivered_of_lines
from orders.clock_queries import clocks_of
from orders.filters import OrderSummary
from orders.rules.asks import CreditView, HoldView, LinePreview, Preview, Submitted
from orders.rules.clocks import Clock
from orders.rules.picture import LinePicture
from orders.rules.standing import Stage, Standing, line_standing, order_standing
from orders.standing_queries import standings
from pricing.rules.asks import PriceResult

ZERO = Decimal(0)
NO_LINES: tuple[PromiseSlice, ...] = ()


class PromiseView(serializers.Serializer[Any]):
    quantity = QuantitySerializer()
    ship_date = serializers.DateField(allow_null=True, help_text="null: no date yet.")
    delivery_date = serializers.DateField(allow_null=True, help_text="null: not known before the order is placed.")
    first_delivery_date = serializers.DateField(allow_null=True, help_text="The day it was first promised for.")
    moved_because = serializers.CharField(
        allow_blank=True, help_text="Why it is promised for another day than at first."
    )
    basis = serializers.CharField(help_text="stock, inbound or none.")


class HoldViewed(serializers.Serializer[Any]):
    reason = serializers.CharField()
    blocks = serializers.ListField(child=serializers.CharField())
    message = serializers.CharField()
    placed_at = serializers.DateTimeField()


class StepView(serializers.Serializer[Any]):
    step = serializers.CharField()
    unit_price = MoneySerializer()


class ProblemView(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON Pointer into the request.")
    code = serializers.CharField()
    detail = serializers.CharField()
    remedy = serializers.CharField()


class PreviewLineView(serializers.Serializer[Any]):
    line_no = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = QuantitySerializer()
    unit_price = MoneySerializer(allow_null=True)
    amount = MoneySerializer(allow_null=True)
    price_basis = serializers.CharField()
    price_trace = StepView(many=True)
    promises = PromiseView(many=True)
    split = serializers.CharField(help_text='The promises in words: "40 now from Reno DC, 20 on 3 Dec".')
    problems = ProblemView(many=True)


class CreditViewed(serializers.Serializer[Any]):
    is_approved = serializers.BooleanField()
    limit = MoneySerializer()
    available = MoneySerializer()
    asked = MoneySerializer()
    messages = serializers.ListField(child=serializers.CharField())


class PreviewView(serializers.Serializer[Any]):
    lines = PreviewLineView(many=True)
    goods = MoneySerializer()
    tax = MoneySerializer()
    freight = MoneySerializer()
    total = MoneySerializer()
    credit = CreditViewed(allow_null=True)
    would_hold = serializers.ListField(child=serializers.CharField(), help_text="Reasons it would be held for.")
    problems = ProblemView(many=True)
    can_submit = serializers.BooleanField()


class PlacedLineView(serializers.Serializer[Any]):
    line_no = serializers.IntegerField()
    sku = serializers.CharField()
    quantity = QuantitySerializer()
    reserved = QuantitySerializer()
    backordered = QuantitySerializer()
    unit_price = MoneySerializer()
    amount = MoneySerializer()
    promises = PromiseView(many=True)


class PlacedView(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.CharField()
    total = MoneySerializer()
    is_held = serializers.BooleanField()
    holds = HoldViewed(many=True)
    lines = PlacedLineView(many=True)


class StateView(serializers.Serializer[Any]):
    code = serializers.ChoiceField([str(s) for s in Stage], help_text="For programs.")
    words = serializers.CharField(help_text="For people; the same everywhere.")


class OrderSummaryView(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.CharField()
    status = serializers.CharField(help_text="draft, submitted, closed or cancelled.")
    status_text = serializers.CharField(help_text="How far it is, for people; the same everywhere.")
    state = StateView()
    channel = serializers.CharField()
    po_number = serializers.CharField()
    external_id = serializers.CharField()
    total = MoneySerializer(help_text="Of goods.")
    tax = MoneySerializer()
    freight = MoneySerializer()
    owed = MoneySerializer(help_text="What it will be invoiced for: goods, tax and freight.")
    requested_date = serializers.DateField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class OrderList(serializers.Serializer[Any]):
    items = OrderSummaryView(many=True)
    next = serializers.CharField(allow_null=True, help_text="Send as `cursor` for the next page.")


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class BucketsField(serializers.DictField):
    """ordered, cancelled, backordered, reserved, allocated, released, picked, shipped"""


class ClockView(serializers.Serializer[Any]):
    code = serializers.CharField(
        help_text="entered, clean, promised, released, picked, shipped, delivered, invoiced, paid"
    )
    first = serializers.DateTimeField(allow_null=True, help_text="null: it has not happened.")
    last = serializers.DateTimeField(allow_null=True)


class OrderLineView(serializers.Serializer[Any]):
    state = StateView()
    delivered = QuantitySerializer()
    line_no = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = QuantitySerializer()
    unit_price = MoneySerializer(allow_null=True)
    amount = MoneySerializer()
    requested_date = serializers.DateField(allow_null=True, help_text="The line's own day, else the order's.")
    buckets = BucketsField(help_text="Where each base unit of the line is; they add up to ordered.")
    promises = PromiseView(many=True)
    split = serializers.CharField(help_text="The promises in words.")


class OrderView(OrderSummaryView):
    clocks = ClockView(many=True)
    allocation = serializers.CharField(help_text="none, partial or full.")
    shipment = serializers.CharField(help_text="none, partial or full.")
    holds = HoldViewed(many=True)
    lines = OrderLineView(many=True)
    allowed_actions = serializers.ListField(child=serializers.CharField())


class TimelineItemView(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    what = serializers.CharField()
    summary = serializers.CharField()


class TimelineView(serializers.Serializer[Any]):
    items = TimelineItemView(many=True)


def preview_view(
    seen: Preview, products: Mapping[int, ProductSnapshot], problems: Sequence[FieldError], *, sees_all: bool
) -> dict[str, Any]:
    """`problems` are all of the request's; each line repeats its own. Hold messages in full for staff only."""
    currency = seen.currency
    return {
        "lines": [_preview_line(x, products, problems, currency) for x in seen.lines],
        "goods": money(seen.goods, currency),
        "tax": money(seen.tax, currency),
        "freight": money(seen.freight, currency),
        "total": money(seen.total, currency),
        "credit": credit_fields(seen.credit),
        "would_hold": [h.message if sees_all else str(h.gate) for h in seen.holds],
        "problems": [problem_view(p) for p in problems],
        "can_submit": seen.can_submit and not problems,
    }


def credit_fields(view: CreditView | None) -> dict[str, Any] | None:
    if view is None:
        return None
    return {
        "is_approved": view.is_approved,
        "limit": money(view.limit, view.currency),
        "available": money(view.available, view.currency),
        "asked": money(view.asked, view.currency),
        "messages": list(view.messages),
    }


def placed_view(
    placed: Submitted, head: OrderSummary, products: Mapping[int, ProductSnapshot], roles: frozenset[str]
) -> dict[str, Any]:
    currency = placed.currency
    return {
        "id": head.public_id,
        "number": placed.number,
        "total": money(placed.total, currency),
        "is_held": placed.is_held,
        "holds": [_hold(h, roles) for h in placed.holds],
        "lines": [
            {
                "line_no": x.line_no,
                "sku": products[x.product_id].sku,
                "quantity": quantity(x.qty, products[x.product_id].base_unit),
                "reserved": quantity(x.reserved, products[x.product_id].base_unit),
                "backordered": quantity(x.backordered, products[x.product_id].base_unit),
                "unit_price": unit_price(x.unit_price, currency),
                "amount": money(x.amount, currency),
                "promises": _promises(x.promises, products[x.product_id].base_unit),
            }
            for x in placed.lines
        ],
    }


def summary_views(heads: Sequence[OrderSummary]) -> list[dict[str, Any]]:
    """A page of orders, each with how far it is, in a constant number of statements."""
    far = standings([head.order_id for head in heads])
    return [summary_view(head, far[head.order_id]) for head in heads]


def summary_view(head: OrderSummary, standing: Standing) -> dict[str, Any]:
    return {
        "id": head.public_id,
        "number": head.number,
        "status": head.status,
        "status_text": standing.words,
        "state": _state(standing),
        "channel": head.channel,
        "po_number": head.po_number,
        "external_id": head.external_id,
        **{name: money(getattr(head, f"{name}_amount"), head.currency) for name in ("total", "tax", "freight", "owed")},
        "requested_date": head.requested_date and head.requested_date.isoformat(),
        "submitted_at": head.submitted_at and head.submitted_at.isoformat(),
        "received_at": head.received_at.isoformat(),
        "version": head.version,
    }


def order_view(head: OrderSummary, roles: frozenset[str], *, may_act: bool) -> dict[str, Any]:
    """The order read whole, in a constant number of statements."""
    picture = orders.pictures([head.order_id])[head.order_id]
    progress = orders.progress([head.order_id])[head.order_id]
    holds = orders.holds_of([head.order_id]).get(head.order_id, ())
    products = product_snapshots({x.product_id for x in picture.lines if x.product_id})
    slices = promises_of([x.demand.demand_id for x in picture.lines if x.demand])
    said = slices_in_words(slices)
    arrived = delivered_of_lines([x.line_id for x in picture.lines if x.line_id])
    sees_all = not roles.isdisjoint(STAFF)
    untouched = progress.released + progress.picked + progress.shipped == 0
    return {
        **summary_view(head, order_standing(head.status, progress, is_held=bool(holds))),
        "clocks": [_clock(c) for c in clocks_of([head.order_id])[head.order_id] if sees_all or c.for_buyers],
        "allocation": progress.allocation,
        "shipment": progress.shipment,
        "holds": [_hold(h, roles) for h in holds],
        "lines": [
            _order_line(
                x,
                products,
                slices,
                head.currency,
                said,
                arrived.get(x.line_id or 0, ZERO),
                asked_for=head.requested_date,
                is_held=bool(holds),
            )
            for x in picture.lines
        ],
        "allowed_actions": _allowed(head.status, untouched=untouched) if may_act else [],
    }


def _allowed(status: str, *, untouched: bool) -> list[str]:
    amends = ["amend"] if status == "submitted" else []
    return [*amends, *(["cancel"] if untouched and status in ("draft", "submitted") else [])]


BUCKETS = ("ordered", "cancelled", "backordered", "reserved", "allocated", "released", "picked", "shipped")


def _order_line(
    line: LinePicture,
    products: Mapping[int, ProductSnapshot],
    slices: Mapping[int, tuple[PromiseSlice, ...]],
    currency: str,
    said: Mapping[int, str],
    arrived: Decimal,
    *,
    asked_for: date | None,
    is_held: bool,
) -> dict[str, Any]:
    product = products.get(line.product_id or 0)
    uom = product.base_unit if product else ""
    state = line.demand
    demand_id, wanted = state.demand_id if state else 0, line.requested_date or asked_for
    return {
        "state": _state(line_standing(state, is_held=is_held, delivered=arrived)),
        "delivered": quantity(arrived, uom),
        "line_no": line.line_no,
        "sku": product.sku if product else line.stated_code,
        "name": product.name if product else "",
        "quantity": quantity(line.qty, uom),
        "unit_price": unit_price(line.unit_price, currency),
        "amount": money(line.amount, currency),
        "requested_date": wanted and wanted.isoformat(),
        "buckets": {b: quantity(getattr(state, b), uom)["value"] for b in BUCKETS} if state else {},
        "promises": _promises(slices.get(demand_id, NO_LINES), uom),
        "split": said.get(demand_id, ""),
    }


def _preview_line(
    line: LinePreview, products: Mapping[int, ProductSnapshot], problems: Sequence[FieldError], currency: str
) -> dict[str, Any]:
    product = products.get(line.product_id or 0)
    uom = product.base_unit if product else ""
    own = f"/lines/{line.line_no - 1}/"
    return {
        "line_no": line.line_no,
        "sku": product.sku if product else line.sku,
        "name": product.name if product else "",
        "quantity": quantity(line.qty, uom),
        **_price(line.price, currency),
        "promises": _promises(line.promises, uom),
        "split": line.split,
        "problems": [problem_view(p) for p in problems if p.pointer.startswith(own)],
    }


def _price(price: PriceResult | None, currency: str) -> dict[str, Any]:
    if price is None or price.unit_price is None:
        return {"unit_price": None, "amount": None, "price_basis": "", "price_trace": []}
    return {
        "unit_price": unit_price(price.unit_price, currency),
        "amount": money(price.amount, currency),
        "price_basis": str(price.basis),
        "price_trace": [{"step": s.label, "unit_price": unit_price(s.unit_price, currency)} for s in price.waterfall],
    }


def _promises(slices: Sequence[PromiseSlice], uom: str) -> list[dict[str, Any]]:
    return [
        {
            "quantity": quantity(s.qty, uom),
            "ship_date": s.ship_date and s.ship_date.isoformat(),
            "delivery_date": s.delivery_date and s.delivery_date.isoformat(),
            "first_delivery_date": s.first_delivery_date and s.first_delivery_date.isoformat(),
            "moved_because": s.slip_cause,
            "basis": str(s.kind),
        }
        for s in slices
    ]


def _hold(hold: HoldView, roles: frozenset[str]) -> dict[str, Any]:
    return {
        "reason": hold.reason,
        "blocks": list(hold.blocks),
        "message": hold_message(hold, roles),
        "placed_at": hold.placed_at.isoformat(),
    }


def problem_view(problem: FieldError) -> dict[str, str]:
    return {
        "pointer": problem.pointer,
        "code": problem.code,
        "detail": problem.message,
        "remedy": problem.remedy,
    }


def _state(standing: Standing) -> dict[str, str]:
    return {"code": str(standing.stage), "words": standing.words}


def _clock(clock: Clock) -> dict[str, str | None]:
    span = clock.span
    return {
        "code": clock.code,
        "first": span.first.isoformat() if span else None,
        "last": span.last.isoformat() if span else None,
    }
