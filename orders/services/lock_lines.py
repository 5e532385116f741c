"""Keep the orders of some lines still while a room above decides about them."""

from collections.abc import Iterable

from core.uow import require_uow
from orders.locks import lock_orders
from orders.queries import orders_of_lines


@require_uow
def lock_lines(order_line_ids: Iterable[int]) -> None:
    """Lock the orders (rank 20) these lines belong to; lines that do not exist are passed over. Two statements."""
    lock_orders(orders_of_lines(order_line_ids))
