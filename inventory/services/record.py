"""What a verb changed, written in one statement: claims, demand buckets, promises and decisions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from core.explain import Explanation
from inventory.rules.asks import PromiseSlice
from inventory.services.claim import DEMAND_COLUMNS, ZERO, Held, Ledger

_OPENED = """opened AS (
    INSERT INTO inventory_claim (demand_id, balance_id, kind, state, qty, expires_at, opened_at, ended, ended_at)
    SELECT c.demand, c.balance, c.kind, CASE c.ended WHEN '' THEN 'open' ELSE 'closed' END, c.qty, c.expires, {now},
           c.ended, CASE c.ended WHEN '' THEN NULL ELSE {now} END
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::numeric[], %s::timestamptz[], %s::text[])
        AS c(demand, balance, kind, qty, expires, ended) RETURNING 1)"""
_CHANGED = """changed AS (
    UPDATE inventory_claim k SET kind = c.kind, qty = c.qty, expires_at = c.expires, ended = c.ended,
           state = CASE c.ended WHEN '' THEN 'open' ELSE 'closed' END,
           ended_at = CASE c.ended WHEN '' THEN NULL ELSE {now} END
    FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::timestamptz[], %s::text[])
        AS c(id, kind, qty, expires, ended) WHERE k.id = c.id RETURNING 1)"""
_RETIRED = """retired AS (UPDATE inventory_promise SET is_current = false WHERE id = ANY(%s::bigint[]) RETURNING 1)"""
_MADE = """made AS (
    INSERT INTO inventory_promise (demand_id, qty, kind, site_id, inbound_id, ship_date, delivery_date,
                                   first_delivery_date, slip_cause, is_current, made_at)
    SELECT p.*, true, {now} FROM unnest(%s::bigint[], %s::numeric[], %s::text[], %s::bigint[], %s::bigint[],
        %s::date[], %s::date[], %s::date[], %s::text[]) AS p RETURNING 1)"""
_DECIDED = """decided AS (
    INSERT INTO inventory_demanddecision AS old (demand_id, run_id, position, explanation)
    SELECT (d->>0)::bigint, (d->>1)::bigint, (d->>2)::int, d->3 FROM jsonb_array_elements(%s::jsonb) AS d
    ON CONFLICT (demand_id) DO UPDATE SET run_id = excluded.run_id, position = excluded.position,
        explanation = excluded.explanation WHERE old.explanation IS DISTINCT FROM excluded.explanation RETURNING 1)"""


@dataclass(frozen=True)
class Decided:
    demand_id: int
    run_id: int | None
    position: int
    explanation: Explanation


@dataclass
class PromiseChanges:
    """Rows that no longer hold and slices that do from now on."""

    retired: list[int] = field(default_factory=list)
    made: list[tuple[int, PromiseSlice]] = field(default_factory=list)


def record(
    ledger: Ledger, *, now: datetime, promises: PromiseChanges | None = None, decisions: Sequence[Decided] = ()
) -> None:
    """Write the ledger's claims and buckets, the promises and the decisions: one statement, changed rows only."""
    promises = promises or PromiseChanges()
    parts: list[tuple[str, list[Any]]] = [
        (_OPENED, _columns([_opened(h) for h in ledger.held if h.id is None], 6)),
        (_CHANGED, _columns([_changed(h) for h in ledger.held if h.id is not None and h.is_changed], 5)),
        _moves(ledger),
        (_RETIRED, [promises.retired]),
        (_MADE, _columns([_made(i, s) for i, s in promises.made], 9)),
        (_DECIDED, [_decisions(decisions)]),
    ]
    used = [(sql, columns) for sql, columns in parts if columns[0]]
    if not used:
        return
    moment = f"'{now.isoformat()}'::timestamptz"
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {', '.join(sql.format(now=moment) for sql, _ in used)} SELECT 1",
            [column for _, columns in used for column in columns],
        )


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _opened(h: Held) -> tuple[Any, ...]:
    return h.demand_id, h.balance_id, str(h.kind), h.qty, h.expires_at, str(h.ended)


def _changed(h: Held) -> tuple[Any, ...]:
    return h.id, str(h.kind), h.qty, h.expires_at, str(h.ended)


def _moves(ledger: Ledger) -> tuple[str, list[Any]]:
    """The statement for the buckets that moved at all, and its columns: ids, then a delta per bucket."""
    moved = [(i, delta) for i, delta in sorted(ledger.moved.items()) if any(delta.values())]
    used = [c for c in DEMAND_COLUMNS if any(delta.get(c) for _, delta in moved)]
    sql = (
        f"moved AS (UPDATE inventory_demand d SET {', '.join(f'{c} = d.{c} + m.{c}' for c in used)} "
        f"FROM unnest(%s::bigint[], {', '.join(['%s::numeric[]'] * len(used))}) AS m(id, {', '.join(used)}) "
        "WHERE d.id = m.id RETURNING 1)"
    )
    return sql, [[i for i, _ in moved], *([delta.get(c, ZERO) for _, delta in moved] for c in used)]


def _made(demand_id: int, s: PromiseSlice) -> tuple[Any, ...]:
    return (
        demand_id, s.qty, str(s.kind), s.site_id, s.inbound_id, s.ship_date, s.delivery_date, s.first_delivery_date,
        s.slip_cause,
    )  # fmt: skip


def _decisions(decisions: Sequence[Decided]) -> str:
    """One JSON text for all: an array of texts would be escaped one by one, by far the slowest part of a record."""
    if not decisions:
        return ""
    rows = [[d.demand_id, d.run_id, d.position, d.explanation.as_json()] for d in decisions]
    return json.dumps(rows, ensure_ascii=False)
