"""The floor: hand-written SQL, one round trip, that writes the rows the product writes into tables of the same shape.

The tables are copies of the product's (columns, checks, indexes, foreign keys) in a schema of their own, without its
triggers. The statements are prepared, as the product's hot ones are. No rule is left out that decides a number:
price by list and break, credit limit, stock guard.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.db import connection

from benchmarks import data
from core import sql

COPIES = (
    "orders_order", "orders_orderline", "inventory_demand", "inventory_claim", "inventory_promise", "inventory_demanddecision", "inventory_stockbalance",
    "inventory_allocationrun", "inventory_allocationchange",
    "inventory_inboundsupply", "credit_posting", "credit_creditaccount", "credit_openorderday", "core_journalentry", "core_outboxfact", "core_job",
)  # fmt: skip

PLACE = """
WITH inp AS (
  SELECT t.product_id, t.qty, t.line_no, p.unit_price, round(t.qty * p.unit_price, 2) AS amount
    FROM unnest(%(products)s::bigint[], %(qtys)s::numeric[]) WITH ORDINALITY AS t(product_id, qty, line_no)
    CROSS JOIN LATERAL (
      SELECT r.unit_price FROM public.pricing_pricerow r JOIN public.pricing_pricesource s ON s.id = r.source_id
        LEFT JOIN public.accounts_groupmembership m ON m.group_id = s.group_id AND m.account_id = %(account)s::bigint
       WHERE r.product_id = t.product_id AND r.min_qty <= t.qty AND (s.level = 'list' OR m.id IS NOT NULL)
         AND r.valid_from <= %(day)s::date AND (r.valid_to IS NULL OR r.valid_to > %(day)s::date)
       ORDER BY s.level = 'list', r.min_qty DESC LIMIT 1) p),
total AS (SELECT sum(amount) AS amount FROM inp),
credit AS (SELECT c.id FROM floor.credit_creditaccount c WHERE c.account_id = %(account)s::bigint FOR NO KEY UPDATE),
held AS (
  SELECT (SELECT amount FROM total) + c.receivable_amount + c.released_amount + c.shipped_amount
         + coalesce((SELECT sum(d.amount) FROM floor.credit_openorderday d WHERE d.credit_account_id = c.id), 0) > c.limit_amount AS is_held, c.id
    FROM floor.credit_creditaccount c WHERE c.id = (SELECT id FROM credit)),
locked AS MATERIALIZED (
  SELECT b.id, i.qty, i.line_no FROM floor.inventory_stockbalance b JOIN inp i ON b.product_id = i.product_id AND b.site_id = %(site)s::bigint
   WHERE b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty >= i.qty ORDER BY b.id FOR NO KEY UPDATE OF b),
claimed AS (
  UPDATE floor.inventory_stockbalance b SET reserved_qty = b.reserved_qty + l.qty FROM locked l
   WHERE b.id = l.id AND b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty >= l.qty RETURNING b.id, l.qty, l.line_no),
o AS (
  INSERT INTO floor.orders_order (public_id, number, account_id, ship_to_id, status, channel, external_id, po_number, release_number, currency, terms_code,
         requested_date, note, total_amount, tax_amount, freight_amount, version, gate_results, received_at, submitted_at)
  SELECT %(uuid)s::uuid, 'SO-' || nextval('number_order_seq'), %(account)s::bigint, %(account)s::bigint, 'submitted', 'api', '', '', '', 'USD', 'NET30',
         %(day)s::date, '', amount, 0, 0, 2, %(gates)s::jsonb, %(now)s::timestamptz, %(now)s::timestamptz FROM total RETURNING id),
d AS (
  INSERT INTO floor.inventory_demand (product_id, account_id, site_id, ref_kind, ref_id, ref_number, line_no, ordered_qty, cancelled_qty, backordered_qty, reserved_qty,
         allocated_qty, released_qty, picked_qty, shipped_qty, requested_date, min_shelf_life_days, is_blocked, backorder_allowed, priority, tier_rank, sla_penalty,
         is_contract, margin_band, ship_complete_group, opened_at)
  SELECT i.product_id, %(account)s::bigint, %(site)s::bigint, 'order', o.id, '', i.line_no, i.qty, 0, i.qty - coalesce(c.qty, 0), coalesce(c.qty, 0),
         0, 0, 0, 0, %(day)s::date, 0, false, true, 0, 1, 0, true, 0, '', %(now)s::timestamptz
    FROM inp i CROSS JOIN o LEFT JOIN claimed c USING (line_no) RETURNING id, line_no, reserved_qty, ordered_qty),
