"""W3: one allocation run over all open lines, published and explained; its floor is SQL that writes the same rows, for a
run by policy also the row of every demand it changed. Both sides check the same foreign keys, of the run as well.

1,000 SKUs × 10 sites, stock for 70 % of what is asked, three tiers. "by rank" is the default policy; "by policy" has
segments with three strategies, fair shares by tier, an order lock, a cap on orders, minimums, and a pool on every product.
"""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection

from benchmarks import data
from benchmarks.measure import Sample, Spread, run_clients
from core import clock, outbox
from core.actors import system
from inventory.models import AllocationRun, Pool
from inventory.rules.policy import Policy
from inventory.rules.policy_text import SegmentDraft
from inventory.services.allocate import allocate, allocate_products, start_run
from inventory.services.save_policy import PolicyDraft, save_policy
from inventory.services.what_if import what_if
from inventory.states import PoolKind, PoolWho

Row = dict[str, Any]
ACTOR = system("benchmark")
WAITING = 1_000  # lines of the one product that is run again

_EMPTY = """
    DELETE FROM public.inventory_demandalternative; DELETE FROM {s}inventory_allocationchange; DELETE FROM {s}inventory_demanddecision; DELETE FROM {s}inventory_promise; DELETE FROM {s}inventory_claim;
    DELETE FROM {s}inventory_demand;
    UPDATE {s}inventory_stockbalance SET reserved_qty = 0, allocated_qty = 0, on_hand_qty = 0"""
_DEMANDS = """
    INSERT INTO {s}inventory_demand (product_id, account_id, ref_kind, ref_id, ref_number, line_no, ordered_qty, cancelled_qty,
        backordered_qty, reserved_qty, allocated_qty, released_qty, picked_qty, shipped_qty, requested_date, min_shelf_life_days,
        is_blocked, backorder_allowed, priority, tier_rank, sla_penalty, is_contract, margin_band, ship_complete_group, opened_at,
        route, region, receiving_days)
    SELECT 1 + i %% %(skus)s, 1 + (i / 5) %% %(accounts)s, 'benchmark', i / 5, '', i %% 5, q, 0, q, 0, 0, 0, 0, 0,
           %(day)s::date + (i %% 28), 0, false, true, 0, 1 + (i / 5) %% 3, 0, i %% 2 = 0, i %% 10, '', %(now)s::timestamptz, '{{}}', '', '{{}}'
    FROM (SELECT i, 1 + (i %% 20 * 7919) %% 20 AS q FROM generate_series(1, %(n)s) i) g"""
_STOCK = """
    UPDATE {s}inventory_stockbalance b SET on_hand_qty = ceil(w.qty * 0.07)
    FROM (SELECT product_id, sum(ordered_qty) AS qty FROM {s}inventory_demand GROUP BY 1) w
    WHERE w.product_id = b.product_id"""
_FLOOR = """
    WITH locked AS MATERIALIZED (SELECT id, product_id, site_id, on_hand_qty AS free FROM floor.inventory_stockbalance ORDER BY id FOR NO KEY UPDATE),
    d AS (SELECT id, product_id, backordered_qty AS q, requested_date, row_number() OVER w AS place, sum(backordered_qty) OVER w AS hi
          FROM floor.inventory_demand WHERE backordered_qty > 0
          WINDOW w AS (PARTITION BY product_id ORDER BY tier_rank, requested_date, id ROWS UNBOUNDED PRECEDING)),
    s AS (SELECT id, product_id, site_id, sum(free) OVER v AS hi, free FROM locked WHERE free > 0
          WINDOW v AS (PARTITION BY product_id ORDER BY site_id ROWS UNBOUNDED PRECEDING)),
    dealt AS MATERIALIZED (
        SELECT d.id AS demand_id, s.id AS balance_id, s.site_id, least(d.hi, s.hi) - greatest(d.hi - d.q, s.hi - s.free) AS qty, d.requested_date
        FROM d JOIN s ON s.product_id = d.product_id AND s.hi - s.free < d.hi AND d.hi - d.q < s.hi),
    claims AS (INSERT INTO floor.inventory_claim (demand_id, balance_id, kind, state, qty, opened_at, ended)
        SELECT demand_id, balance_id, 'hard', 'open', qty, %(now)s::timestamptz, '' FROM dealt),
    got AS (SELECT demand_id, sum(qty) AS qty FROM dealt GROUP BY 1),
    moved AS (UPDATE floor.inventory_demand d SET backordered_qty = backordered_qty - g.qty, allocated_qty = allocated_qty + g.qty FROM got g WHERE d.id = g.demand_id),
    taken AS (UPDATE floor.inventory_stockbalance b SET allocated_qty = allocated_qty + t.qty FROM (SELECT balance_id, sum(qty) AS qty FROM dealt GROUP BY 1) t WHERE t.balance_id = b.id),
    {changed}promised AS (INSERT INTO floor.inventory_promise (demand_id, qty, kind, site_id, ship_date, delivery_date, first_delivery_date, slip_cause, is_current, made_at)
        SELECT demand_id, qty, 'stock', site_id, requested_date, requested_date, requested_date, '', true, %(now)s::timestamptz FROM dealt
        UNION ALL SELECT d.id, d.q - coalesce(g.qty, 0), 'none', NULL, NULL, NULL, NULL, '', true, %(now)s::timestamptz
        FROM d LEFT JOIN got g ON g.demand_id = d.id WHERE d.q > coalesce(g.qty, 0))
    INSERT INTO floor.inventory_demanddecision (demand_id, run_id, position, explanation)
    SELECT d.id, %(run)s, d.place, jsonb_build_object('rule', 'priority, tier, SLA penalty, contract, margin, date, age', 'outcome', coalesce(g.qty, 0) || ' of ' || d.q || ' allocated from DC1',
        'inputs', jsonb_build_object('asked', d.q, 'position', d.place, 'of', 100, 'tier_rank', 1, 'requested_date', d.requested_date, 'ahead_took', d.hi - d.q, 'next_ahead_demand', 1),
        'losers', '[]'::jsonb)
    FROM d LEFT JOIN got g ON g.demand_id = d.id"""


