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
TRANSIT_IS_OPEN_TRANSFERS = """
    WITH travelling AS (
        SELECT t.number, t.to_site_id AS site_id, l.product_id,
               sum(l.shipped_qty - l.received_qty - l.damaged_qty - l.missing_qty)
               FILTER (WHERE t.status IN ('shipped', 'short') AND NOT coalesce(lot.is_recalled, false)) AS qty
        FROM inventory_transferline l JOIN inventory_transfer t ON t.id = l.transfer_id
        LEFT JOIN inventory_lot lot ON lot.id = l.lot_id GROUP BY t.number, t.to_site_id, l.product_id),
    coming AS (
        SELECT reference AS number, site_id, product_id, sum(ordered_qty - received_qty) AS qty
        FROM inventory_inboundsupply WHERE kind = 'transfer' AND NOT is_closed
        GROUP BY reference, site_id, product_id)
    SELECT format('%s of product %s at site %s: %s travel, %s are expected', number, product_id, site_id,
                  coalesce(t.qty, 0), coalesce(c.qty, 0))
    FROM travelling t FULL JOIN coming c USING (number, site_id, product_id)
    WHERE coalesce(t.qty, 0) <> coalesce(c.qty, 0) ORDER BY number, product_id"""
TRANSFERS_ARE_THEIR_MOVEMENTS = """
    WITH moved AS (
        SELECT source_id, coalesce(-sum(qty) FILTER (WHERE kind = 'transfer_out'), 0) AS sent,
               coalesce(sum(qty) FILTER (WHERE kind = 'transfer_in'), 0) AS came
        FROM inventory_stockmovement WHERE source_kind = 'transfer' GROUP BY source_id),
    said AS (
        SELECT transfer_id, sum(shipped_qty) AS sent, sum(received_qty + damaged_qty) AS came
        FROM inventory_transferline GROUP BY transfer_id)
    SELECT format('transfer %s: %s sent and %s come by its lines, %s and %s by movements', s.transfer_id, s.sent, s.came,
                  coalesce(m.sent, 0), coalesce(m.came, 0))
    FROM said s LEFT JOIN moved m ON m.source_id = s.transfer_id
    WHERE (s.sent, s.came) IS DISTINCT FROM (coalesce(m.sent, 0), coalesce(m.came, 0)) ORDER BY s.transfer_id"""
SERIALS_ARE_IN_ONE_PLACE = """
    SELECT format('serial number %s of product %s: %s on hand in %s place(s)', l.code, l.product_id, sum(b.on_hand_qty),
                  count(*))
    FROM inventory_lot l JOIN inventory_stockbalance b ON b.lot_id = l.id AND b.on_hand_qty > 0
    WHERE l.is_serial GROUP BY l.id HAVING sum(b.on_hand_qty) <> 1 ORDER BY l.id"""
SERIAL_STOCK_HAS_NUMBERS = """
    SELECT format('product %s at site %s: %s on hand without serial numbers', b.product_id, b.site_id, b.on_hand_qty)
    FROM inventory_stockbalance b JOIN catalog_product p ON p.id = b.product_id AND p.tracking = 'serial'
    LEFT JOIN inventory_lot l ON l.id = b.lot_id
    WHERE b.on_hand_qty > 0 AND NOT coalesce(l.is_serial, false) ORDER BY b.id"""
NO_STATUS_IS_NEGATIVE = """
    SELECT format('product %s at site %s has %s in status %s', product_id, site_id, on_hand_qty, status)
    FROM inventory_stockbalance WHERE on_hand_qty < 0 ORDER BY id"""
USAGES_ARE_THEIR_MOVEMENTS = """
    SELECT format('usage %s: %s used by its lines, %s left by movements', u.number, l.qty, coalesce(m.qty, 0))
    FROM inventory_fieldusage u
    JOIN (SELECT usage_id, sum(qty) AS qty FROM inventory_usageline GROUP BY 1) l ON l.usage_id = u.id
    LEFT JOIN (SELECT source_id, -sum(qty) AS qty FROM inventory_stockmovement
                WHERE source_kind = 'field_usage' AND kind = 'consumption' GROUP BY 1) m ON m.source_id = u.id
    WHERE l.qty <> coalesce(m.qty, 0) ORDER BY u.id"""
CLAIMS_TRAVEL_ONCE = """
    SELECT format('transfer %s is %s, the claim of its line %s is %s %s of %s, %s were sent', t.number, t.status, l.id,
                  c.state, c.kind, c.qty, l.shipped_qty)
    FROM inventory_transferline l JOIN inventory_transfer t ON t.id = l.transfer_id
    JOIN inventory_claim c ON c.id = l.claim_id
    WHERE CASE WHEN t.status = 'requested' THEN (c.state, c.kind, c.qty) <> ('open', 'released', l.qty)
               WHEN t.status = 'cancelled' OR l.shipped_qty = 0 THEN c.state <> 'closed' OR c.ended = 'shipped'
               ELSE c.ended <> 'shipped' OR c.qty <> l.shipped_qty END ORDER BY l.id"""
