"""W6: orders of 20 lines go through nine gates and are released, 200 at a time, beside one statement that writes the same
rows; then submit with credit under many clients, on many accounts and on one, and how many decisions were wrong.

Both sides release orders of their own, of the product's own tables, batch by batch in turn. The reactions that follow run later
and are not part of it.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import data, floor, product, shipping
from benchmarks.measure import BATCH, Sample, Spread, p95, rate, run_clients

# Locks in the product's order, guards the balances, and writes claims, buckets, shipments, postings, journal and facts.
FLOOR = """
WITH a AS MATERIALIZED (
  SELECT id, account_id FROM credit_creditaccount WHERE account_id IN (SELECT account_id FROM orders_order WHERE id = ANY(%(ids)s::bigint[]))
   ORDER BY id FOR NO KEY UPDATE),
o AS MATERIALIZED (
  SELECT id, account_id, ship_to_id FROM orders_order WHERE id = ANY(%(ids)s::bigint[]) AND (SELECT count(*) FROM a) > 0 ORDER BY id FOR NO KEY UPDATE),
ld AS MATERIALIZED (
  SELECT d.id, l.order_id, l.id AS order_line_id, l.unit_price, d.product_id, d.requested_date
    FROM o JOIN orders_orderline l ON l.order_id = o.id JOIN inventory_demand d ON d.id = l.demand_id ORDER BY d.id FOR NO KEY UPDATE OF d),
c AS (
  UPDATE inventory_claim c SET kind = 'released', expires_at = NULL FROM ld WHERE c.demand_id = ld.id AND c.state = 'open' AND c.kind = 'hard'
  RETURNING c.id, c.demand_id, c.balance_id, c.qty, ld.order_id, ld.order_line_id, ld.unit_price, ld.product_id, ld.requested_date),
lb AS MATERIALIZED (
  SELECT b.id, q.qty, b.site_id FROM inventory_stockbalance b JOIN (SELECT balance_id, sum(qty) AS qty FROM c GROUP BY 1) q ON q.balance_id = b.id
   ORDER BY b.id FOR NO KEY UPDATE OF b),
b AS (
  UPDATE inventory_stockbalance b SET allocated_qty = b.allocated_qty - lb.qty, released_qty = b.released_qty + lb.qty FROM lb WHERE b.id = lb.id AND b.allocated_qty >= lb.qty),
d AS (
  UPDATE inventory_demand d SET allocated_qty = d.allocated_qty - q.qty, released_qty = d.released_qty + q.qty
    FROM (SELECT demand_id, sum(qty) AS qty FROM c GROUP BY 1) q WHERE d.id = q.demand_id),
s AS (
  INSERT INTO fulfillment_shipment (public_id, number, order_id, account_id, site_id, ship_to_id, status, carrier, tracking_number, version, released_at)
  SELECT gen_random_uuid(), 'FLOOR-' || nextval('number_shipment_seq'), o.id, o.account_id, p.site_id, o.ship_to_id, 'released', '', '', 1, %(now)s
    FROM (SELECT DISTINCT c.order_id, lb.site_id FROM c JOIN lb ON lb.id = c.balance_id) p JOIN o ON o.id = p.order_id RETURNING id, order_id, site_id),
sl AS (
  INSERT INTO fulfillment_shipmentline (shipment_id, order_line_id, demand_id, claim_id, balance_id, product_id, qty, short_reason, shipped_qty, invoiced_qty, returned_qty)
  SELECT s.id, c.order_line_id, c.demand_id, c.id, c.balance_id, c.product_id, c.qty, '', 0, 0, 0
    FROM c JOIN lb ON lb.id = c.balance_id JOIN s ON s.order_id = c.order_id AND s.site_id = lb.site_id),
worth AS (
  SELECT o.account_id, o.id, c.requested_date AS day, sum(round(c.qty * c.unit_price, 2)) AS amount FROM c JOIN o ON o.id = c.order_id GROUP BY 1, 2, 3),
postings AS (
  INSERT INTO credit_posting (credit_account_id, doc_kind, doc_id, doc_number, bucket, amount, ship_date, key, at)
  SELECT a.id, 'order', w.id, '', v.bucket, v.sign * w.amount, CASE v.bucket WHEN 'open_order' THEN w.day END, 'floor:release:' || w.id || v.bucket || w.day, %(now)s
    FROM worth w JOIN a USING (account_id) CROSS JOIN (VALUES ('open_order', -1), ('released', 1)) v(bucket, sign)),
