"""W9: list pages over many orders. The orders and what follows them are made by SQL, then every list is asked in process.

The rows satisfy the tables' constraints; foreign keys are taken off while they are made, and checked at once when put back.
Ids are 1…n, so that one row finds the others without looking: order o has lines (o − 1) × L + 1 … o × L.
"""

import logging
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.data import ACCOUNTS, NOW, SITES, SKUS

OPEN_SHARE = 50  # one in so many orders, the newest, is still open

# The order o of n: when it came, and whether it is still open. Three years, evenly.
_ORDERS = """
INSERT INTO orders_order (id, public_id, number, account_id, ship_to_id, status, channel, external_id, po_number,
    release_number, currency, terms_code, requested_date, note, total_amount, tax_amount, freight_amount, version,
    gate_results, received_at, submitted_at, closed_at)
SELECT o, gen_random_uuid(), 'SO-' || lpad(o::text, 8, '0'), a, a, s,
    (ARRAY['edi', 'portal', 'api', 'console', 'import'])[1 + mod(o, 5)], '', 'PO-' || (o + 40000000), '', 'USD', 'NET30',
    (t + interval '2 days')::date, '', 10.0 * mod(o, 400) + 12, 0, 0, 3, '[]', t,
    CASE WHEN s = 'draft' THEN NULL ELSE t + interval '1 minute' END,
    CASE WHEN s = 'closed' THEN t + interval '30 hours' END
FROM (SELECT o, mod(o, {accounts}) + 1 AS a, {now} - interval '3 years' * ((n - o)::float / n) AS t,
        CASE WHEN o > n - n / {open} THEN CASE WHEN mod(o, 40) = 0 THEN 'draft' ELSE 'submitted' END
             WHEN mod(o, 50) = 0 THEN 'cancelled' ELSE 'closed' END AS s
      FROM (SELECT generate_series(1, {n}) AS o, {n} AS n) every) made
"""
_LINES = """
INSERT INTO orders_orderline (id, order_id, line_no, product_id, demand_id, qty, unit, unit_qty, stated_code,
    stated_description, external_ref, unit_price, amount, price_basis, price_trace, price_locked_at)
SELECT (o.id - 1) * {lines} + k, o.id, k, mod(o.id * 7919 + k * 104729, {skus}) + 1,
    CASE WHEN o.status = 'draft' THEN NULL ELSE (o.id - 1) * {lines} + k END, 6, 'EA', 6, '', '', '', 10, 60, 'list', '{{}}',
    o.submitted_at
FROM orders_order o, generate_series(1, {lines}) k
"""
_DEMANDS = """
INSERT INTO inventory_demand (id, product_id, account_id, ref_kind, ref_id, ref_number, line_no, ordered_qty, cancelled_qty,
    backordered_qty, reserved_qty, allocated_qty, released_qty, picked_qty, shipped_qty, requested_date,
    min_shelf_life_days, is_blocked, backorder_allowed, priority, tier_rank, sla_penalty, is_contract, margin_band,
    ship_complete_group, opened_at)
SELECT l.id, l.product_id, o.account_id, 'order', o.id, o.number, l.line_no, 6, CASE WHEN o.status = 'cancelled' THEN 6 ELSE 0 END,
    CASE WHEN o.status = 'submitted' AND mod(l.id, 20) = 0 THEN 6 ELSE 0 END, 0,
    CASE WHEN o.status = 'submitted' AND mod(l.id, 20) <> 0 THEN 6 ELSE 0 END, 0, 0, CASE WHEN o.status = 'closed' THEN 6 ELSE 0 END,
    o.requested_date, 0, false, true, 0, mod(o.account_id, 3) + 1, 0, false, 0, '', o.submitted_at
FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE l.demand_id IS NOT NULL
"""
_CLAIMS = """
INSERT INTO inventory_claim (demand_id, balance_id, kind, state, qty, opened_at, ended, ended_at)
SELECT d.id, (d.product_id - 1) * {sites} + 1, CASE WHEN d.shipped_qty > 0 THEN 'picked' ELSE 'hard' END,
    CASE WHEN d.shipped_qty > 0 THEN 'closed' ELSE 'open' END, 6, d.opened_at, CASE WHEN d.shipped_qty > 0 THEN 'shipped' ELSE '' END,
    CASE WHEN d.shipped_qty > 0 THEN d.opened_at + interval '30 hours' END
FROM inventory_demand d WHERE d.line_no = 1 AND d.shipped_qty + d.allocated_qty > 0
"""
_SHIPMENTS = """
INSERT INTO fulfillment_shipment (id, public_id, number, order_id, account_id, site_id, ship_to_id, status, carrier,
    tracking_number, version, released_at, packed_at, shipped_at)
SELECT id, gen_random_uuid(), 'SH-' || lpad(id::text, 8, '0'), id, account_id, mod(id, {sites}) + 1, ship_to_id, 'shipped',
    (ARRAY['UPS', 'FedEx', 'DHL'])[1 + mod(id, 3)], '1Z' || lpad((id * 7)::text, 10, '0'), 3, closed_at - interval '4 hours',
    closed_at - interval '2 hours', closed_at
FROM orders_order WHERE status = 'closed'
"""
_INVOICES = """
INSERT INTO billing_invoice (id, public_id, number, account_id, order_id, shipment_id, status, currency, net_amount, tax_amount,
    freight_amount, total_amount, paid_amount, terms_code, issued_date, due_date, version, posted_at)
SELECT o.id, gen_random_uuid(), 'INV-' || lpad(o.id::text, 8, '0'), o.account_id, o.id, o.id,
    CASE WHEN o.closed_at < {now} - interval '45 days' THEN 'paid' ELSE 'posted' END, 'USD', o.total_amount, 0, 0, o.total_amount,
    CASE WHEN o.closed_at < {now} - interval '45 days' THEN o.total_amount ELSE 0 END, 'NET30', o.closed_at::date,
    o.closed_at::date + 30, 1, o.closed_at + interval '1 hour'
FROM orders_order o WHERE o.status = 'closed'
"""
_RECEIPTS = """
INSERT INTO billing_receipt (id, number, account_id, currency, amount, applied_amount, method, reference, received_date, posted_at)
SELECT id, 'RC-' || lpad(id::text, 8, '0'), account_id, 'USD', total_amount, total_amount, 'wire', 'BANK-' || id, due_date, posted_at
FROM billing_invoice WHERE status = 'paid'
"""
_RETURNS = """
INSERT INTO fulfillment_return (id, number, account_id, status, reason, external_id, outcome, fee_percent, note, carrier, tracking_number,
    version, requested_at)
SELECT id, 'RT-' || lpad(id::text, 8, '0'), account_id, 'requested', 'Damaged on arrival', '', 'credit', 0, '', '', '', 1, closed_at
FROM orders_order WHERE status = 'closed' AND mod(id, 25) = 1
"""
_HOLDS = """
INSERT INTO orders_hold (order_id, reason, blocks, rule, explanation, clearable_by, is_forced, placed_at, placed_by, cleared_at,
    cleared_by, is_waiver, clear_reason)
SELECT id, (ARRAY['credit', 'price', 'manual'])[1 + mod(id, 3)], ARRAY['release'], 'limit_exceeded',
    '{{"outcome": "Over the limit by 420.00 USD."}}', ARRAY['finance'], false, submitted_at, 'system',
    CASE WHEN status = 'submitted' THEN NULL ELSE submitted_at + interval '5 hours' END, '', false, ''
FROM orders_order WHERE status IN ('submitted', 'closed') AND mod(id, 10) = 3
"""
_CASES = """
INSERT INTO exceptions_app_case (id, number, kind, subject_kind, subject_id, subject_number, cause_key, account_id, money_at_risk,
    currency, severity, queue_id, status, summary, evidence, opened_at, last_seen_at, times_seen, respond_by, resolve_by,
    resolved_at, waiting_for, paused_seconds, breached_at, resolution_code, version)
SELECT id, 'EX-' || lpad(id::text, 8, '0'), 'order_on_hold', 'order', id, number, 'limit', account_id, total_amount, 'USD',
    (ARRAY['low', 'medium', 'high'])[1 + mod(id, 3)], (SELECT min(q.id) + mod(o.id, 5) FROM exceptions_app_queue q),
    CASE WHEN status = 'submitted' THEN 'open' ELSE 'closed' END, 'The order waits for credit.', '{{}}', submitted_at, submitted_at, 1,
    submitted_at + interval '1 hour', submitted_at + interval '8 hours',
    CASE WHEN status = 'submitted' THEN NULL ELSE submitted_at + interval '6 hours' END, '', 0,
    CASE WHEN mod(id, 7) = 0 THEN submitted_at + interval '8 hours' END, '', 2
FROM orders_order o WHERE status IN ('submitted', 'closed') AND mod(id, 10) = 3
"""
_POSTINGS = """
INSERT INTO credit_posting (credit_account_id, doc_kind, doc_id, doc_number, bucket, amount, due_date, ship_date, key, at)
SELECT account_id, CASE p WHEN 1 THEN 'order' ELSE 'invoice' END, id, number, CASE p WHEN 1 THEN 'open_order' ELSE 'receivable' END,
    total_amount, CASE p WHEN 2 THEN requested_date + 30 END, CASE p WHEN 1 THEN requested_date END, 'w9:' || id || ':' || p,
    submitted_at
FROM orders_order, generate_series(1, 2) p WHERE status IN ('submitted', 'closed')
"""
_MOVEMENTS = """
INSERT INTO inventory_stockmovement (balance_id, kind, qty, source_kind, source_id, sequence, at, actor_label, reason)
SELECT mod(id, {sites} * {skus}) + 1, 'ship', -6, 'shipment', id, 1, shipped_at, 'warehouse' || mod(id, 40), ''
FROM fulfillment_shipment
"""
_JOURNAL = """
INSERT INTO core_journalentry (subject_kind, subject_id, verb, summary, at, actor_label, actor_roles, ip, request_id, data)
SELECT 'order', id, (ARRAY['captured', 'submitted', 'released'])[p], 'Order ' || number, received_at + p * interval '1 minute',
    'clerk' || mod(id, 60), 'cs', '', md5(id::text), '{{}}'
FROM orders_order, generate_series(1, 3) p
"""
_FACTS = """
INSERT INTO core_outboxfact (id, kind, stream, seq, payload, at, request_id)
SELECT id, 'orders.OrderSubmitted', 'order:' || id, 1, '{{}}', received_at, md5(id::text) FROM orders_order
"""
_JOBS = """
INSERT INTO core_job (fact_id, reaction, stream, seq, state, deliveries, attempts, next_at, done_at, outcome, last_error)
SELECT id, (ARRAY['measure_submitted', 'mail_acknowledgement'])[p], stream, 1,
    CASE WHEN mod(id, 100000) = 7 THEN 'dead' ELSE 'done' END, 1, 1, at, at, 'done', ''
FROM core_outboxfact, generate_series(1, 2) p
"""
_MEASURES = """
INSERT INTO reporting_ordermeasure (id, order_id, order_number, account_id, channel, is_rep_order, received_at, submitted_at,
    first_released_at, release_lines, short_lines, last_shipped_at, invoice_ids, shipment_ids, is_damaged)
SELECT id, id, number, account_id, channel, mod(id, 4) = 0, received_at, submitted_at, closed_at - interval '4 hours',
    CASE WHEN closed_at IS NOT NULL THEN {lines} END, CASE WHEN closed_at IS NOT NULL THEN (mod(id, 17) = 0)::int END, closed_at,
    CASE WHEN closed_at IS NULL THEN '{{}}'::bigint[] ELSE ARRAY[id] END,
    CASE WHEN closed_at IS NULL THEN '{{}}'::bigint[] ELSE ARRAY[id] END, mod(id, 200) = 0
FROM orders_order WHERE submitted_at IS NOT NULL
"""
_LINE_MEASURES = """
INSERT INTO reporting_linemeasure (order_line_id, measure_id, product_id, ordered_qty, cancelled_qty, first_shipped_qty,
    shipped_qty, promised_date, last_shipped_date)
SELECT l.id, m.id, l.product_id, 6, 0, CASE WHEN m.last_shipped_at IS NULL THEN NULL ELSE 6 END,
    CASE WHEN m.last_shipped_at IS NULL THEN 0 ELSE 6 END, m.received_at::date + CASE WHEN mod(l.id, 33) = 0 THEN 0 ELSE 3 END,
    m.last_shipped_at::date
FROM orders_orderline l JOIN reporting_ordermeasure m ON m.order_id = l.order_id
"""
STEPS = {
    "orders": _ORDERS,
    "order lines": _LINES,
    "demands": _DEMANDS,
    "claims": _CLAIMS,
    "shipments": _SHIPMENTS,
    "invoices": _INVOICES,
    "receipts": _RECEIPTS,
    "returns": _RETURNS,
    "holds": _HOLDS,
    "cases": _CASES,
    "postings": _POSTINGS,
    "movements": _MOVEMENTS,
    "journal": _JOURNAL,
    "facts": _FACTS,
    "jobs": _JOBS,
    "measures": _MEASURES,
    "line measures": _LINE_MEASURES,
}