_CHANGED = """changed AS (INSERT INTO floor.inventory_allocationchange (run_id, demand_id, before_qty, after_qty, now_date)
        SELECT %(run)s, d.id, 0, g.qty, d.requested_date FROM d JOIN got g ON g.demand_id = d.id),
    """
_RUN = """
    INSERT INTO floor.inventory_allocationrun (trigger_key, scope, started_at, result)
    VALUES ('floor ' || gen_random_uuid(), '{}', %s, '{}') RETURNING id"""


def w3(sizes: Sequence[int], runs: int) -> Iterator[Row]:
    for size in sizes:
        seconds: dict[str, list[float]] = {
            side: [] for side in ("floor by rank", "floor by policy", "by rank", "by policy")
        }
        for n in range(runs):
            for side, work in _sides(size, n).items():
                _lay(size, side)
                seconds[side].append(_timed(work))
        for side in ("by rank", "by policy"):
            yield _row(f"{size:,} lines {side}", seconds[f"floor {side}"], seconds[side], size)
    yield from _one_product()


def _sides(size: int, n: int) -> dict[str, Callable[[], Any]]:
    return {
        "floor by rank": _floor,
        "floor by policy": lambda: _floor(_CHANGED),
        "by rank": lambda: allocate(trigger_key=f"w3 {size} {n} rank", actor=ACTOR, now=data.NOW),
        "by policy": lambda: allocate(trigger_key=f"w3 {size} {n} policy", actor=ACTOR, now=data.NOW),
    }