days AS (
  UPDATE credit_openorderday x SET amount = x.amount - q.amount
    FROM (SELECT a.id, w.day, sum(w.amount) AS amount FROM worth w JOIN a USING (account_id) GROUP BY 1, 2) q WHERE x.credit_account_id = q.id AND x.ship_date = q.day),
owed AS (
  UPDATE credit_creditaccount x SET released_amount = x.released_amount + q.amount, version = x.version + 1
    FROM (SELECT a.id, sum(w.amount) AS amount FROM worth w JOIN a USING (account_id) GROUP BY 1) q WHERE x.id = q.id),
versions AS (UPDATE orders_order x SET version = x.version + 1 FROM o WHERE x.id = o.id RETURNING x.id, x.version),
journal AS (
  INSERT INTO core_journalentry (subject_kind, subject_id, verb, summary, at, actor_label, actor_roles, ip, request_id, data)
  SELECT 'order', id, 'released', '20 of 20 lines released', %(now)s::timestamptz, 'benchmark', '', '', '', '{}'::jsonb FROM versions
   UNION ALL SELECT 'shipment', id, 'released', 'Shipment released to the warehouse', %(now)s::timestamptz, 'benchmark', '', '', '', '{"order_id": 1, "site_id": 1}'::jsonb FROM s),
facts AS (
  INSERT INTO core_outboxfact (kind, stream, seq, payload, at, request_id)
  SELECT 'orders.LinesReleased', 'order:' || id, version, '{"order_id": 1, "account_id": 1, "lines": 20, "short_lines": 0, "is_first": true}'::jsonb, %(now)s::timestamptz, '' FROM versions
   UNION ALL SELECT 'fulfillment.ShipmentReleased', 'floor-shipment:' || id, 1, '{"shipment_id": 1, "number": "", "order_id": 1, "site_id": 1}'::jsonb, %(now)s::timestamptz, '' FROM s
  RETURNING id, stream, seq, kind),
jobs AS (
  INSERT INTO core_job (fact_id, reaction, stream, seq, state, deliveries, attempts, next_at, outcome, last_error)
  SELECT f.id, 'measure the release', f.stream, f.seq, 'ready', 0, 0, %(now)s, '', '' FROM facts f WHERE f.kind = 'orders.LinesReleased')
SELECT (SELECT count(DISTINCT order_id) FROM s), (SELECT count(*) FROM c)
"""


def w6(orders: int, lines: int, runs: int, clients: int = 32) -> Iterator[dict[str, Any]]:
    """Orders/s of each side over all batches, and the product's statements for 2 and for 200 orders; then credit."""
    ready = shipping.allocated(orders * 2 + BATCH + 4, lines, "W6")
    small, big, ready = ready[:2], ready[2 : 2 + BATCH], ready[4 + BATCH :]
    counts = [_statements(ids) for ids in (small, big)]
    rates: dict[str, list[float]] = {"floor": [], "product": []}
    for n, start in enumerate(range(0, orders * 2, BATCH)):
        chunk = ready[start : start + BATCH]
        side = ("floor", "product")[n % 2]
        began = time.perf_counter()
        (_release_by_sql if side == "floor" else _release)(chunk)
        rates[side].append(len(chunk) / (time.perf_counter() - began))
    _nobody_reacts_to_the_floor()
    spreads = {side: Spread.of(found) for side, found in rates.items()}
    share = spreads["product"].median / spreads["floor"].median
    yield {
        "workload": "w6",
        "what": f"{orders} orders × {lines} lines",
        "unit": "orders/s",
        **spreads,
        "share_of_floor": share,
        "statements": counts[1],
        "text": f"w6  {orders:,} orders × {lines} lines: floor {spreads['floor'].text()}, product {spreads['product'].text()} "
        f"orders/s, {1 / share:.1f} × the floor; {counts[0]} SQL for 2 orders, {counts[1]} for {BATCH}",
    }
    yield _credit_row(data.ACCOUNTS, attempts=600, clients=clients, runs=runs)
    yield _credit_row(1, attempts=300, clients=clients, runs=runs)
    yield _holds_row(50, repeats=5 * runs)


def _release(ids: Sequence[int]) -> None:
    from fulfillment.services.release_orders import release_orders

    outcomes = release_orders(order_ids=list(ids), actor=product.ACTOR, now=data.NOW)
    if refused := [o.refused for o in outcomes if not o.is_released]:
        raise RuntimeError(f"not released: {refused[0]}")


