"""Which earlier sales a cancellation takes back: the latest sale with enough left, else several, latest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

Key: TypeAlias = tuple[int, int]  # (account id, product id)


@dataclass(frozen=True, slots=True)
class Sale:
    """`left` is what was sold and not yet reversed. `at` None = before everything."""

    id: int
    account_id: int
    product_id: int
    at: datetime | None
    left: Decimal


@dataclass(frozen=True, slots=True)
class Cancellation:
    key: int
    account_id: int
    product_id: int
    at: datetime | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    """`parts` are (sale id, quantity); `missing` is what no earlier sale covers. No parts: nothing to reverse."""

    key: int
    parts: tuple[tuple[int, Decimal], ...]
    missing: Decimal


def match_reversals(cancellations: Sequence[Cancellation], sales: Iterable[Sale]) -> list[Match]:
    """In the order given; each match uses up what it takes, so no unit is reversed twice."""
    open_sales: dict[Key, list[Sale]] = {}
    for sale in sorted(sales, key=lambda s: (s.at is not None, s.at.timestamp() if s.at else 0, s.id)):
        open_sales.setdefault((sale.account_id, sale.product_id), []).append(sale)
    left = {s.id: s.left for rows in open_sales.values() for s in rows}
    return [_match(c, open_sales.get((c.account_id, c.product_id), []), left) for c in cancellations]


def _match(c: Cancellation, sales: list[Sale], left: dict[int, Decimal]) -> Match:
    earlier = [s for s in reversed(sales) if left[s.id] > 0 and _is_before(s, c)]
    enough = next((s for s in earlier if left[s.id] >= c.quantity), None)
    wanted, parts = c.quantity, []
    for sale in [enough] if enough else earlier:
        part = min(wanted, left[sale.id])
        left[sale.id] -= part
        wanted -= part
        parts.append((sale.id, part))
        if wanted == 0:
            break
    return Match(c.key, tuple(parts), wanted)


def _is_before(sale: Sale, c: Cancellation) -> bool:
    return sale.at is None or c.at is None or sale.at <= c.at
