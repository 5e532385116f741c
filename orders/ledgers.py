"""How far orders are, for figures and for closing: reads of orders beside their demands."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from orders.models import Order, OrderLine
from orders.rules.asks import LineLedger, OrderLedger


@dataclass(frozen=True)
class SoldLine:
    """A line as it was sold, to be sent again: the product, where it went, and by whose PO number."""

    order_line_id: int
    product_id: int
    ship_to_id: int | None
    currency: str
    po_number: str
    unit_price: Decimal | None
    number: str


def sold_lines(order_line_ids: Iterable[int]) -> list[SoldLine]:
    """Lines that have a product, in the order of their ids. One statement."""
    rows = OrderLine.objects.filter(pk__in=set(order_line_ids), product__isnull=False).order_by("pk")
    columns = ("pk", "product_id", Coalesce("ship_to_id", "order__ship_to_id"), "order__currency", "order__po_number")
    said = rows.values_list(*columns, "unit_price", "order__number", "line_no")
    return [
        SoldLine(pk, product or 0, to, currency, po, price, f"{number} line {line_no}")
        for pk, product, to, currency, po, price, number, line_no in said
    ]


def finished(order_ids: Iterable[int]) -> list[int]:
    """Of these orders those that have lines, and nothing left to ship or cancel. Two statements."""
    lines = OrderLine.objects.filter(order_id__in=set(order_ids))
    is_open = Q(demand__ordered_qty__gt=F("demand__cancelled_qty") + F("demand__shipped_qty"))
    still_open = set(lines.filter(is_open).values_list("order_id", flat=True))
    return sorted(set(lines.values_list("order_id", flat=True)) - still_open)


def ledgers(order_ids: Iterable[int]) -> dict[int, OrderLedger]:
    """What was asked, cancelled and shipped of each order, line by line: what figures are made of. Two statements."""
    ids = set(order_ids)
    lines: dict[int, list[LineLedger]] = {}
    rows = OrderLine.objects.filter(order_id__in=ids).order_by("order_id", "line_no")
    columns = ("order_id", "id", "product_id", "demand_id", "qty", "demand__cancelled_qty", "demand__shipped_qty")
    for order_id, *line in rows.values_list(*columns):
        lines.setdefault(order_id, []).append(LineLedger(*line))
    heads = Order.objects.filter(pk__in=ids).values_list(
        "id", "number", "account_id", "channel", "on_behalf_of_id", "received_at", "submitted_at"
    )
    return {head[0]: OrderLedger(*head, tuple(lines.get(head[0], ()))) for head in heads}


def order_numbers(order_ids: Iterable[int]) -> dict[int, str]:
    """{order id: its number}. One statement."""
    return dict(Order.objects.filter(pk__in=set(order_ids)).values_list("id", "number"))


def line_names(order_line_ids: Iterable[int]) -> dict[int, str]:
    """{order line id: "SO-1 line 2"}. One statement."""
    rows = OrderLine.objects.filter(pk__in=set(order_line_ids)).values_list("pk", "order__number", "line_no")
    return {pk: f"{number} line {line_no}" for pk, number, line_no in rows}
