"""Every row lock of orders. Rank 20, after credit (10), before shipments (30) and demands (50)."""

from collections.abc import Iterable

from core import sql
from core.locks import Rank, climb, take
from orders.models import Order

_HELD = "orders_stockhold"
_ONE_AT_A_TIME = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(%(key)s::bigint)) one"
_SPACE = Rank.ORDER << 48  # of the advisory locks: no account's number reaches so far


def lock_orders(order_ids: Iterable[int]) -> dict[int, Order]:
    """The orders, locked in primary-key order. Holds and lines are only changed under their order's lock."""
    return {order.pk: order for order in take(Rank.ORDER, Order.objects.filter(pk__in=set(order_ids)))}


def lock_held_goods(account_id: int) -> None:
    """All that the account's drafts hold together: whoever adds to it does so alone, so that two carts do not both fit
    under its limit. After the draft's own row."""
    climb(Rank.ORDER, [account_id], table=_HELD)
    sql.rows(_ONE_AT_A_TIME, {"key": int(_SPACE) + account_id})
