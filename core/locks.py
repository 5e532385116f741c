"""The lock ladder. Every row lock of the product is taken here: ranks only climb, primary keys rise inside a rank.

A room's `locks.py` names what it locks (`lock_orders(ids)`) and calls `take`. Statements that lock by themselves
(the guarded claim, ON CONFLICT) say so with `climb` first, so that the ladder still sees them.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from django.db import connection, models

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


class LockOutsideTransaction(RuntimeError):
    """A row lock was asked for where it would be released at once."""


class LockOrderViolation(RuntimeError):
    """A lower rank, or a lower key of the same rank, was asked for after a higher one: two workers could deadlock."""


@dataclass
class Ladder:
    """What this transaction holds: the highest rank, and per rank the keys taken."""

    rank: int = -1
    held: dict[int, set[Any]] = field(default_factory=dict)

    def climb(self, rank: Rank, keys: Iterable[Any]) -> None:
        asked = set(keys)
        held = self.held.setdefault(rank, set())
        new = asked - held
        if rank < self.rank and new:
            raise LockOrderViolation(f"{rank.name} ({rank}) after {Rank(self.rank).name} ({self.rank})")
        if new and held and min(new) < max(held):
            raise LockOrderViolation(f"{rank.name}: key {min(new)!r} after {max(held)!r}")
        held |= new
        self.rank = max(self.rank, rank)


_ladder: ContextVar[Ladder | None] = ContextVar("lock_ladder", default=None)


def begin() -> Any:
    """Start an empty ladder; give the token to `end` in a finally. Called by the unit of work only."""
    return _ladder.set(Ladder())


def end(token: Any) -> None:
    _ladder.reset(token)


def climb(rank: Rank, keys: Iterable[Any]) -> None:
    """Record that the next statement locks `keys` at `rank`, or refuse. Keys are sorted by the statement itself."""
    ladder = _ladder.get()
    if ladder is None or not connection.in_atomic_block:
        raise LockOutsideTransaction(f"{rank.name} can only be locked inside a unit of work")
    ladder.climb(rank, keys)


def take(rank: Rank, queryset: models.QuerySet[M], *, of: tuple[str, ...] = ("self",)) -> list[M]:
    """Lock the rows of `queryset` in primary-key order and return them, evaluated.

    The lock is FOR NO KEY UPDATE: rows that merely point here (an invoice line at its order) need not wait.
    """
    climb(rank, ())
    rows = list(queryset.select_for_update(of=of, no_key=True).order_by("pk"))
    climb(rank, [row.pk for row in rows])
    return rows


def highest() -> int:
    """The highest rank held now, -1 for none (tests)."""
    ladder = _ladder.get()
    return -1 if ladder is None else ladder.rank