def _release_by_sql(ids: Sequence[int]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FLOOR, {"ids": list(ids), "now": data.NOW})
        if cursor.fetchone()[0] != len(ids):
            raise RuntimeError("the floor did not release every order")


def _nobody_reacts_to_the_floor() -> None:
    """The jobs it wrote are rows to be measured: their facts name no order of anybody's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_job SET state = 'done' WHERE state = 'ready' AND fact_id IN (SELECT f.id FROM core_outboxfact f"
            " JOIN fulfillment_shipment s ON f.stream = 'order:' || s.order_id WHERE s.number LIKE 'FLOOR-%')"
        )


def _statements(ids: Sequence[int]) -> int:
    with CaptureQueriesContext(connection) as captured:
        _release(ids)
    noise = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return sum(1 for q in captured.captured_queries if not q["sql"].startswith(noise))


ITEMS = [(p, 3) for p in range(101, 111)]  # the same ten lines each time: an account's orders are all worth the same


@dataclass(frozen=True)
class _Standing:
    """An account before the clients begin: what room its limit leaves, and its last order until then."""

    account: int
    room: Decimal
    last_order: int


def _credit_row(accounts: int, *, attempts: int, clients: int, runs: int) -> dict[str, Any]:
    """Every account may take two thirds of its orders on the one hand, half of them where there is only one account."""
    fits = attempts // accounts * 2 // 3 if accounts > 1 else attempts // 2
    rates: dict[str, list[float]] = {"floor": [], "product": []}
    slow: list[float] = []
    wrong = passed = 0
    for _ in range(runs):
        rates["floor"].append(rate(_clients(floor.place, accounts, attempts, clients)))
        before = _set_limits(accounts, fits)
        samples = _clients(product.place, accounts, attempts, clients)
        rates["product"].append(rate(samples))
        slow.append(p95(samples))
        found, mistakes = _judge(before)
        passed, wrong = passed + found, wrong + mistakes
        if found != fits * accounts:
            wrong += abs(found - fits * accounts)
    _open_limits()
    spreads = {side: Spread.of(values) for side, values in rates.items()}
    share = spreads["product"].median / spreads["floor"].median
    where = "one account" if accounts == 1 else f"{accounts} accounts"
    return {
        "workload": "w6-credit",
        "what": f"{clients} clients on {where}",
        "unit": "orders/s",
        **spreads,
        "share_of_floor": share,
        "wrong": wrong,
        "text": f"w6-credit  {clients} clients on {where}, 10 lines: floor {spreads['floor'].text()}, product {spreads['product'].text()} orders/s, "
        f"{share:.0%} of the floor; p95 {statistics.median(slow):,.0f} ms; {passed:,} of {attempts * runs:,} passed, {wrong} wrong",
    }


def _clients(place: Callable[..., int], accounts: int, attempts: int, clients: int) -> list[Sample]:
    """Attempt n is for account n modulo the accounts; the clients share the attempts out among themselves."""

    def work(number: int, _: Any) -> Sample:
        times = []
        began = time.perf_counter()
        for n in range(number, attempts, clients):
            started = time.perf_counter()
            place(n % accounts + 1, ITEMS)
            times.append(time.perf_counter() - started)
        return Sample(len(times), time.perf_counter() - began, tuple(times))

    return run_clients(clients, work)


_EXPOSURE = """
SELECT c.account_id, c.receivable_amount + c.shipped_amount + c.released_amount - c.unapplied_amount
       + coalesce((SELECT sum(amount) FROM credit_openorderday d WHERE d.credit_account_id = c.id), 0),
       (SELECT max(id) FROM orders_order o WHERE o.account_id = c.account_id)
  FROM credit_creditaccount c WHERE c.account_id <= %s ORDER BY 1
"""


def _set_limits(accounts: int, fits: int) -> list[_Standing]:
    """Room for exactly `fits` more orders, and for half a one beyond."""
    _open_limits()
    worth = {}
    for account in range(1, min(accounts, 3) + 1):  # there are three price lists, dealt out in turn
        product.place(account, ITEMS)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT total_amount FROM orders_order WHERE account_id = %s ORDER BY id DESC LIMIT 1", [account]
            )
            worth[account % 3] = cursor.fetchone()[0]
    standings = []
    with connection.cursor() as cursor:
        cursor.execute(_EXPOSURE, [accounts])
        for account, exposure, last in cursor.fetchall():
            room = worth[account % 3] * fits + worth[account % 3] / 2
            standings.append(_Standing(account, room, last or 0))
            cursor.execute(
                "UPDATE credit_creditaccount SET limit_amount = %s WHERE account_id = %s", [exposure + room, account]
            )
    return standings


# Of the orders since then: what passed, what was held, and what the ledger, the days and the orders themselves add up to.
_JUDGED = """
WITH o AS (
  SELECT o.id, o.account_id, o.total_amount, EXISTS (SELECT FROM orders_hold h WHERE h.order_id = o.id AND h.reason = 'credit') AS is_held
    FROM orders_order o JOIN unnest(%s::bigint[], %s::bigint[]) AS s(account_id, last_order) ON s.account_id = o.account_id AND o.id > s.last_order)