OFFERS_MOVED_WHAT_THEY_OFFERED = """
    SELECT format('offer %s offered %s, its transfer moved %s', o.number, sum(l.qty),
                  (SELECT sum(x.received_qty) FROM inventory_transferline x WHERE x.transfer_id = o.transfer_id))
    FROM inventory_transferoffer o JOIN inventory_offerline l ON l.offer_id = o.id WHERE o.status = 'accepted'
    GROUP BY o.id HAVING sum(l.qty) IS DISTINCT FROM
        (SELECT sum(x.received_qty) FROM inventory_transferline x WHERE x.transfer_id = o.transfer_id) ORDER BY o.id"""
OPEN_DISPUTES_STAND = """
    SELECT format('dispute %s says %s of %s came, the line has %s and %s damaged', d.number, d.stated_qty, d.sent_qty,
                  l.received_qty, l.damaged_qty)
    FROM inventory_transferdispute d JOIN inventory_transferline l ON l.id = d.line_id
    WHERE d.status = 'open' AND l.received_qty + l.damaged_qty <> least(d.stated_qty, d.sent_qty) ORDER BY d.id"""
A_VENDOR_HOLDS_ITS_OFFER = """
    SELECT format('balance %s at vendor %s: %s there, %s offered, %s claimed, %s by other movements', b.id, s.code,
                  b.on_hand_qty, coalesce(o.most_qty, 0),
                  b.reserved_qty + b.allocated_qty + b.released_qty + b.picked_qty, coalesce(m.qty, 0))
    FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id AND s.kind = 'vendor'
    LEFT JOIN inventory_vendoroffer o ON o.balance_id = b.id AND (o.site_id, o.product_id) = (b.site_id, b.product_id)
    LEFT JOIN LATERAL (SELECT sum(v.qty) AS qty FROM inventory_stockmovement v
                       WHERE v.balance_id = b.id AND v.source_kind <> 'vendor_offer') m ON true
    WHERE coalesce(m.qty, 0) <> 0 OR b.on_hand_qty <> 0 AND o.id IS NULL
       OR o.is_active AND o.out_since IS NULL AND b.on_hand_qty < o.most_qty ORDER BY b.id"""
A_DRAFT_HOLDS_FOR_A_TIME = """
    SELECT format('demand %s of hold %s: %s waiting, %s allocated, %s released, %s of its claims never run out', d.id,
                  d.ref_id, d.backordered_qty, d.allocated_qty, d.released_qty + d.picked_qty + d.shipped_qty,
                  count(c.id))
    FROM inventory_demand d
    LEFT JOIN inventory_claim c ON c.demand_id = d.id AND c.state = 'open' AND c.expires_at IS NULL
    WHERE d.ref_kind = 'stock_hold' GROUP BY d.id
    HAVING count(c.id) > 0
        OR d.backordered_qty + d.allocated_qty + d.released_qty + d.picked_qty + d.shipped_qty > 0 ORDER BY d.id"""
CHECKS = {
    "claims on a balance equal its open claims": CLAIMS_ON_A_BALANCE,
    "on hand equals the sum of movements": ON_HAND_IS_ITS_MOVEMENTS,
    "every ordered unit is in exactly one bucket": ONE_BUCKET_EACH,
    "claims never exceed on hand": CLAIMS_WITHIN_ON_HAND,
    "demand buckets equal its open claims": CLAIMS_OF_A_DEMAND,
    "current promises add up to the open quantity": PROMISES_COVER_WHAT_IS_OPEN,
    "dated supply of transfers is what travels": TRANSIT_IS_OPEN_TRANSFERS,
    "transfers say what their movements say": TRANSFERS_ARE_THEIR_MOVEMENTS,
    "a serial number is in one place at most": SERIALS_ARE_IN_ONE_PLACE,
    "stock of serial-tracked products has serial numbers": SERIAL_STOCK_HAS_NUMBERS,
    "no status holds less than nothing": NO_STATUS_IS_NEGATIVE,
    "a usage is what left its site": USAGES_ARE_THEIR_MOVEMENTS,
    "a fill-up's claim travels once": CLAIMS_TRAVEL_ONCE,
    "an accepted offer moved what it offered": OFFERS_MOVED_WHAT_THEY_OFFERED,
    "an open dispute is what was booked": OPEN_DISPUTES_STAND,
    "what a draft holds is soft and runs out": A_DRAFT_HOLDS_FOR_A_TIME,
    "a vendor's site holds its offers, nothing of ours": A_VENDOR_HOLDS_ITS_OFFER,
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
