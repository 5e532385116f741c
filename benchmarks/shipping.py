"""W7: shipments of 20 lines leave and are invoiced, 200 at a time: the services beside one statement that writes the same rows.

Both sides work on the product's own tables, on shipments of their own, batch by batch in turn. The reactions that follow
(measures, commissions) run later and are not part of it.
"""

import random
import sys
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import data, product
from benchmarks.measure import BATCH, Spread

FLOOR = """
WITH s AS MATERIALIZED (
  SELECT id, number, order_id, account_id FROM fulfillment_shipment WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE),
l AS (
  UPDATE fulfillment_shipmentline x SET shipped_qty = x.picked_qty, invoiced_qty = x.picked_qty FROM s WHERE x.shipment_id = s.id
  RETURNING x.id, x.shipment_id, x.order_line_id, x.product_id, x.demand_id, x.claim_id, x.balance_id, x.picked_qty AS qty),
priced AS (
  SELECT l.*, o.unit_price, round(l.qty * o.unit_price, 2) AS amount FROM l JOIN orders_orderline o ON o.id = l.order_line_id),
sums AS (SELECT shipment_id, sum(amount) AS net FROM priced GROUP BY 1),
gone AS (
  UPDATE fulfillment_shipment f SET status = 'shipped', shipped_at = %(now)s, version = f.version + 1, carrier = 'UPS' FROM s WHERE f.id = s.id),
d AS (
  UPDATE inventory_demand d SET picked_qty = d.picked_qty - q.qty, shipped_qty = d.shipped_qty + q.qty
    FROM (SELECT demand_id, sum(qty) AS qty FROM l GROUP BY 1) q WHERE d.id = q.demand_id),
c AS (UPDATE inventory_claim c SET state = 'closed', ended = 'shipped', ended_at = %(now)s FROM l WHERE c.id = l.claim_id),
b AS (
  UPDATE inventory_stockbalance b SET on_hand_qty = b.on_hand_qty - q.qty, picked_qty = b.picked_qty - q.qty
    FROM (SELECT balance_id, sum(qty) AS qty FROM l GROUP BY 1) q WHERE b.id = q.balance_id),
m AS (
  INSERT INTO inventory_stockmovement (balance_id, kind, qty, source_kind, source_id, sequence, at, actor_label, reason)
  SELECT balance_id, 'ship', -qty, 'shipment', shipment_id, claim_id, %(now)s, 'benchmark', '' FROM l),
i AS (
  INSERT INTO billing_invoice (public_id, number, account_id, order_id, shipment_id, status, currency, net_amount, tax_amount,
         freight_amount, total_amount, paid_amount, terms_code, issued_date, due_date, version, posted_at)
  SELECT gen_random_uuid(), 'FLOOR-' || s.id, s.account_id, s.order_id, s.id, 'posted', 'USD', u.net, 0, 0, u.net, 0, 'NET30',
         %(day)s, %(day)s + 30, 1, %(now)s FROM s JOIN sums u ON u.shipment_id = s.id RETURNING id, shipment_id, account_id, order_id, total_amount),
il AS (
  INSERT INTO billing_invoiceline (invoice_id, shipment_line_id, order_line_id, product_id, qty, unit_price, amount)
  SELECT i.id, p.id, p.order_line_id, p.product_id, p.qty, p.unit_price, p.amount FROM priced p JOIN i ON i.shipment_id = p.shipment_id),
postings AS (
  INSERT INTO credit_posting (credit_account_id, doc_kind, doc_id, doc_number, bucket, amount, due_date, key, at)
  SELECT a.id, 'shipment', i.shipment_id, '', v.bucket, v.sign * i.total_amount, %(day)s, 'floor:' || i.id || v.n, %(now)s
    FROM i JOIN credit_creditaccount a ON a.account_id = i.account_id
    CROSS JOIN (VALUES ('a', 'released', -1), ('b', 'shipped', 1), ('c', 'shipped', -1), ('d', 'receivable', 1)) v(n, bucket, sign)),
owed AS (
  UPDATE credit_creditaccount a SET released_amount = a.released_amount - q.amount, receivable_amount = a.receivable_amount + q.amount,
         version = a.version + 2 FROM (SELECT account_id, sum(total_amount) AS amount FROM i GROUP BY 1) q WHERE a.account_id = q.account_id),
journal AS (
  INSERT INTO core_journalentry (subject_kind, subject_id, verb, summary, at, actor_label, actor_roles, ip, request_id, data)
  SELECT v.kind, v.id, v.verb, 'Shipment ' || i.shipment_id, %(now)s, 'benchmark', '', '', '', '{}' FROM i
   CROSS JOIN LATERAL (VALUES ('shipment', i.shipment_id, 'shipped'), ('invoice', i.id, 'invoiced'), ('order', i.order_id, 'invoiced')) v(kind, id, verb)),
facts AS (
  INSERT INTO core_outboxfact (kind, stream, seq, payload, at, request_id)
  SELECT v.kind, v.stream, 1, '{"shipment_id": 1}', %(now)s, '' FROM i
   CROSS JOIN LATERAL (VALUES ('fulfillment.ShipmentShipped', 'floor-s:' || i.shipment_id), ('billing.InvoicePosted', 'floor-i:' || i.id)) v(kind, stream)
  RETURNING id, stream, seq),
jobs AS (
  INSERT INTO core_job (fact_id, reaction, stream, seq, state, deliveries, attempts, next_at, outcome, last_error)
  SELECT f.id, v.reaction, f.stream, f.seq, 'ready', 0, 0, %(now)s, '', '' FROM facts f CROSS JOIN (VALUES ('a'), ('b'), ('c')) v(reaction))
SELECT count(*) FROM i
"""


