"""Reads about counts: what was found against the books, now."""

from decimal import Decimal

from django.db import connection

from catalog.queries import product_snapshots
from inventory.rules.counts import Counted

_COUNTED = """
    SELECT l.id, b.id, b.product_id, l.counted_qty, b.on_hand_qty,
           coalesce((SELECT sum(m.qty) FROM inventory_stockmovement m
                      WHERE m.balance_id = b.id AND m.at > l.counted_at AND m.kind NOT IN ('adjust', 'count')), 0)
      FROM inventory_countline l JOIN inventory_stockbalance b ON b.id = l.balance_id
     WHERE l.count_id = %s AND l.counted_qty IS NOT NULL ORDER BY b.id"""


def counted_lines(count_id: int) -> list[Counted]:
    """The counted lines with what the books say now, what moved since, and what a unit costs.

    Goods that came or left after the count are no variance; corrections of the books in the meantime are, because they
    say the same thing again. Two statements.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [count_id])
        rows: list[tuple[int, int, int, Decimal, Decimal, Decimal]] = cursor.fetchall()
    products = product_snapshots({row[2] for row in rows})
    costs = {i: p.standard_cost for i, p in products.items()}
    return [Counted(*row, cost=costs.get(row[2])) for row in rows]
