"""The lock ladder. Every row lock of the product is taken here: ranks only climb, keys rise inside a rank.

A room's `locks.py` names what it locks (`lock_orders(ids)`) and calls `take`. Statements that lock by
themselves (the guarded claim, ON CONFLICT) say so with `climb` first, so that the ladder still sees them.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

M = TypeVar("M", bound=models.Model)


class Rank(IntEnum):
    IDEMPOTENCY = 0
    JOB = 5
    CREDIT_ACCOUNT = 10
    AUTHORITY = 12  # spending and authority ledgers
    COMMITMENT = 15  # contract commitments
    QUOTE = 18  # quotes and approvals
    ORDER = 20
    SHIPMENT = 30  # shipments and returns
    INVOICE = 40  # invoices and receipts
    COMMISSION = 45
    DEMAND = 50
    INBOUND = 52
    POOL = 55
    LOT = 57  # lots and serials
    CAPACITY = 58  # site-day capacity
    TRANSFER = 59
    BALANCE = 60
    CASE = 80
    NUMBERING = 90
    RUN = 95  # an allocation run, which its last shard closes


class LockOutsideTransaction(RuntimeError):
    """A row lock was asked for where it would be released at once."""


class LockOrderViolation(RuntimeError):
    """A lower rank, or a lower key of the same rank, was asked for after a higher one.

    Two workers doing that could wait for each other for ever.
    """


@dataclass
class Ladder:
    """What this transaction holds: the highest rank, and per rank and table the keys taken."""

    connection: BaseDatabaseWrapper
    rank: int = -1
    held: dict[int, dict[str, set[Any]]] = field(default_factory=dict)

    def climb(self, rank: Rank, keys: Iterable[Any], table: str = "") -> None:
        if rank > self.rank:  # nothing of it is held yet: any key may be first
            self.rank, self.held[rank] = rank, {table: set(keys)}
            return
        tables = self.held.get(rank, {})
        held = tables.get(table, set()) | tables.get("", set()) if table else set().union(*tables.values())
        new = set(keys) - held
        if rank < self.rank and (new or not tables):
            raise LockOrderViolation(f"{rank.name} ({rank}) after {Rank(self.rank).name} ({self.rank})")
        if new and held and min(new) < max(held):
            raise LockOrderViolation(f"{rank.name}: key {min(new)!r} after {max(held)!r}")
        if new and table and (later := max(tables, default="")) > table:
            raise LockOrderViolation(f"{rank.name}: {table} after {later}")
        self.held.setdefault(rank, {}).setdefault(table, set()).update(new)


_ladder: ContextVar[Ladder | None] = ContextVar("lock_ladder", default=None)


def begin(connection: BaseDatabaseWrapper) -> Any:
    """Start an empty ladder; give the token to `end` in a finally. Called by the unit of work only."""
    return _ladder.set(Ladder(connection))


def end(token: Any) -> None:
    _ladder.reset(token)


def climb(rank: Rank, keys: Iterable[Any], *, table: str = "") -> None:
    """Record that the next statement locks `keys` at `rank`, or refuse.

    Keys are sorted by the statement itself. Where two tables share a rank, `table` keeps their keys apart.
    """
    ladder = _ladder.get()
    if ladder is None or not ladder.connection.in_atomic_block:
        raise LockOutsideTransaction(f"{rank.name} can only be locked inside a unit of work")
    ladder.climb(rank, keys, table)


def take(
    rank: Rank, queryset: models.QuerySet[M], *, of: tuple[str, ...] = ("self",), skip_locked: bool = False
) -> list[M]:
    """Lock the rows of `queryset` in primary-key order and return them, evaluated.

    `skip_locked` passes over what others hold: for queues only, never for counters or balances.
    A lower rank of which nothing is held yet is refused before anything is locked. Tables that share a rank
    are taken in the order of their names.

    The lock is FOR NO KEY UPDATE: rows that merely point here (an invoice line at its order) need not wait.
    """
    table = queryset.model._meta.db_table
    climb(rank, (), table=table)
    rows = list(queryset.select_for_update(of=of, no_key=True, skip_locked=skip_locked).order_by("pk"))
    climb(rank, [row.pk for row in rows], table=table)
    return rows


def take_values(rank: Rank, queryset: models.QuerySet[Any], *columns: str) -> list[tuple[Any, ...]]:
    """The same as `take` for verbs that lock thousands of rows: the columns named instead of model instances, which
    cost ten times as much to make. The primary key comes first.
    """
    table = queryset.model._meta.db_table
    climb(rank, (), table=table)
    rows = list(queryset.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", *columns))
    climb(rank, [row[0] for row in rows], table=table)
    return rows


def highest() -> int:
    """The highest rank held now, -1 for none (tests)."""
    ladder = _ladder.get()
    return -1 if ladder is None else ladder.rank
