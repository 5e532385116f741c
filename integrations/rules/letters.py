"""Letters about promises that moved: to whom, when, and what stands in them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

GATHER = timedelta(seconds=60)  # the shards of one run, and the moves a move causes, are told in one letter
DIGEST_AT = time(7)  # where the reader is
LONGEST_TRY = 5
AT_ONCE, DAILY = "at_once", "daily"


@dataclass(frozen=True)
class Move:
    """`qty` of a line promised for `was` comes on `now` (None: no date yet). `seq` grows with every run."""

    demand_id: int
    line_no: int
    sku: str
    qty: str
    was: date | None
    now: date | None
    cause: str
    seq: int = 0

    @property
    def is_later(self) -> bool:
        return self.was is not None and (self.now is None or self.now > self.was)


def due_at(mail: str, *, now: datetime, time_zone: str) -> datetime:
    """When a letter begun now leaves: a minute from now, or at seven in the reader's next morning."""
    if mail != DAILY:
        return now + GATHER
    local = now.astimezone(ZoneInfo(time_zone))
    day = local.date() + timedelta(days=0 if local.time() < DIGEST_AT else 1)
    return datetime.combine(day, DIGEST_AT, tzinfo=local.tzinfo)


def next_try(attempts: int, *, now: datetime) -> datetime:
    """After 2, 4, 8, 16 minutes."""
    return now + timedelta(minutes=2**attempts)


def kept(move: Move) -> dict[str, Any]:
    """As a letter keeps it."""
    days = {"was": move.was.isoformat() if move.was else "", "now": move.now.isoformat() if move.now else ""}
    return {
        "demand": move.demand_id, "line_no": move.line_no, "sku": move.sku, "qty": move.qty, **days, "cause": move.cause,
        "seq": move.seq,
    }  # fmt: skip


def folded(rows: Iterable[Mapping[str, Any]]) -> list[Move]:
    """A move a line: from the first day to the last, for the last cause. One told twice counts once; what came back to
    where it was is not told."""
    found: dict[int, Move] = {}
    seen: set[tuple[int, int]] = set()
    for row in sorted(rows, key=lambda r: (r["seq"], r["demand"])):
        if (row["demand"], row["seq"]) in seen:
            continue
        seen.add((row["demand"], row["seq"]))
        first = found.get(row["demand"])
        was = first.was if first else _day(row["was"])
        found[row["demand"]] = Move(
            row["demand"], row["line_no"], row["sku"], row["qty"], was, _day(row["now"]), row["cause"], row["seq"]
        )
    return sorted((m for m in found.values() if m.was != m.now), key=lambda m: (m.line_no, m.demand_id))


def in_words(move: Move) -> str:
    """ "Line 3: 20 of GLOVE-L, 28 Nov 2026 → 3 Dec 2026" """
    return f"Line {move.line_no}: {move.qty} of {move.sku}, {day_words(move.was)} → {day_words(move.now)}"


def subject_of(orders: Sequence[tuple[str, Sequence[Move]]]) -> str:
    """One order is named with what moved; a digest says how many."""
    count = sum(len(moves) for _, moves in orders)
    moved = "1 promise moved" if count == 1 else f"{count} promises moved"
    return f"Order {orders[0][0]}: {moved}" if len(orders) == 1 else f"{len(orders)} orders: {moved}"


def day_words(day: date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else "no date yet"


def _day(stated: str) -> date | None:
    return date.fromisoformat(stated) if stated else None