lines AS (
  INSERT INTO floor.orders_orderline (order_id, line_no, product_id, demand_id, qty, unit, unit_qty, stated_code, stated_description, external_ref, unit_price, amount,
         unit_margin, price_basis, price_source_id, price_trace, price_locked_at)
  SELECT o.id, i.line_no, i.product_id, d.id, i.qty, 'EA', i.qty, '', '', '', i.unit_price, i.amount, 0, 'group', 2, %(trace)s::jsonb, %(now)s::timestamptz
    FROM inp i JOIN d USING (line_no) CROSS JOIN o),
claims AS (
  INSERT INTO floor.inventory_claim (demand_id, balance_id, kind, state, qty, opened_at, ended)
  SELECT d.id, c.id, 'soft', 'open', c.qty, %(now)s::timestamptz, '' FROM claimed c JOIN d USING (line_no)),
promises AS (
  INSERT INTO floor.inventory_promise (demand_id, qty, kind, site_id, ship_date, delivery_date, first_delivery_date, slip_cause, is_current, made_at)
  SELECT d.id, d.ordered_qty, CASE WHEN d.reserved_qty > 0 THEN 'stock' ELSE 'none' END, %(site)s::bigint, %(day)s::date, %(day)s::date, %(day)s::date, '', true, %(now)s::timestamptz FROM d),
postings AS (
  INSERT INTO floor.credit_posting (credit_account_id, doc_kind, doc_id, doc_number, bucket, amount, ship_date, key, at)
  SELECT h.id, 'order', o.id, '', 'open_order', i.amount, %(day)s::date, 'order:' || o.id || ':' || i.line_no, %(now)s::timestamptz FROM held h CROSS JOIN o CROSS JOIN inp i),
day AS (
  INSERT INTO floor.credit_openorderday (credit_account_id, ship_date, amount) SELECT h.id, %(day)s::date, amount FROM held h CROSS JOIN total
  ON CONFLICT (credit_account_id, ship_date) DO UPDATE SET amount = floor.credit_openorderday.amount + EXCLUDED.amount),
version AS (UPDATE floor.credit_creditaccount c SET version = c.version + 1 FROM held h WHERE c.id = h.id),
journal AS (
  INSERT INTO floor.core_journalentry (subject_kind, subject_id, verb, summary, at, actor_label, actor_roles, ip, request_id, data)
  SELECT 'order', o.id, v.verb, 'Order ' || v.verb, %(now)s::timestamptz, 'benchmark', '', '', '', '{}' FROM o CROSS JOIN (VALUES ('captured'), ('submitted')) v(verb)),
facts AS (
  INSERT INTO floor.core_outboxfact (kind, stream, seq, payload, at, request_id)
  SELECT v.kind, 'order:' || o.id, v.seq, %(payload)s::jsonb, %(now)s::timestamptz, '' FROM o CROSS JOIN (VALUES ('orders.OrderCaptured', 1), ('orders.OrderSubmitted', 2)) v(kind, seq) RETURNING id, stream, seq, kind),
jobs AS (
  INSERT INTO floor.core_job (fact_id, reaction, stream, seq, state, deliveries, attempts, next_at, outcome, last_error)
  SELECT f.id, v.reaction, f.stream, f.seq, 'ready', 0, 0, %(now)s::timestamptz, '', '' FROM facts f CROSS JOIN (VALUES ('allocate'), ('measure')) v(reaction) WHERE f.seq = 2)
SELECT o.id, (SELECT count(*) FROM claimed) FROM o
"""

# What inventory.services.reserve writes: the guarded claim, the buckets, the promises and the reasons.
RESERVE = """
WITH wanted AS MATERIALIZED (
  SELECT id AS demand_id, product_id, site_id, ordered_qty AS qty FROM floor.inventory_demand WHERE id = ANY(%(demands)s::bigint[])),
