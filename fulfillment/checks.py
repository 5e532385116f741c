"""What must always be true of shipments."""

from collections.abc import Iterator

from django.db import connection

_SQL = """
SELECT d.id, d.released_qty, coalesce(s.released, 0), d.picked_qty, coalesce(s.picked, 0),
       d.shipped_qty, coalesce(s.shipped, 0)
  FROM inventory_demand d
  LEFT JOIN (
    SELECT l.demand_id,
           sum(l.qty) FILTER (WHERE h.status IN ('released', 'acknowledged', 'picking')) AS released,
           sum(l.picked_qty) FILTER (WHERE h.status = 'packed') AS picked,
           sum(l.shipped_qty) AS shipped
      FROM fulfillment_shipmentline l JOIN fulfillment_shipment h ON h.id = l.shipment_id GROUP BY l.demand_id
  ) s ON s.demand_id = d.id
 WHERE (d.released_qty, d.picked_qty, d.shipped_qty)
       IS DISTINCT FROM (coalesce(s.released, 0), coalesce(s.picked, 0), coalesce(s.shipped, 0))
   AND (d.ref_kind = 'order' OR s.demand_id IS NOT NULL)
 ORDER BY d.id LIMIT 100
"""


def shipments_match_demands() -> Iterator[str]:
    """Released, picked and shipped of a demand are what its shipments say."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        for demand_id, *pairs in cursor.fetchall():
            names = ("released", "picked", "shipped")
            differ = [f"{n} {a} ≠ {b}" for n, a, b in zip(names, pairs[::2], pairs[1::2], strict=True) if a != b]
            yield f"demand {demand_id}: {', '.join(differ)}"
