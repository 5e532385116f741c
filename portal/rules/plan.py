"""When an order would leave, as things stand: its lines' dates put together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from portal.rules.words import Slice


@dataclass(frozen=True)
class Delivery:
    """What leaves on `day` (None: no date yet): parts of `lines` lines."""

    day: date | None
    lines: int


def deliveries(lines: Iterable[Sequence[Slice]], *, is_whole: bool) -> list[Delivery]:
    """By day, what has no date last. `is_whole`: nothing leaves before all of it can, so there is one."""
    parts = [list(slices) for slices in lines if slices]
    if not parts:
        return []
    if is_whole:
        days = [s.day for slices in parts for s in slices]
        return [Delivery(None if None in days else max(d for d in days if d), len(parts))]
    on: dict[date | None, int] = {}
    for slices in parts:
        for day in {s.day for s in slices}:
            on[day] = on.get(day, 0) + 1
    return [Delivery(day, n) for day, n in sorted(on.items(), key=lambda x: (x[0] is None, x[0] or date.min))]
