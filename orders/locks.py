"""Every row lock of orders. Rank 20, after credit (10), before shipments (30) and demands (50)."""

from collections.abc import Iterable

from core.locks import Rank, take
from orders.models import Order


def lock_orders(order_ids: Iterable[int]) -> dict[int, Order]:
    """The orders, locked in primary-key order. Holds and lines are only changed under their order's lock."""
    return {order.pk: order for order in take(Rank.ORDER, Order.objects.filter(pk__in=set(order_ids)))}