def w7(shipments: int, lines: int, runs: int) -> Iterator[dict[str, Any]]:
    """Shipments/s of each side over all batches, and the product's statements for 2 and for 200 shipments."""
    packed = _pack(shipments * 2 + BATCH + 4, lines)
    small, big, packed = packed[:2], packed[2 : 2 + BATCH], packed[2 + BATCH :]
    counts = [_statements(ids) for ids in (small, big)]
    rates: dict[str, list[float]] = {"floor": [], "product": []}
    chunks = [packed[n : n + BATCH] for n in range(0, shipments * 2, BATCH)]
    for n, chunk in enumerate(chunks):
        side = ("floor", "product")[n % 2]
        began = time.perf_counter()
        (_ship_by_sql if side == "floor" else _ship)(chunk)
        rates[side].append(len(chunk) / (time.perf_counter() - began))
    spreads = {side: Spread.of(found) for side, found in rates.items()}
    share = spreads["product"].median / spreads["floor"].median
    yield {
        "workload": "w7",
        "what": f"{shipments} shipments × {lines} lines",
        "unit": "shipments/s",
        **spreads,
        "share_of_floor": share,
        "statements": counts[1],
        "text": f"w7  {shipments:,} shipments × {lines} lines: floor {spreads['floor'].text()}, product {spreads['product'].text()} "
        f"shipments/s, {1 / share:.1f} × the floor; {counts[0]} SQL for 2 shipments, {counts[1]} for {BATCH}",
    }


def _pack(count: int, lines: int) -> list[int]:
    """Orders placed, released and picked by the services; the shipments, ready to leave."""
    from fulfillment.rules.asks import PickReport
    from fulfillment.services.confirm_pick import confirm_picks
    from fulfillment.services.release_orders import release_orders

    ids, found = allocated(count, lines, "W7"), []
    ask = {"actor": product.ACTOR, "now": data.NOW}
    for start in range(0, count, BATCH):
        outcomes = release_orders(order_ids=ids[start : start + BATCH], **ask)
        released = [i for o in outcomes for i in o.shipment_ids]
        confirm_picks([PickReport(i) for i in released], **ask)
        found += released
    return found


def allocated(count: int, lines: int, tag: str) -> list[int]:
    """Orders placed by the services, with all their stock allocated: ready to be released. `tag` begins their PO numbers."""
    from inventory.services.allocate import allocate
    from orders.rules.asks import LineDraft, OrderDraft
    from orders.services.capture import capture_many
    from orders.services.submit import submit_many
    from orders.states import Channel

    rng, found = random.Random(data.SEED), []
    print(f"Placing {count:,} orders …", file=sys.stderr)
    ask = {"actor": product.ACTOR, "now": data.NOW}
    for start in range(0, count, BATCH):
        drafts = []
        for n in range(start, min(start + BATCH, count)):
            account, items = data.order_of(rng, lines)
            wanted = tuple(LineDraft(line_no=k, qty=Decimal(q), product_id=p) for k, (p, q) in enumerate(items, 1))
            drafts.append(
                OrderDraft(
                    account_id=account,
                    channel=Channel.API,
                    currency="USD",
                    ship_to_id=account,
                    lines=wanted,
                    po_number=f"{tag}-{n}",
                )
            )
        ids = [c.order_id for c in capture_many(drafts, **ask)]
        submit_many(ids, **ask)
        allocate(trigger_key=f"{tag}:{start}", **ask)
        found += ids
    return found


def _ship(ids: Sequence[int]) -> None:
    from billing.services.issue_invoice import issue_invoices
    from fulfillment.rules.asks import Departure
    from fulfillment.services.confirm_shipment import confirm_shipments

    confirm_shipments([Departure(i, "UPS") for i in ids], actor=product.ACTOR, now=data.NOW)
    outcomes = issue_invoices(ids, actor=product.ACTOR, now=data.NOW)
    if not all(isinstance(found, int) for found in outcomes.values()):
        raise RuntimeError(f"not invoiced: {next(o for o in outcomes.values() if not isinstance(o, int))}")


def _ship_by_sql(ids: Sequence[int]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FLOOR, {"ids": list(ids), "now": data.NOW, "day": data.NOW.date()})
        if cursor.fetchone()[0] != len(ids):
            raise RuntimeError("the floor did not invoice every shipment")


def _statements(ids: Sequence[int]) -> int:
    with CaptureQueriesContext(connection) as captured:
        _ship(ids)
    noise = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(1 for q in captured.captured_queries if not q["sql"].startswith(noise))
