"""What must always be true of shipments."""

from collections.abc import Iterator

from django.db import connection

from core.money import places_in_sql

PLACES = places_in_sql("o.currency")

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

# What is in another currency than the account's counts with its own amount: documents know no rates.
_EXPOSURE = f"""
WITH line AS (
    SELECT h.account_id, {PLACES} AS places, ol.unit_price, ol.unit_tax, ol.unit_freight,
           CASE WHEN h.status IN ('released', 'acknowledged', 'picking') THEN l.qty
                WHEN h.status = 'packed' THEN l.picked_qty ELSE 0 END AS there, l.shipped_qty - l.invoiced_qty AS gone
      FROM fulfillment_shipmentline l JOIN fulfillment_shipment h ON h.id = l.shipment_id
      JOIN orders_orderline ol ON ol.id = l.order_line_id JOIN orders_order o ON o.id = ol.order_id
), worth AS (
    SELECT account_id,
           sum(round(there * unit_price, places) + round(there * unit_tax, places)
               + round(there * unit_freight, places)) AS released,
           sum(round(gone * unit_price, places) + round(gone * unit_tax, places)
               + round(gone * unit_freight, places)) AS shipped
      FROM line GROUP BY account_id
), said AS (
    SELECT c.account_id, c.released_amount + coalesce(p.released, 0) AS released,
           c.shipped_amount + coalesce(p.shipped, 0) AS shipped
      FROM credit_creditaccount c
      LEFT JOIN (SELECT credit_account_id, sum(document_amount - amount) FILTER (WHERE bucket = 'released') AS released,
                        sum(document_amount - amount) FILTER (WHERE bucket = 'shipped') AS shipped
                   FROM credit_posting WHERE currency <> '' GROUP BY 1) p ON p.credit_account_id = c.id)
SELECT s.account_id, s.released, coalesce(w.released, 0), s.shipped, coalesce(w.shipped, 0)
  FROM said s LEFT JOIN worth w ON w.account_id = s.account_id
 WHERE (s.released, s.shipped) IS DISTINCT FROM (coalesce(w.released, 0), coalesce(w.shipped, 0))
 ORDER BY s.account_id LIMIT 100
"""
_CLAIMS = """
SELECT h.number, l.id, l.qty, coalesce(c.shipped, 0), l.shipped_qty, coalesce(m.qty, 0)
  FROM fulfillment_shipmentline l JOIN fulfillment_shipment h ON h.id = l.shipment_id
  JOIN inventory_stockbalance b ON b.id = l.balance_id JOIN inventory_site s ON s.id = b.site_id
  LEFT JOIN LATERAL (SELECT k.balance_id, k.demand_id, CASE WHEN k.ended = 'shipped' THEN k.qty ELSE 0 END AS shipped
                       FROM inventory_claim k WHERE k.id = l.claim_id) c ON true
  LEFT JOIN LATERAL (SELECT -sum(v.qty) AS qty FROM inventory_stockmovement v
                      WHERE (v.source_kind, v.source_id, v.kind) IN (('shipment', h.id, 'ship'),
                                                                     ('field_usage', h.usage_id, 'consumption'))
                        AND v.sequence = l.claim_id AND v.balance_id = l.balance_id) m ON true
 WHERE l.shipped_qty > l.qty + l.over_qty OR b.lot_id IS DISTINCT FROM l.lot_id OR b.product_id <> l.product_id
    OR c.balance_id IS DISTINCT FROM l.balance_id OR c.demand_id IS DISTINCT FROM l.demand_id
    OR c.shipped <> l.shipped_qty OR coalesce(m.qty, 0) <> CASE s.kind WHEN 'vendor' THEN 0 ELSE l.shipped_qty END
 ORDER BY l.id LIMIT 100
"""


def shipments_match_demands() -> Iterator[str]:
    """Released, picked and shipped of a demand are what its shipments say."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        for demand_id, *pairs in cursor.fetchall():
            names = ("released", "picked", "shipped")
            differ = [f"{n} {a} ≠ {b}" for n, a, b in zip(names, pairs[::2], pairs[1::2], strict=True) if a != b]
            yield f"demand {demand_id}: {', '.join(differ)}"


def exposure_matches_shipments() -> Iterator[str]:
    """Released and shipped exposure of an account is its shipment lines at the locked price, with tax and freight."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPOSURE)
        for account_id, released, lines, shipped, sent in cursor.fetchall():
            yield f"account {account_id}: released {released} ≠ {lines} of its lines, shipped {shipped} ≠ {sent}"


def lines_ship_what_their_claims_held() -> Iterator[str]:
    """Never more of a lot than was allocated of it, and every shipped unit left by a movement of that balance; of what a
    vendor sent, none of ours did."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS)
        for number, line_id, qty, claimed, shipped, moved in cursor.fetchall():
            yield f"{number} line {line_id}: {qty} released, {claimed} claimed, {shipped} shipped, {moved} moved"


_PACKED = """
SELECT h.number, l.id, coalesce(l.picked_qty, 0), sum(p.qty), h.status
  FROM fulfillment_packageline p JOIN fulfillment_shipmentline l ON l.id = p.shipment_line_id
  JOIN fulfillment_shipment h ON h.id = l.shipment_id JOIN fulfillment_package k ON k.id = p.package_id
 GROUP BY h.id, l.id
HAVING sum(p.qty) > coalesce(l.picked_qty, 0) OR bool_or(k.shipment_id <> h.id)
    OR (h.status IN ('shipped', 'in_transit', 'delivered', 'refused') AND sum(p.qty) <> l.shipped_qty)
 ORDER BY l.id LIMIT 100
"""


def packages_hold_what_was_picked() -> Iterator[str]:
    """No unit lies in two packages or in another shipment's, and what left was packed to the end where packing was begun."""
    with connection.cursor() as cursor:
        cursor.execute(_PACKED)
        for number, line_id, picked, packed, status in cursor.fetchall():
            yield f"{number} line {line_id} ({status}): {picked} picked, {packed} in packages"


_BOUGHT = """
SELECT h.number, v.number, count(l.id), count(x.id) FILTER (WHERE x.qty = l.qty OR x.confirmed_qty = l.qty)
  FROM fulfillment_shipment h JOIN inventory_site s ON s.id = h.site_id AND s.kind = 'vendor'
  LEFT JOIN fulfillment_vendororder v ON v.shipment_id = h.id
  LEFT JOIN fulfillment_shipmentline l ON l.shipment_id = h.id
  LEFT JOIN fulfillment_vendororderline x ON x.shipment_line_id = l.id AND x.vendor_order_id = v.id
       AND x.product_id = l.product_id AND x.order_line_id = l.order_line_id
 GROUP BY h.id, v.id
HAVING v.id IS NULL OR count(l.id) <> count(x.id) FILTER (WHERE x.qty = l.qty OR x.confirmed_qty = l.qty)
 ORDER BY h.id LIMIT 100
"""


def vendors_send_what_was_bought() -> Iterator[str]:
    """Every shipment of a vendor's site is bought of it, line by line, in the quantity asked or confirmed."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUGHT)
        for shipment, order, lines, bought in cursor.fetchall():
            yield f"{shipment}: {bought} of its {lines} lines are on {order or 'no vendor order'}"