def _floor(changed: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '128MB'")
        cursor.execute(_RUN, [data.NOW])
        (run,) = cursor.fetchone()
        cursor.execute(_FLOOR.replace("{changed}", changed), {"now": data.NOW, "run": run})


def _lay(size: int, side: str) -> None:
    """`size` open lines and their stock; the policy and its pools only where they are measured."""
    schema = "floor." if side.startswith("floor") else "public."
    parameters = {"skus": data.SKUS, "accounts": data.ACCOUNTS, "n": size, "day": data.NOW.date(), "now": data.NOW}
    with connection.cursor() as cursor:
        for text in (*_EMPTY.format(s=schema).split(";"), _STOCK.format(s=schema)):
            if text == _STOCK.format(s=schema):
                cursor.execute(_DEMANDS.format(s=schema), parameters)
            cursor.execute(text)
        for table in ("demand", "stockbalance", "claim", "promise", "demanddecision", "allocationchange"):
            cursor.execute(f"VACUUM ANALYZE {schema}inventory_{table}")
    _rule(side == "by policy")


def _rule(by_policy: bool) -> None:
    Pool.objects.all().delete()
    segments = (
        SegmentDraft("near", "win", "tier 1; due within 2"),
        SegmentDraft("contract", "gain", "contract", "tier, date", "tier"),
        SegmentDraft("spot", "redistribute", "spot", "tier, margin", "demand"),
    )
    settings = Policy(
        code="bench", name="Bench", lock_days=2, uses_lots=True, order_cap_percent=Decimal(50), passes=2,
        may_take_promises=True,
    )  # fmt: skip
    draft = PolicyDraft(settings, segments, is_default=True)
    other = PolicyDraft(Policy(code="default", name="Default"), (), is_default=True)
    save_policy(draft=draft if by_policy else other, actor=ACTOR, now=data.NOW)
    if by_policy:
        Pool.objects.bulk_create(
            Pool(
                code=f"B{i}", name="Strategic", kind=PoolKind.PROTECTION, who=PoolWho.ACCOUNT, account_id=1 + i % data.ACCOUNTS,
                product_id=i, amount=Decimal(5), valid_from=data.NOW.date() - timedelta(days=1),
            )
            for i in range(1, data.SKUS + 1)
        )  # fmt: skip


def _timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _row(what: str, base: Sequence[float], mine: Sequence[float], size: int) -> Row:
    f, p = Spread.of(base), Spread.of(mine)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    text = (
        f"w3        {what:28} floor {f.median:.2f} s, product {p.median:.2f} s ({p.low:.2f}–{p.high:.2f}), "
        f"{p.median / f.median:.1f}× the floor, {size / p.median:,.0f} lines/s, peak {peak:.0f} MiB"
    )
    return {"workload": "w3", "what": what, "floor": f, "product": p, "times": p.median / f.median, "text": text}


def _one_product() -> Iterator[Row]:
    """A receipt for a product with 1,000 waiting lines, and a what-if of it."""
    for side in ("by rank", "by policy"):
        _lay(WAITING * data.SKUS // 100, side)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE inventory_demand SET product_id = 1 WHERE id IN (SELECT id FROM inventory_demand ORDER BY id LIMIT %s)",
                [WAITING],
            )
            cursor.execute("UPDATE inventory_stockbalance SET on_hand_qty = 100 WHERE product_id = 1")
        tried = [_timed(lambda: what_if([1], now=data.NOW)) * 1000 for _ in range(5)]
        _run_one(f"one {side} first")
        ran = []
        for n in range(5):
            with connection.cursor() as cursor:
                cursor.execute("UPDATE inventory_stockbalance SET on_hand_qty = on_hand_qty + 30 WHERE product_id = 1")
            ran.append(_timed(partial(_run_one, f"one {side} {n}")) * 1000)
        for what, values in (("run again after a receipt", ran), ("what-if", tried)):
            spread = Spread.of(values)
            text = f"w3        one product, 1,000 lines, {what}, {side}: {spread.median:.0f} ms ({spread.low:.0f}–{spread.high:.0f})"
            yield {"workload": "w3", "what": f"one product {what} {side}", "product": spread, "text": text}


def _run_one(key: str) -> None:
    allocate_products(trigger_key=key, product_ids=[1], actor=ACTOR, now=data.NOW)


def w3_workers(size: int) -> Iterator[Row]:
    """The same run fanned out into jobs, which 1 and 2 worker processes lease and run until none is left."""
    for workers in (1, 2):
        _lay(size, "by policy")
        started = time.perf_counter()
        run = start_run(trigger_key=f"w3 {workers} workers", actor=ACTOR, now=data.NOW)
        samples = run_clients(workers, _work, _warm_up)
        took = max(s.seconds for s in samples)
        fanned = time.perf_counter() - started
        if AllocationRun.objects.get(pk=run.run_id).finished_at is None:
            raise RuntimeError("the run was not closed")
        text = (
            f"w3        {size:,} lines by policy as {run.shards} jobs, {workers} worker(s): {took:.2f} s "
            f"({fanned:.2f} s with the start of the processes)"
        )
        yield {"workload": "w3", "what": f"{workers} worker(s)", "seconds": took, "text": text}


def _warm_up(number: int) -> None:
    """As a worker that has run before: its modules are loaded and the planner's caches filled by another product."""
    what_if([1 + number], now=data.NOW)


def _work(number: int, warmed: Any) -> Sample:
    """What a worker does, without the broker between lease and run: one job at a time."""
    done, began = 0, time.perf_counter()
    while jobs := outbox.lease_due(now=clock.db_now(), limit=1):
        for job_id in jobs:
            if (outcome := outbox.run_job(job_id, now=data.NOW)) != "done":
                raise RuntimeError(f"job {job_id}: {outcome}")
            done += 1
    return Sample(done, time.perf_counter() - began)
