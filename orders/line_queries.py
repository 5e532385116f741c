"""Single lines by what is asked of them."""

from collections.abc import Iterable
from decimal import Decimal

from orders.models import OrderLine
from orders.rules.asks import LineRef


def named_lines(demand_ids: Iterable[int]) -> dict[int, LineRef]:
    """{demand: the order line it stands for}; demands of other documents are absent. One statement."""
    rows = OrderLine.objects.filter(demand_id__in=set(demand_ids)).values_list(
        "demand_id", "id", "line_no", "order_id", "order__number", "product__sku"
    )
    return {row[0]: LineRef(*row[1:]) for row in rows}


def line_margins(line_ids: Iterable[int]) -> dict[int, Decimal]:
    """{order line: its locked margin per base unit}; lines whose cost was unknown are absent. One statement."""
    rows = OrderLine.objects.filter(pk__in=set(line_ids), unit_margin__isnull=False)
    return {pk: margin for pk, margin in rows.values_list("pk", "unit_margin") if margin is not None}