locked AS MATERIALIZED (
  SELECT b.id, w.demand_id, w.qty
    FROM wanted w JOIN floor.inventory_stockbalance b ON b.product_id = w.product_id AND b.site_id = w.site_id
   ORDER BY b.id FOR NO KEY UPDATE OF b),
claimed AS (
  UPDATE floor.inventory_stockbalance b SET reserved_qty = b.reserved_qty + l.qty FROM locked l
   WHERE b.id = l.id AND b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty >= l.qty
  RETURNING b.id, l.demand_id, l.qty),
claims AS (
  INSERT INTO floor.inventory_claim (demand_id, balance_id, kind, state, qty, opened_at, ended)
  SELECT demand_id, id, 'soft', 'open', qty, %(now)s::timestamptz, '' FROM claimed),
moved AS (
  UPDATE floor.inventory_demand d SET backordered_qty = backordered_qty - c.qty, reserved_qty = reserved_qty + c.qty
    FROM claimed c WHERE d.id = c.demand_id),
promised AS (
  INSERT INTO floor.inventory_promise (demand_id, qty, kind, site_id, ship_date, delivery_date, first_delivery_date, slip_cause, is_current, made_at)
  SELECT w.demand_id, w.qty, CASE WHEN c.id IS NULL THEN 'none' ELSE 'stock' END, w.site_id, %(day)s::date, %(day)s::date, %(day)s::date, '', true, %(now)s::timestamptz
    FROM wanted w LEFT JOIN claimed c USING (demand_id)),
decided AS (
  INSERT INTO floor.inventory_demanddecision (demand_id, position, explanation) SELECT demand_id, 1, %(why)s::jsonb FROM wanted
  ON CONFLICT (demand_id) DO UPDATE SET explanation = excluded.explanation)
SELECT count(*) FROM claimed
"""

OPEN_DEMANDS = """
INSERT INTO floor.inventory_demand (product_id, site_id, ref_kind, ref_id, ref_number, line_no, ordered_qty, cancelled_qty, backordered_qty, reserved_qty,
       allocated_qty, released_qty, picked_qty, shipped_qty, requested_date, min_shelf_life_days, is_blocked, backorder_allowed, priority, tier_rank, sla_penalty,
       is_contract, margin_band, ship_complete_group, opened_at)
SELECT p.product_id, 1, 'benchmark', %(document)s::bigint, '', p.line_no, 1, 0, 1, 0, 0, 0, 0, 0, %(day)s::date, 0, false, true, 0, 1, 0, false, 0, '', %(now)s::timestamptz
  FROM unnest(%(products)s::bigint[]) WITH ORDINALITY AS p(product_id, line_no) RETURNING id
"""

AVAILABILITY = """
SELECT b.product_id, b.site_id, sum(b.on_hand_qty), sum(b.reserved_qty), sum(b.allocated_qty), sum(b.released_qty + b.picked_qty),
       sum(b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty), i.dates, i.qtys, max(p.protected), max(p.quota)
  FROM floor.inventory_stockbalance b
  LEFT JOIN (SELECT product_id, site_id, array_agg(eta_date ORDER BY eta_date) AS dates, array_agg(ordered_qty - received_qty ORDER BY eta_date) AS qtys
               FROM floor.inventory_inboundsupply WHERE NOT is_closed AND product_id = ANY(%(products)s::bigint[]) GROUP BY 1, 2) i USING (product_id, site_id)
  LEFT JOIN (SELECT p.product_id, sum(p.amount - coalesce(h.qty, 0)) FILTER (WHERE p.kind = 'protection' AND m.id IS NULL) AS protected,
                    min(p.amount - coalesce(h.qty, 0)) FILTER (WHERE p.kind = 'quota' AND m.id IS NOT NULL) AS quota
               FROM public.inventory_pool p
               LEFT JOIN public.accounts_groupmembership m ON m.group_id = p.group_id AND m.account_id = 1
               LEFT JOIN LATERAL (SELECT sum(c.qty) AS qty FROM floor.inventory_demand d JOIN floor.inventory_claim c ON c.demand_id = d.id
                                     AND (c.state = 'open' OR c.ended = 'shipped') JOIN public.accounts_groupmembership o ON o.account_id = d.account_id
                                   WHERE d.product_id = p.product_id AND o.group_id = p.group_id) h ON true
              WHERE p.product_id = ANY(%(products)s::bigint[]) AND p.state = 'active' GROUP BY 1) p USING (product_id)
 WHERE b.product_id = ANY(%(products)s::bigint[]) AND b.status = 'available' GROUP BY 1, 2, i.dates, i.qtys
