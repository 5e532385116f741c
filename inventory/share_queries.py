"""Which products of some demands are held back from their orders: by pools, safety stock, caps, or a policy's percent that
can end what the order takes. What is not among them is claimed without the lock of the pools."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from core import sql
from inventory.pool_queries import GOOD, KINDS, RULED, SHARED, held_back_products

_OF_DEMANDS = "ARRAY(SELECT product_id FROM inventory_demand WHERE id = ANY(%(demands)s::bigint[]))"
# What an order takes of a site is at least in one balance of it. So an order that wants no more than its percent of the
# least balance with anything free (or held by who has run out) is nowhere kept from more: neither row nor lock is needed.
# What a cart or quote holds for a while is not dealt by runs, and not counted.
_CAN_BIND = f"""
    binding AS (
        SELECT x.product_id FROM shared x WHERE %(every)s::bool OR (
            SELECT max(o.qty) FROM (
                SELECT sum(d.ordered_qty - d.cancelled_qty) AS qty
                FROM (SELECT DISTINCT ref_kind, ref_id FROM inventory_demand
                      WHERE id = ANY(%(demands)s::bigint[]) AND product_id = x.product_id) r
                JOIN inventory_demand d ON d.ref_kind = r.ref_kind AND d.ref_id = r.ref_id AND d.product_id = x.product_id
                GROUP BY r.ref_kind, r.ref_id) o
        ) > (
            SELECT min(trunc((b.on_hand_qty - b.released_qty - b.picked_qty - coalesce(k.kept, 0)) * x.percent / 100
                             / coalesce(nullif(x.lot, 0), 0.0001)) * coalesce(nullif(x.lot, 0), 0.0001))
            FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id
            LEFT JOIN inventory_lot l ON l.id = b.lot_id
            CROSS JOIN LATERAL (
                SELECT sum(c.qty) FILTER (WHERE c.expires_at > %(now)s::timestamptz) AS kept,
                       coalesce(bool_or(c.expires_at <= %(now)s::timestamptz), false) AS has_run_out
                FROM inventory_claim c WHERE c.balance_id = b.id AND c.state = 'open' AND c.kind = 'soft') k
            WHERE b.product_id = x.product_id AND {GOOD} AND (k.has_run_out
                OR b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty > 0)))"""
# Rules that name no product. Where there are none, those of the product itself are all there can be.
_ANY_WIDE_RULE = """(
    EXISTS (SELECT 1 FROM inventory_pool WHERE state <> 'inactive' AND category_id IS NOT NULL)
    OR EXISTS (SELECT 1 FROM inventory_ordercap WHERE category_id IS NOT NULL)
    OR EXISTS (SELECT 1 FROM inventory_allocationpolicy WHERE definition ->> 'order_cap_percent' IS NOT NULL))"""
# Asked with every claim: looking up all that may hold a product back took a quarter of the time of what is read with the
# lock. The products that have a rule of their own, and where there is a wide rule, all.
_HELD_BACK_OR_UNSURE = f"""
    SELECT product_id, has_own FROM (
        SELECT d.product_id,
            EXISTS (SELECT 1 FROM inventory_pool p WHERE p.state <> 'inactive' AND p.product_id = d.product_id)
            OR EXISTS (SELECT 1 FROM inventory_safetystock s WHERE s.qty > 0 AND s.product_id = d.product_id)
            OR EXISTS (SELECT 1 FROM inventory_ordercap o WHERE o.product_id = d.product_id) AS has_own
        FROM inventory_demand d WHERE d.id = ANY(%(demands)s::bigint[])) asked
    WHERE has_own OR {_ANY_WIDE_RULE}"""
_HELD_BACK_AND_WIDE = f"""WITH {SHARED.format(products=_OF_DEMANDS)}, {_CAN_BIND}
    {RULED} = ANY({_OF_DEMANDS}) UNION SELECT product_id FROM binding UNION ALL SELECT NULL WHERE {_ANY_WIDE_RULE}"""
_has_wide_rules = False  # as this process was last told: decides which of the two is asked, never what is answered


def reading_held_back_products(
    demand_ids: Collection[int], *, now: datetime, every: bool = False
) -> sql.Statement[list[int]]:
    """To be read in somebody's round trip, after the demands are locked; another follows where the first rule that names
    no product has come since this process asked. `every`: also where the percent of a policy cannot end what the order
    takes by what is stored, because more of it is asked, or set free, in the same step."""
    asked = {"demands": list(demand_ids)}
    if _has_wide_rules:
        return sql.Statement(_HELD_BACK_AND_WIDE, asked | {"now": now, "every": every, "kinds": KINDS}, _told_all)
    return sql.Statement(_HELD_BACK_OR_UNSURE, asked, _told_own)


def _told_own(rows: list[tuple[Any, ...]]) -> list[int]:
    global _has_wide_rules
    products = list({product_id for product_id, _ in rows})
    if all(has_own for _, has_own in rows):
        return products
    _has_wide_rules = True
    return held_back_products(products)


def _told_all(rows: list[tuple[Any, ...]]) -> list[int]:
    global _has_wide_rules
    products = [product_id for (product_id,) in rows if product_id is not None]
    _has_wide_rules = len(products) < len(rows)
    return products
