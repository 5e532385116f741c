"""Whether stock may be a demand's for good is not for this room to say: rooms above name the demands that are dealt to
by their rank, but hold what they get only softly (an order whose customer's credit does not pass, docs/adr/0013).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from inventory.locks import LockedDemand


@dataclass(frozen=True, slots=True)
class KeptSoft:
    """Demand ids: those that stay soft for a reason that is told already, and those found to be so by this look."""

    known: frozenset[int] = frozenset()
    found: frozenset[int] = frozenset()


Look = Callable[[Collection[int], datetime], KeptSoft]
_looks: dict[str, Look] = {}


def register(name: str, look: Look) -> None:
    """`look(account_ids, now)` reads, a constant number of statements, and writes nothing."""
    if _looks.setdefault(name, look) is not look:
        raise ValueError(f"two looks are named {name!r}")


def mark(demands: Mapping[int, LockedDemand], *, now: datetime) -> frozenset[int]:
    """Say so on each demand that gets nothing firm in this run; of them, those nobody was told of yet."""
    waiting = [d for d in demands.values() if d.account_id is not None and d.backordered_qty + d.reserved_qty > 0]
    account_ids = {d.account_id for d in waiting if d.account_id is not None}
    if not account_ids:
        return frozenset()
    newly: set[int] = set()
    for look in _looks.values():
        kept = look(account_ids, now)
        for demand in waiting:
            demand.is_soft_only |= demand.pk in kept.known or demand.pk in kept.found
        newly |= kept.found & {d.pk for d in waiting}
    return frozenset(newly)
