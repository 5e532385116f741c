"""How far orders are, in the words of every door (orders/rules/standing.py)."""

from collections.abc import Collection

from orders.filters import order_summaries
from orders.queries import holds_of, progress
from orders.rules.standing import Standing, order_standing


def standings(order_ids: Collection[int]) -> dict[int, Standing]:
    """{id: standing} of those there are, in a constant number of statements."""
    if not order_ids:
        return {}
    far, holds = progress(order_ids), holds_of(order_ids)
    return {
        head.order_id: order_standing(head.status, far.get(head.order_id), is_held=head.order_id in holds)
        for head in order_summaries(set(order_ids))
    }