def load(orders: int, lines: int) -> None:
    """`orders` orders of `lines` lines each with all that follows them, on top of benchmarks.data."""
    values = {
        "n": orders,
        "lines": lines,
        "skus": SKUS,
        "sites": SITES,
        "accounts": ACCOUNTS,
        "open": OPEN_SHARE,
        "now": f"timestamptz '{NOW.isoformat()}'",
    }
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        put_back = _without_foreign_keys(cursor)
        for name, sql in STEPS.items():
            began = time.perf_counter()
            cursor.execute(sql.format_map(values))
            print(
                f"  {cursor.rowcount:>12,} {name} in {time.perf_counter() - began:,.0f} s", file=sys.stderr, flush=True
            )
        for statement in put_back:
            cursor.execute(statement)
        cursor.execute("RESET synchronous_commit")
        cursor.execute("VACUUM ANALYZE")


def _without_foreign_keys(cursor: Any) -> list[str]:
    """Drop them; answer the statements that put them back. A check of a million rows at once is one join."""
    cursor.execute(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
    )
    found = cursor.fetchall()
    for table, name, _ in found:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return [f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for table, name, definition in found]


BARS = {"console": 400, "portal": 200}  # p95 in milliseconds
ROLES = ["operator", "auditor", "cs", "cs_lead", "finance", "finance_approver", "planner", "pricing", "warehouse"]
SEARCHES = ("00042", "PO-400", "SKU00123", "Account 17", "1Z00", "zzzzzz")


