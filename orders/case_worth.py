"""What cases of the rooms below put at risk, by the prices of the lines that wait: they know quantities alone."""

from collections.abc import Sequence
from decimal import Decimal

from core import sql
from exceptions_app.detection import Cause, Worth, register
from inventory.exception_kinds import ALLOCATION_CONFLICT, LATE_SUPPLY, PROMISE_LOST, PROMISE_MOVED

NOTHING = (Decimal(0), "")

# In the currency of which most waits, where customers pay in several.
_OF_PRODUCTS = """
SELECT DISTINCT ON (d.product_id) d.product_id, sum(round(d.backordered_qty * l.unit_price, 2)) AS worth, o.currency
  FROM inventory_demand d JOIN orders_orderline l ON l.demand_id = d.id JOIN orders_order o ON o.id = l.order_id
 WHERE d.product_id = ANY(%(ids)s::bigint[]) AND d.ordered_qty > d.cancelled_qty + d.shipped_qty AND d.backordered_qty > 0
 GROUP BY d.product_id, o.currency ORDER BY d.product_id, worth DESC, o.currency
"""
_OF_DEMANDS = """
SELECT d.id, round((d.ordered_qty - d.cancelled_qty - d.shipped_qty) * l.unit_price, 2), o.currency
  FROM inventory_demand d JOIN orders_orderline l ON l.demand_id = d.id JOIN orders_order o ON o.id = l.order_id
 WHERE d.id = ANY(%(ids)s::bigint[]) AND l.unit_price IS NOT NULL
"""


def worth_of_products(causes: Sequence[Cause]) -> list[tuple[Decimal, str]]:
    """What waits for the product that each is about."""
    return _asked(_OF_PRODUCTS, [cause.subject.id for cause in causes])


def worth_of_demands(causes: Sequence[Cause]) -> list[tuple[Decimal, str]]:
    """What is still to be sent of the line whose promise moved ("demand:12")."""
    named = [cause.cause_key.removeprefix("demand:") for cause in causes]
    return _asked(_OF_DEMANDS, [int(n) if n.isdecimal() else 0 for n in named])


def _asked(text: str, ids: Sequence[int]) -> list[tuple[Decimal, str]]:
    known = {pk: (worth or Decimal(0), currency) for pk, worth, currency in sql.rows(text, {"ids": list(ids)})}
    return [known.get(pk, NOTHING) for pk in ids]


register(
    Worth(LATE_SUPPLY.code, worth_of_products),
    Worth(ALLOCATION_CONFLICT.code, worth_of_products),
    Worth(PROMISE_MOVED.code, worth_of_demands),
    Worth(PROMISE_LOST.code, worth_of_demands),
)
