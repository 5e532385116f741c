"""The other floor of a claim: by hand as well, but it decides as the verb must, from what it reads under the demand's lock.

The plain floor (`floor.reserve`) is told the site, the promise and the reason beforehand, so that one statement does for it.
A claim that is told only its demand has to ask what is wanted and what there is before it can write what it promised and why:
two messages, whoever writes them. Here they are hand-written SQL and the least Python between; what comes in later is not
even asked for, which the verb does ask.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from benchmarks import data, floor
from core import sql

open_demands = floor.open_demands

DEMAND = """
SELECT id, product_id, backordered_qty, requested_date, site_id, tier_rank, priority, min_shelf_life_days, is_blocked
  FROM floor.inventory_demand WHERE id = %(demand)s::bigint FOR NO KEY UPDATE
"""
# The best site's stock of the product that nobody has claimed, with what its dates take.
FREE = """
SELECT b.id, s.id, s.code, s.lead_days, s.transit_days
  FROM floor.inventory_demand d JOIN floor.inventory_stockbalance b ON b.product_id = d.product_id
  JOIN inventory_site s ON s.id = b.site_id LEFT JOIN inventory_lot l ON l.id = b.lot_id
 WHERE d.id = %(demand)s::bigint AND b.status = 'available' AND b.owner = '' AND s.is_active AND NOT coalesce(l.is_recalled, false)
   AND b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty >= d.backordered_qty
 ORDER BY s.rank, l.expiry_date, b.id LIMIT 1
"""
# What forbids to decide from that alone: pools, safety stock or caps, and claims that have run out and count as free.
RULED = """
SELECT EXISTS (SELECT FROM inventory_pool p WHERE p.product_id = d.product_id AND p.state <> 'inactive')
    OR EXISTS (SELECT FROM inventory_safetystock s WHERE s.product_id = d.product_id AND s.qty > 0)
    OR EXISTS (SELECT FROM inventory_ordercap o WHERE o.product_id = d.product_id)
    OR EXISTS (SELECT FROM floor.inventory_claim c JOIN floor.inventory_stockbalance b ON b.id = c.balance_id
                WHERE c.state = 'open' AND c.expires_at <= %(now)s::timestamptz AND b.product_id = d.product_id)
  FROM floor.inventory_demand d WHERE d.id = %(demand)s::bigint
"""
WRITE_CLAIMED = """
WITH locked AS MATERIALIZED (
  SELECT id FROM floor.inventory_stockbalance WHERE id = %(balance)s::bigint FOR NO KEY UPDATE),
claims AS (
  INSERT INTO floor.inventory_claim (demand_id, balance_id, kind, state, qty, opened_at, ended)
  VALUES (%(demand)s::bigint, %(balance)s::bigint, 'soft', 'open', %(qty)s::numeric, %(now)s::timestamptz, '')),
moved AS (
  UPDATE floor.inventory_demand SET backordered_qty = backordered_qty - %(qty)s::numeric, reserved_qty = reserved_qty + %(qty)s::numeric
   WHERE id = %(demand)s::bigint),
promised AS (
  INSERT INTO floor.inventory_promise (demand_id, qty, kind, site_id, ship_date, delivery_date, first_delivery_date, slip_cause, is_current, made_at)
  VALUES (%(demand)s::bigint, %(qty)s::numeric, 'stock', %(site)s::bigint, %(ship)s::date, %(there)s::date, %(there)s::date, '', true, %(now)s::timestamptz)),
decided AS (
  INSERT INTO floor.inventory_demanddecision (demand_id, position, explanation) VALUES (%(demand)s::bigint, 1, %(why)s::jsonb)
  ON CONFLICT (demand_id) DO UPDATE SET explanation = excluded.explanation)
UPDATE floor.inventory_stockbalance b SET reserved_qty = b.reserved_qty + %(qty)s::numeric FROM locked l WHERE b.id = l.id
"""
WRITE_REFUSED = """
WITH promised AS (
  INSERT INTO floor.inventory_promise (demand_id, qty, kind, slip_cause, is_current, made_at)
  VALUES (%(demand)s::bigint, %(qty)s::numeric, 'none', '', true, %(now)s::timestamptz))
INSERT INTO floor.inventory_demanddecision (demand_id, position, explanation) VALUES (%(demand)s::bigint, 1, %(why)s::jsonb)
  ON CONFLICT (demand_id) DO UPDATE SET explanation = excluded.explanation
"""


def reserve(demand_ids: Sequence[int]) -> int:
    """Reserve one demand: 1 when it got all it wants, else 0. Who was overtaken on the last unit looks again."""
    (demand,) = demand_ids
    while True:
        try:
            with transaction.atomic(durable=True):
                return _claim(demand)
        except IntegrityError:  # more is claimed than there is: the last word is the constraint's, as for the product
            continue


def _claim(demand: int) -> int:
    asked = {"demand": demand, "now": data.NOW}
    wanted, free, ruled = sql.answers(
        sql.Statement(DEMAND, asked, list), sql.Statement(FREE, asked, list), sql.Statement(RULED, asked, list)
    )
    ((_, _, qty, requested, _, tier, _, _, _),) = wanted
    if ruled != [(False,)]:
        raise NotImplementedError("this floor knows no pools, caps, safety stock or claims that ran out")
    inputs = {"asked": str(qty), "position": 1, "of": 1, "tier_rank": tier, "requested_date": requested.isoformat()}
    written: dict[str, Any] = {"demand": demand, "qty": qty, "now": data.NOW}
    if not free:
        why = {"rule": "rank", "outcome": f"0 of {qty} reserved", "inputs": inputs, "losers": ["no stock is free"]}
        sql.run_and_commit(WRITE_REFUSED, {**written, "why": json.dumps(why)})
        return 0
    ((balance, site, code, lead_days, transit_days),) = free
    ship = max(requested - timedelta(days=transit_days), data.NOW.date() + timedelta(days=lead_days))
    why = {"rule": "rank", "outcome": f"{qty} of {qty} reserved from {code}", "inputs": inputs, "losers": []}
    written |= {"balance": balance, "site": site, "ship": ship, "there": ship + timedelta(days=transit_days)}
    sql.run_and_commit(WRITE_CLAIMED, {**written, "why": json.dumps(why)})
    return 1
