"""What a verb changed, written in one statement: balances (guarded), claims, demand buckets, promises and decisions.

One, because whoever waits for a hot balance waits until this transaction commits: every round trip between the guard
and the commit is served in their time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from core import sql, uow
from core.explain import Explanation
from inventory.rules.asks import PromiseSlice
from inventory.services.claim import (
    DEMAND_COLUMNS,
    REFUSED_BY,
    ZERO,
    Held,
    Ledger,
    Shifting,
    StockDisagrees,
    shifting,
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
}  # fmt: skip
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
    SELECT (d->>0)::bigint, (d->>1)::bigint, (d->>2)::int, d->3
    FROM jsonb_array_elements(%(decided)s::jsonb) AS d WHERE {if_granted}
    ON CONFLICT (demand_id) DO UPDATE SET run_id = excluded.run_id, position = excluded.position,
        explanation = excluded.explanation WHERE old.explanation IS DISTINCT FROM excluded.explanation)"""
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
    granted = {balance_id for (balance_id,) in sql.rows(asked.text(is_guarded=True), asked.parameters)}
    refused = set(asked.balances) - granted
    ledger.settled(refused)
    return refused


def record_last(
    ledger: Ledger, *, now: datetime, promises: PromiseChanges | None = None, decisions: Sequence[Decided] = ()
) -> None:
    """The same at the commit, with it (`uow.may_leave_last`): all claims are granted, or the whole call is repeated."""
    asked = _asked(ledger, now, promises, decisions)
    if asked is not None:
        # Of a claim of one line each part has one row; ids to retire are looked for in a list whatever their number.
        listed = [v for name, v in asked.parameters.items() if type(v) is list and name != "retired"]
        is_one = "retired" not in asked.parameters and all(len(v) == 1 for v in listed)
        text = asked.text(is_guarded=False, is_one=is_one)
        uow.leave_last(text, sql.one_of_each(asked.parameters) if is_one else asked.parameters, overtaken_on=REFUSED_BY)
        ledger.settled(set())


@dataclass(frozen=True)
class _Asked:
    """The statement that writes what is pending, for one way to take the balances or the other."""

    parts: tuple[str, ...]
    moves: tuple[str, ...]
    shifts: tuple[str, ...]
    parameters: dict[str, Any]

    @property
    def balances(self) -> Sequence[int]:
        found: Sequence[int] = self.parameters.get("shift_id", ())
        return found

    def text(self, *, is_guarded: bool, is_one: bool = False) -> str:
        return _statement(self.parts, self.moves, self.shifts, is_guarded, is_one)


def _asked(
    ledger: Ledger, now: datetime, promises: PromiseChanges | None, decisions: Sequence[Decided]
) -> _Asked | None:
    pending = Shifting.of(ledger.shifts)
    moved = _Moves.of(ledger)
    values = _values(ledger, promises or PromiseChanges(), decisions)
    if not pending.ids and not moved.ids and not values:
        return None
    parameters = {"now": now, **pending.parameters, **moved.parameters()}
    for part in values.values():
        parameters |= part
    return _Asked(tuple(values), moved.columns, pending.columns, parameters)


@lru_cache(maxsize=200)
def _statement(
    parts: tuple[str, ...], moves: tuple[str, ...], shifts: tuple[str, ...], is_guarded: bool, is_one: bool
) -> str:
    is_asked = is_guarded and bool(shifts)
    if_granted = _ALL_GRANTED if is_asked else "true"
    as_rows = sql.one_row if is_one else sql.side_by_side
    used = [shifting(shifts, is_guarded=is_guarded, is_one=is_one)] if shifts else []
    for name in parts:
        rows = as_rows(name, **_ROWS[name]) if name in _ROWS else ""
        used.append(_PARTS[name].format(if_granted=if_granted, rows=rows))
    if moves:
        rows = as_rows("moved", id="bigint", **dict.fromkeys(moves, "numeric"))
        changes = ", ".join(f"{c} = d.{c} + m.{c}" for c in moves)
        used.append(_MOVED.format(moves=changes, rows=rows, if_granted=if_granted))
    # Where nobody asks what was granted, the server comes to the balances last: a hot one is locked the shorter.
    return f"WITH {', '.join(used)} SELECT {'id FROM granted' if is_asked else '0 WHERE false'}"


@dataclass(frozen=True)
class _Moves:
    """The demands whose buckets moved, and those buckets, as columns of deltas."""

    ids: list[int]
    columns: tuple[str, ...]
    deltas: dict[str, list[Any]]

    @classmethod
    def of(cls, ledger: Ledger) -> "_Moves":
        moved = [(i, delta) for i, delta in sorted(ledger.moved.items()) if any(delta.values())]
        changed = {column for _, delta in moved for column, qty in delta.items() if qty}
        columns = tuple(c for c in DEMAND_COLUMNS if c in changed)
        return cls([i for i, _ in moved], columns, {c: [delta.get(c, ZERO) for _, delta in moved] for c in columns})

    def parameters(self) -> dict[str, Any]:
        return {"moved_id": self.ids, **{f"moved_{c}": deltas for c, deltas in self.deltas.items()}} if self.ids else {}


def _values(ledger: Ledger, promises: PromiseChanges, decisions: Sequence[Decided]) -> dict[str, dict[str, Any]]:
    """The parameters of each part that has something to write."""
    opened = [_opened(h) for h in ledger.held if h.id is None]
    changed = [_changed(h) for h in ledger.held if h.id is not None and h.is_changed]
    made = [_made(i, s) for i, s in promises.made]
    found = {
        "opened": _columns("opened", opened),
        "changed": _columns("changed", changed),
        "retired": {"retired": promises.retired} if promises.retired else {},
        "made": _columns("made", made),
        "decided": {"decided": _decisions(decisions)} if decisions else {},
    }
    return {name: part for name, part in found.items() if part}


def _columns(part: str, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    if not rows:
        return {}
    return {f"{part}_{name}": list(column) for name, column in zip(_ROWS[part], zip(*rows, strict=True), strict=True)}


def _opened(h: Held) -> tuple[Any, ...]:
    return h.demand_id, h.balance_id, str(h.kind), h.qty, h.expires_at, str(h.ended)


def _changed(h: Held) -> tuple[Any, ...]:
    return h.id, str(h.kind), h.qty, h.expires_at, str(h.ended)


def _made(demand_id: int, s: PromiseSlice) -> tuple[Any, ...]:
    return (
        demand_id, s.qty, str(s.kind), s.site_id, s.inbound_id, s.ship_date, s.delivery_date, s.first_delivery_date,
        s.slip_cause,
    )  # fmt: skip


def _decisions(decisions: Sequence[Decided]) -> str:
    """One JSON text for all: an array of texts would be escaped one by one, by far the slowest part of a record."""
    rows = [[d.demand_id, d.run_id, d.position, d.explanation.as_json()] for d in decisions]
    return json.dumps(rows, ensure_ascii=False)