SELECT o.account_id, count(*) FILTER (WHERE NOT is_held), coalesce(sum(total_amount) FILTER (WHERE NOT is_held), 0), min(total_amount) FILTER (WHERE is_held),
       sum(total_amount) = (SELECT sum(p.amount) FROM credit_posting p WHERE p.doc_kind = 'order' AND p.doc_id IN (SELECT x.id FROM o x WHERE x.account_id = o.account_id)),
       (SELECT sum(p.amount) FROM credit_posting p JOIN credit_creditaccount c ON c.id = p.credit_account_id WHERE c.account_id = o.account_id AND p.bucket = 'open_order')
       = (SELECT sum(d.amount) FROM credit_openorderday d JOIN credit_creditaccount c ON c.id = d.credit_account_id WHERE c.account_id = o.account_id)
  FROM o GROUP BY 1
"""


def _judge(before: Sequence[_Standing]) -> tuple[int, int]:
    """(orders that passed, accounts that are wrong): beyond its room, held though it fitted, or sums that differ."""
    rooms = {s.account: s.room for s in before}
    with connection.cursor() as cursor:
        cursor.execute(_JUDGED, [[s.account for s in before], [s.last_order for s in before]])
        rows = cursor.fetchall()
    passed = sum(count for _, count, *_ in rows)
    wrong = 0
    for account, _, amount, smallest_held, is_posted, is_summed in rows:
        too_much = amount > rooms[account]
        too_little = smallest_held is not None and amount + smallest_held <= rooms[account]
        wrong += too_much or too_little or not is_posted or not is_summed
    return passed, wrong


def _open_limits() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE credit_creditaccount SET limit_amount = 999999999")


def _holds_row(holds: int, *, repeats: int) -> dict[str, Any]:
    """A payment of an account with so many held orders: from its commit until the one order it pays for is let go, with the
    job leased and run as relay and worker do (the bell that wakes them is not part of it)."""
    from billing.services.post_receipt import post_receipt
    from core import clock, outbox
    from orders.queries import held_for_credit
    from orders.services.reevaluate_credit_holds import reevaluate_credit_holds

    account = data.ACCOUNTS
    _open_limits()  # what the parts before left held would be let go beside the first that is paid for
    reevaluate_credit_holds(account_id=account, actor=product.ACTOR, now=clock.db_now())
    if held_for_credit([account]):
        raise RuntimeError(
            f"account {account} has orders that no limit lets go: what a payment lets go cannot be counted"
        )
    (before,) = [s for s in _set_limits(account, 0) if s.account == account]
    for _ in range(holds):
        product.place(account, ITEMS)
    while outbox.drain_due(now=clock.db_now()):
        pass
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT total_amount FROM orders_order WHERE account_id = %s AND id > %s", [account, before.last_order]
        )
        worth = cursor.fetchone()[0]
    times, wrong = [], 0
    for n in range(repeats):
        left = len(held_for_credit([account]))
        post_receipt(
            account_id=account, amount=worth, currency="USD", received_date=data.NOW.date(), reference=f"W6-{n}",
            actor=product.ACTOR, now=clock.db_now(),
        )  # fmt: skip
        began = time.perf_counter()
        while len(held_for_credit([account])) == left and time.perf_counter() - began < 30:
            for job_id in outbox.lease_due(now=clock.db_now()):
                outbox.run_job(job_id, now=clock.db_now())
        times.append((time.perf_counter() - began) * 1000)
        wrong += left - len(held_for_credit([account])) != 1
    _open_limits()
    spread = Spread.of(times)
    return {
        "workload": "w6-holds",
        "what": f"a payment beside {holds} held orders",
        "milliseconds": spread,
        "wrong": wrong,
        "text": f"w6-holds  a payment beside {holds} held orders: the one it pays for is let go in {spread.text()} ms after the commit, "
        f"{'within' if spread.high < 1000 else 'OVER'} a second; {wrong} of {repeats} wrong",
    }
