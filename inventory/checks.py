"""What must always be true of stock, one SQL statement each; read by `check_invariants` and by the tests."""

from collections.abc import Iterable

from django.db import connection

from core import invariants

CLAIMS_ON_A_BALANCE = """
    WITH held AS (
        SELECT balance_id, coalesce(sum(qty) FILTER (WHERE kind = 'soft'), 0) AS reserved,
               coalesce(sum(qty) FILTER (WHERE kind = 'hard'), 0) AS allocated,
               coalesce(sum(qty) FILTER (WHERE kind = 'released'), 0) AS released,
               coalesce(sum(qty) FILTER (WHERE kind = 'picked'), 0) AS picked
        FROM inventory_claim WHERE state = 'open' GROUP BY balance_id)
    SELECT format('balance %s holds %s/%s/%s/%s reserved/allocated/released/picked, its open claims %s/%s/%s/%s',
                  b.id, b.reserved_qty, b.allocated_qty, b.released_qty, b.picked_qty,
                  coalesce(h.reserved, 0), coalesce(h.allocated, 0), coalesce(h.released, 0), coalesce(h.picked, 0))
    FROM inventory_stockbalance b LEFT JOIN held h ON h.balance_id = b.id
    WHERE (b.reserved_qty, b.allocated_qty, b.released_qty, b.picked_qty) IS DISTINCT FROM
          (coalesce(h.reserved, 0), coalesce(h.allocated, 0), coalesce(h.released, 0), coalesce(h.picked, 0))
    ORDER BY b.id"""
ON_HAND_IS_ITS_MOVEMENTS = """
    SELECT format('balance %s has %s on hand, its movements sum to %s', b.id, b.on_hand_qty, coalesce(m.total, 0))
    FROM inventory_stockbalance b
    LEFT JOIN (SELECT balance_id, sum(qty) AS total FROM inventory_stockmovement GROUP BY balance_id) m
        ON m.balance_id = b.id
    WHERE b.on_hand_qty <> coalesce(m.total, 0) ORDER BY b.id"""
ONE_BUCKET_EACH = """
    SELECT format('demand %s: %s ordered, %s in its buckets', id, ordered_qty, cancelled_qty + backordered_qty
                  + reserved_qty + allocated_qty + released_qty + picked_qty + shipped_qty)
    FROM inventory_demand
    WHERE ordered_qty <> cancelled_qty + backordered_qty + reserved_qty + allocated_qty + released_qty + picked_qty
                         + shipped_qty ORDER BY id"""
CLAIMS_WITHIN_ON_HAND = """
    SELECT format('balance %s: %s claimed of %s on hand', id, reserved_qty + allocated_qty + released_qty + picked_qty,
                  on_hand_qty)
    FROM inventory_stockbalance
    WHERE reserved_qty + allocated_qty + released_qty + picked_qty > on_hand_qty ORDER BY id"""
CLAIMS_OF_A_DEMAND = """
    WITH held AS (
        SELECT demand_id, coalesce(sum(qty) FILTER (WHERE state = 'open' AND kind = 'soft'), 0) AS reserved,
               coalesce(sum(qty) FILTER (WHERE state = 'open' AND kind = 'hard'), 0) AS allocated,
               coalesce(sum(qty) FILTER (WHERE state = 'open' AND kind = 'released'), 0) AS released,
               coalesce(sum(qty) FILTER (WHERE state = 'open' AND kind = 'picked'), 0) AS picked,
               coalesce(sum(qty) FILTER (WHERE ended = 'shipped'), 0) AS shipped
        FROM inventory_claim GROUP BY demand_id)
    SELECT format('demand %s counts %s/%s/%s/%s/%s reserved/allocated/released/picked/shipped, its claims %s/%s/%s/%s/%s',
                  d.id, d.reserved_qty, d.allocated_qty, d.released_qty, d.picked_qty, d.shipped_qty,
                  coalesce(h.reserved, 0), coalesce(h.allocated, 0), coalesce(h.released, 0), coalesce(h.picked, 0),
                  coalesce(h.shipped, 0))
    FROM inventory_demand d LEFT JOIN held h ON h.demand_id = d.id
    WHERE (d.reserved_qty, d.allocated_qty, d.released_qty, d.picked_qty, d.shipped_qty) IS DISTINCT FROM
          (coalesce(h.reserved, 0), coalesce(h.allocated, 0), coalesce(h.released, 0), coalesce(h.picked, 0),
           coalesce(h.shipped, 0)) ORDER BY d.id"""
PROMISES_COVER_WHAT_IS_OPEN = """
    SELECT format('demand %s: %s open, %s promised', d.id, d.open_qty, coalesce(p.total, 0))
    FROM (SELECT id, backordered_qty + reserved_qty + allocated_qty + released_qty + picked_qty AS open_qty
          FROM inventory_demand) d
    JOIN (SELECT demand_id, sum(qty) FILTER (WHERE is_current) AS total FROM inventory_promise GROUP BY demand_id) p
        ON p.demand_id = d.id
    WHERE d.open_qty <> coalesce(p.total, 0) ORDER BY d.id"""
CHECKS = {
    "claims on a balance equal its open claims": CLAIMS_ON_A_BALANCE,
    "on hand equals the sum of movements": ON_HAND_IS_ITS_MOVEMENTS,
    "every ordered unit is in exactly one bucket": ONE_BUCKET_EACH,
    "claims never exceed on hand": CLAIMS_WITHIN_ON_HAND,
    "demand buckets equal its open claims": CLAIMS_OF_A_DEMAND,
    "current promises add up to the open quantity": PROMISES_COVER_WHAT_IS_OPEN,
}


def register() -> None:
    for name, sql in CHECKS.items():
        invariants.register(name, _Check(sql))


class _Check:
    """A statement whose every row is a breach, in words."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def __call__(self) -> Iterable[str]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql)
            return [detail for (detail,) in cursor.fetchall()]