def w9(runs: int) -> Iterator[dict[str, Any]]:
    """Every console list as it opens, deep, filtered, sorted and searched; every portal list as a buyer sees it."""
    from accounts.models import Buyer, User

    logging.disable(logging.WARNING)  # a line for every request is not part of the page
    staff = User.objects.create(username="w9", email="w9@example.com", is_staff=True, roles=ROLES)
    client = _client(staff)
    for model, screen in sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label_lower):
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        yield _measured("console", address, client, _ways(client, screen, address), runs)
    dashboard = reverse("admin:index")
    yield _measured("console", dashboard, client, [dashboard], runs)
    person = User.objects.create(username="w9-buyer", email="w9-buyer@example.com", roles=["buyer"])
    Buyer.objects.create(user=person, account_id=1, role="admin")
    buyer = _client(person)
    for name in ("home", "orders", "invoices"):
        address = reverse(f"portal:{name}")
        yield _measured("portal", address, buyer, [address, f"{address}?q=PO-400", f"{address}?page=2"], runs)


def _client(user: Any) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _ways(client: Client, screen: Any, address: str) -> list[str]:
    """The addresses a person reaches from the list: its last page, each sort, each filter's second choice, searches."""
    context: Any = client.get(address).context_data
    changelist = context["cl"]
    ways = [address, f"{address}?p={min(changelist.paginator.num_pages, 200)}"]
    ways += [f"{address}?o={n}" for n, name in enumerate(changelist.list_display) if name in changelist.sortable_by]
    for spec in changelist.filter_specs:
        choices = [choice for choice in spec.choices(changelist) if choice.get("query_string")]
        ways += [address + choice["query_string"] for choice in choices[1:]]
    ways += [f"{address}?q={words}" for words in (SEARCHES if screen.search_fields else ())]
    return ways


def _measured(door: str, address: str, client: Client, ways: list[str], runs: int) -> dict[str, Any]:
    client.get(address)  # templates and prepared things are loaded once per process
    timed = [(_once(client, way), way) for way in ways for _ in range(runs)]
    times = sorted(seconds for seconds, _ in timed)
    p95, (worst, slowest) = times[int(len(times) * 0.95)] * 1000, max(timed)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    p50 = statistics.median(times) * 1000
    mark = "" if p95 < BARS[door] else "  OVER"
    return {
        "workload": "W9",
        "what": f"{door} {address}",
        "ways": len(ways),
        "statements": len(queries),
        "p50_ms": round(p50),
        "p95_ms": round(p95),
        "worst_ms": round(worst * 1000),
        "slowest": slowest,
        "text": f"W9 {door:8}{address:46}{len(ways):4} ways {len(queries):3} SQL  p50 {p50:6.0f} ms  p95 {p95:6.0f} ms  "
        f"worst {worst * 1000:6.0f} ms {slowest.removeprefix(address)}{mark}",
    }


def _once(client: Client, way: str) -> float:
    began = time.perf_counter()
    answer = client.get(way)
    seconds = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"{way} answered {answer.status_code}")
    return seconds