"""

GATES = json.dumps([{"gate": g, "verdict": "pass"} for g in ("eligibility", "data", "price", "approval", "credit")])
TRACE = json.dumps(
    {
        "steps": [{"label": "list", "unit_price": "10"}, {"label": "contract", "unit_price": "9"}],
        "losers": [{"what": "list", "why": "a contract price wins"}],
    }
)
REASON = json.dumps(
    {"rule": "rank", "outcome": "reserved", "inputs": {"wanted": "1", "got": "1", "position": "1"}, "losers": []}
)
PAYLOAD = json.dumps({"order_id": 1, "account_id": 1, "product_ids": [1], "lines": 1})


def make_tables() -> None:
    """Fresh copies of the product's tables, with the company's stock and credit rows."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS floor CASCADE")
        cursor.execute("CREATE SCHEMA floor")
        for table in COPIES:
            cursor.execute(
                f"CREATE TABLE floor.{table} (LIKE public.{table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING IDENTITY)"
            )
        for table in ("inventory_stockbalance", "inventory_inboundsupply", "credit_creditaccount"):
            cursor.execute(f"INSERT INTO floor.{table} OVERRIDING SYSTEM VALUE SELECT * FROM public.{table}")
        cursor.execute(_FOREIGN_KEYS, [list(COPIES), list(COPIES)])
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        cursor.execute("ANALYZE")


# The product's own, each to the copy where there is one: rows that must exist are checked on both sides.
_FOREIGN_KEYS = """
SELECT format('ALTER TABLE floor.%%I ADD %%s', c.conrelid::regclass::text,
              CASE WHEN c.confrelid::regclass::text = ANY(%s)
                   THEN replace(pg_get_constraintdef(c.oid), 'REFERENCES ', 'REFERENCES floor.') ELSE pg_get_constraintdef(c.oid) END)
  FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.conrelid::regclass::text = ANY(%s)
"""


def place(account: int, items: Sequence[tuple[int, int]], site: int | None = None) -> int:
    """Place one order in one round trip; the number of lines that were reserved. `site` defaults to the account's."""
    arguments: dict[str, Any] = {
        "account": account,
        "site": site or account % data.SITES + 1,
        "products": [p for p, _ in items],
        "qtys": [q for _, q in items],
        "day": data.NOW.date(),
        "now": data.NOW,
        "uuid": uuid4(),
        "gates": GATES,
        "trace": TRACE,
        "payload": PAYLOAD,
    }
    return int(sql.rows(PLACE, arguments)[0][1])


def open_demands(products: Sequence[int]) -> list[int]:
    """Demands of one unit each at the hot site, to be reserved; their ids."""
    with connection.cursor() as cursor:
        wanted = {"products": list(products), "document": uuid4().int >> 65, "day": data.NOW.date(), "now": data.NOW}
        cursor.execute(OPEN_DEMANDS, wanted)
        return [demand_id for (demand_id,) in cursor.fetchall()]


def reserve(demand_ids: Sequence[int]) -> int:
    """Reserve demands of different products in one round trip; how many got what they want."""
    arguments = {"demands": list(demand_ids), "day": data.NOW.date(), "now": data.NOW, "why": REASON}
    return int(sql.rows(RESERVE, arguments)[0][0])


def availability(products: Sequence[int]) -> int:
    """Read availability in one statement; the number of (product, site) rows."""
    return len(sql.rows(AVAILABILITY, {"products": list(products)}))
