"""The clocks of orders, read from here and from the rooms above. A constant number of statements."""

from collections.abc import Collection
from datetime import datetime

from core import sql
from orders import beyond
from orders.rules.clocks import Clock, Span, clean_at, clocks

_OWN = """
SELECT o.id, o.received_at, o.submitted_at, h.is_open, h.cleared, p.first, p.last FROM orders_order o
  LEFT JOIN LATERAL (SELECT bool_or(cleared_at IS NULL) AS is_open, max(cleared_at) AS cleared
                       FROM orders_hold WHERE order_id = o.id) h ON true
  LEFT JOIN LATERAL (SELECT min(made.at) AS first, max(made.at) AS last
                       FROM (SELECT min(q.made_at) AS at FROM orders_orderline l
                               JOIN inventory_promise q ON q.demand_id = l.demand_id AND q.delivery_date IS NOT NULL
                              WHERE l.order_id = o.id GROUP BY l.demand_id) made) p ON true
 WHERE o.id = ANY(%(orders)s::bigint[])
"""


def clocks_of(order_ids: Collection[int]) -> dict[int, tuple[Clock, ...]]:
    """{order: its clocks, entered to paid}. One statement here, and what the rooms above ask."""
    ids = sorted(set(order_ids))
    above = beyond.moments_of(ids)
    return {
        pk: clocks(
            {
                "entered": _span(received, received),
                "clean": _once(clean_at(submitted, is_held=bool(is_held), cleared_at=cleared)),
                "promised": _span(first, last),
                **above[pk],
            }
        )
        for pk, received, submitted, is_held, cleared, first, last in sql.rows(_OWN, {"orders": ids})
    }


def _once(at: datetime | None) -> Span | None:
    return _span(at, at)


def _span(first: datetime | None, last: datetime | None) -> Span | None:
    return Span(first, last) if first is not None and last is not None else None
