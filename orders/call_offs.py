"""Which list or contract prices each line of orders: what volumes promised on it are called off by."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from orders.models import OrderLine


class PricedBy(NamedTuple):
    """`on` is the (UTC) day of submit."""

    order_id: int
    line_no: int
    source_id: int
    product_id: int
    on: date


def priced_by(order_ids: Iterable[int]) -> list[PricedBy]:
    """Submitted lines at a list's or contract's price. 1 SQL."""
    rows = OrderLine.objects.filter(
        order__in=list(order_ids),
        price_source_id__isnull=False,
        product__isnull=False,
        order__submitted_at__isnull=False,
    )
    columns = ("order_id", "line_no", "price_source_id", "product_id", "order__submitted_at")
    return [
        PricedBy(order, n, source, product, at.date()) for order, n, source, product, at in rows.values_list(*columns)
    ]


def shipped_orders_of(account_id: int, *, since: date, until: date, limit: int) -> list[int]:
    """Ids of the account's orders submitted over [since, until) (UTC days) of which something was shipped. 1 SQL."""
    lines = OrderLine.objects.filter(
        order__account=account_id,
        order__submitted_at__date__gte=since,
        order__submitted_at__date__lt=until,
        demand__shipped_qty__gt=0,
    )
    return list(lines.order_by("order_id").values_list("order_id", flat=True).distinct()[:limit])
