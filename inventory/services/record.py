"""What a verb changed, written in one statement: balances (guarded), claims, demand buckets, promises and decisions.

One, because whoever waits for a hot balance waits until this transaction commits: every round trip between the guard
and the commit is served in their time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from core import sql, uow
from core.arrays import plain_text
from core.explain import Explanation
from inventory.rules.asks import PromiseSlice
from inventory.services.claim import (
    DEMAND_COLUMNS,
    REFUSED_BY,
    Deltas,
    Held,
    Ledger,
    StockDisagrees,
    shifting,
    shifting_one,
    shifts_of,
)

# What each part takes its rows from.
_ROWS = {
    "opened": {
        "demand": "bigint", "balance": "bigint", "kind": "text", "qty": "numeric", "expires": "timestamptz",
        "ended": "text",
    },
    "changed": {"id": "bigint", "kind": "text", "qty": "numeric", "expires": "timestamptz", "ended": "text"},
    "made": {
        "demand": "bigint", "qty": "numeric", "kind": "text", "site": "bigint", "inbound": "bigint", "ship": "date",
        "delivery": "date", "first": "date", "cause": "text",
    },
    "decided": {"demand": "bigint", "run": "bigint", "position": "int", "why": "jsonb"},
}  # fmt: skip
_COLUMNS = {part: tuple(columns) for part, columns in _ROWS.items()}
_Table = tuple[str, tuple[str, ...], Sequence[Sequence[Any]]]
# Each part is written only {if_granted}: when a balance refuses, nothing but the granted shifts has happened.
_OPENED = """opened AS (
    INSERT INTO inventory_claim (demand_id, balance_id, kind, state, qty, expires_at, opened_at, ended, ended_at)
    SELECT c.demand, c.balance, c.kind, CASE c.ended WHEN '' THEN 'open' ELSE 'closed' END, c.qty, c.expires,
           %(now)s::timestamptz, c.ended, CASE c.ended WHEN '' THEN NULL ELSE %(now)s::timestamptz END
    FROM {rows} AS c WHERE {if_granted})"""
_CHANGED = """changed AS (
    UPDATE inventory_claim k SET kind = c.kind, qty = c.qty, expires_at = c.expires, ended = c.ended,
           state = CASE c.ended WHEN '' THEN 'open' ELSE 'closed' END,
           ended_at = CASE c.ended WHEN '' THEN NULL ELSE %(now)s::timestamptz END
    FROM {rows} AS c WHERE k.id = c.id AND {if_granted})"""
_MOVED = """moved AS (
    UPDATE inventory_demand d SET {moves} FROM {rows} AS m WHERE d.id = m.id AND {if_granted})"""
_RETIRED = """retired AS (
    UPDATE inventory_promise SET is_current = false WHERE id = ANY(%(retired)s::bigint[]) AND {if_granted})"""
_MADE = """made AS (
    INSERT INTO inventory_promise (demand_id, qty, kind, site_id, inbound_id, ship_date, delivery_date,
                                   first_delivery_date, slip_cause, is_current, made_at)
    SELECT p.*, true, %(now)s::timestamptz FROM {rows} AS p WHERE {if_granted})"""
_DECIDED = """decided AS (
    INSERT INTO inventory_demanddecision AS old (demand_id, run_id, position, explanation)
    SELECT d.* FROM {rows} AS d WHERE {if_granted}
    ON CONFLICT (demand_id) DO UPDATE SET run_id = excluded.run_id, position = excluded.position,
        explanation = excluded.explanation WHERE old.explanation IS DISTINCT FROM excluded.explanation)"""
# One JSON text for all: an array of texts would be escaped one by one, by far the slowest part of a record.
_MANY_DECIDED = """(SELECT (d->>0)::bigint, (d->>1)::bigint, (d->>2)::int, d->3
    FROM jsonb_array_elements(%(decided)s::jsonb) AS d)"""
_PARTS = {"opened": _OPENED, "changed": _CHANGED, "retired": _RETIRED, "made": _MADE, "decided": _DECIDED}
_ALL_GRANTED = "(SELECT count(*) = cardinality(%(shift_id)s::bigint[]) FROM granted)"


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
    """Write what the ledger has pending, its claims and buckets, the promises and the decisions: changed rows only.

    Raises StockDisagrees when a balance does not have what its claims say.
    """
    if refused := try_record(ledger, now=now, promises=promises, decisions=decisions):
        raise StockDisagrees(balance_ids=sorted(refused))


def try_record(
    ledger: Ledger, *, now: datetime, promises: PromiseChanges | None = None, decisions: Sequence[Decided] = ()
) -> set[int]:
    """The same for claims that may come too late: the balances that refused, growth on them undone in the ledger.

    Then nothing is written but the granted shifts: plan again, and `record` the rest.
    """
    asked = _asked(ledger, now, promises, decisions)
    if asked is None:
        return set()
    granted = {balance_id for (balance_id,) in sql.rows(asked.text(is_guarded=True), asked.parameters())}
    refused = set(asked.shifts.ids) - granted
    ledger.settled(refused)
    return refused


def record_last(
    ledger: Ledger, *, now: datetime, promises: PromiseChanges | None = None, decisions: Sequence[Decided] = ()
) -> None:
    """The same at the commit, with it (`uow.may_leave_last`): all claims are granted, or the whole call is repeated."""
    asked = _asked(ledger, now, promises, decisions)
    if asked is not None:
        is_one = asked.is_one_of_each
        parameters = asked.one_of_each() if is_one else asked.parameters()
        uow.leave_last(asked.text(is_guarded=False, is_one=is_one), parameters, overtaken_on=REFUSED_BY)
        ledger.settled(set())


class _Asked(NamedTuple):
    """The statement that writes what is pending, for one way to take the balances or the other. `tables` are what its
    parts take rows from: the name of each, its columns, and the values of each column."""

    parts: tuple[str, ...]
    moved: Deltas
    shifts: Deltas
    tables: list[_Table]
    decisions: Sequence[Decided]
    others: dict[str, Any]

    @property
    def is_one_of_each(self) -> bool:
        """Of a claim of one line each part has one row; ids to retire are looked for in a list whatever their number."""
        return (
            len(self.decisions) < 2
            and "retired" not in self.others
            and all(len(columns[0]) == 1 for _, _, columns in self.tables)
        )

    def parameters(self) -> dict[str, Any]:
        found = self.others.copy()
        for name, names, columns in self.tables:
            found.update(zip(_named(name, names), map(list, columns), strict=True))
        if self.decisions:
            rows = [[d.demand_id, d.run_id, d.position, d.explanation.as_json()] for d in self.decisions]
            found["decided"] = _as_json(rows)
        return found

    def one_of_each(self) -> dict[str, Any]:
        found = self.others.copy()
        for name, names, columns in self.tables:
            for parameter, (value,) in zip(_named(name, names), columns, strict=True):
                found[parameter] = plain_text(value)
        for d in self.decisions:
            found["decided_demand"], found["decided_run"] = plain_text(d.demand_id), plain_text(d.run_id)
            found["decided_position"], found["decided_why"] = plain_text(d.position), _as_json(d.explanation.as_json())
        return found

    def text(self, *, is_guarded: bool, is_one: bool = False) -> str:
        return _statement(self.parts, self.moved.columns, self.shifts.columns, is_guarded, is_one)


def _asked(
    ledger: Ledger, now: datetime, promises: PromiseChanges | None, decisions: Sequence[Decided]
) -> _Asked | None:
    shifts, moved = shifts_of(ledger.shifts), Deltas.of(ledger.moved, DEMAND_COLUMNS)
    tables = _tables(ledger, promises)
    others: dict[str, Any] = {}
    if promises is not None and promises.retired:
        others["retired"] = promises.retired
    if not (tables or others or decisions or shifts.ids or moved.ids):
        return None
    written = {name for name, _, _ in tables} | others.keys()
    if decisions:
        written.add("decided")
    parts = tuple([part for part in _PARTS if part in written])
    others["now"] = now
    for name, deltas in (("shift", shifts), ("moved", moved)):
        if deltas.ids:
            tables.append((name, ("id", *deltas.columns), [deltas.ids, *deltas.by]))
    return _Asked(parts, moved, shifts, tables, decisions, others)


@lru_cache(maxsize=200)
def _named(table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """As the parameters of its columns are called."""
    return tuple([f"{table}_{column}" for column in columns])


@lru_cache(maxsize=200)
def _statement(
    parts: tuple[str, ...], moves: tuple[str, ...], shifts: tuple[str, ...], is_guarded: bool, is_one: bool
) -> str:
    is_asked = is_guarded and bool(shifts)
    if_granted = _ALL_GRANTED if is_asked else "true"
    as_rows = sql.one_row if is_one else sql.side_by_side
    used = []
    if shifts:
        used.append(shifting_one(shifts) if is_one else shifting(shifts, is_guarded=is_guarded))
    for name in parts:
        rows = as_rows(name, **_ROWS[name]) if name in _ROWS else ""
        if name == "decided" and not is_one:
            rows = _MANY_DECIDED
        used.append(_PARTS[name].format(if_granted=if_granted, rows=rows))
    if moves:
        rows = as_rows("moved", id="bigint", **dict.fromkeys(moves, "numeric"))
        changes = ", ".join(f"{c} = d.{c} + m.{c}" for c in moves)
        used.append(_MOVED.format(moves=changes, rows=rows, if_granted=if_granted))
    # Where nobody asks what was granted, the server comes to the balances last: a hot one is locked the shorter.
    return f"WITH {', '.join(used)} SELECT {'id FROM granted' if is_asked else '0 WHERE false'}"


def _tables(ledger: Ledger, promises: PromiseChanges | None) -> list[_Table]:
    """Of each part that has rows to write."""
    rows = {
        "opened": [_opened(h) for h in ledger.held if h.id is None],
        "changed": [_changed(h) for h in ledger.held if h.id is not None and h.is_changed],
        "made": [_made(i, s) for i, s in promises.made] if promises is not None else [],
    }
    return [(part, _COLUMNS[part], list(zip(*some, strict=True))) for part, some in rows.items() if some]


def _opened(h: Held) -> tuple[Any, ...]:
    return h.demand_id, h.balance_id, str(h.kind), h.qty, h.expires_at, str(h.ended)


def _changed(h: Held) -> tuple[Any, ...]:
    return h.id, str(h.kind), h.qty, h.expires_at, str(h.ended)


def _made(demand_id: int, s: PromiseSlice) -> tuple[Any, ...]:
    return (
        demand_id, s.qty, str(s.kind), s.site_id, s.inbound_id, s.ship_date, s.delivery_date, s.first_delivery_date,
        s.slip_cause,
    )  # fmt: skip


_as_json = json.JSONEncoder(ensure_ascii=False).encode
