"""Whose firm stock could be lent to a demand: the same product, wanted later and served later. One statement."""

from decimal import Decimal

from core import sql

_LENDERS = """
SELECT giver.id, giver.ref_number, giver.allocated_qty
  FROM inventory_demand taker JOIN inventory_demand giver ON giver.product_id = taker.product_id AND giver.id <> taker.id
 WHERE taker.id = %(demand)s AND giver.ordered_qty > giver.cancelled_qty + giver.shipped_qty AND giver.allocated_qty > 0
   AND (giver.tier_rank, giver.requested_date) > (taker.tier_rank, taker.requested_date)
 ORDER BY giver.allocated_qty < taker.backordered_qty, giver.requested_date DESC, giver.tier_rank DESC, giver.id
 LIMIT %(limit)s
"""


def lenders(demand_id: int, *, limit: int = 3) -> list[tuple[int, str, Decimal]]:
    """[(demand id, document, firm base units)]: those that could give all that is missing first, then the latest wanted."""
    return [(pk, number, qty) for pk, number, qty in sql.rows(_LENDERS, {"demand": demand_id, "limit": limit})]


_WORST_SERVED = """
SELECT id, backordered_qty FROM inventory_demand
 WHERE product_id = %(product)s AND ordered_qty > cancelled_qty + shipped_qty AND backordered_qty > 0 AND NOT is_blocked
 ORDER BY tier_rank, requested_date, id LIMIT 1
"""


def worst_served(product_id: int) -> tuple[int, Decimal] | None:
    """(demand id, base units it waits for) of the best-ranked demand of the product that waits. One statement."""
    return next(((pk, qty) for pk, qty in sql.rows(_WORST_SERVED, {"product": product_id})), None)
