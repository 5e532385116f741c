"""Which units an order holds should be held elsewhere, once where it is served from was planned again (domain.md §7).

Nothing that is held is lost by it: a unit moves to stock that is free, and only where it arrives no later than from where
it is, or on its day. What the plan has no use for stays where it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


class Holding(NamedTuple):
    """What a demand holds: `qty` base units on a balance of a site. `key` is whatever names it to the caller."""

    key: int
    balance_id: int
    site_id: int
    qty: Decimal


class Move(NamedTuple):
    """`qty` of the holding go to another balance."""

    key: int
    balance_id: int
    site_id: int
    qty: Decimal


@dataclass(frozen=True)
class Planned:
    """What the plan takes, ((balance, site, qty), …), and when it arrives from each site; a closed site has no day."""

    stock: Sequence[tuple[int, int, Decimal]]
    days: Mapping[int, date]
    requested_date: date


def moves_of(held: Sequence[Holding], planned: Planned) -> list[Move]:
    """From sites where more is held than planned to those where less is, in the plan's order."""
    spare = _spare(held, planned)
    found = []
    for balance_id, site_id, qty in _missing(held, planned):
        for holding in [h for h in spare if h.site_id != site_id and is_no_later(h.site_id, site_id, planned)]:
            moved = min(qty, spare[holding])
            if moved > ZERO:
                found.append(Move(holding.key, balance_id, site_id, moved))
                spare[holding] -= moved
                qty -= moved
    return found


def is_no_later(was: int, instead: int, planned: Planned) -> bool:
    """Whether what comes from the other site comes on its day, or no later than from where it is held."""
    day = planned.days.get(instead)
    latest = max(planned.requested_date, planned.days.get(was, planned.requested_date))
    return day is not None and day <= latest


def staying(held: Iterable[Holding], moves: Iterable[Move], planned: Planned) -> dict[int, Decimal]:
    """{site: what stays there though the plan takes less of it}, once the moves are made."""
    there: dict[int, Decimal] = defaultdict(Decimal)
    for h in held:
        there[h.site_id] += h.qty
    sites = {h.key: h.site_id for h in held}
    for move in moves:
        there[sites[move.key]] -= move.qty
        there[move.site_id] += move.qty
    wanted = _by_site(planned)
    return {site_id: qty - wanted[site_id] for site_id, qty in there.items() if qty > wanted[site_id]}


def _by_site(planned: Planned) -> dict[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for _, site_id, qty in planned.stock:
        found[site_id] += qty
    return found


def _spare(held: Sequence[Holding], planned: Planned) -> dict[Holding, Decimal]:
    """What is held at each site above what is planned there, the last of it first."""
    kept = _by_site(planned)
    spare: dict[Holding, Decimal] = {}
    for h in held:
        stays = min(h.qty, kept[h.site_id])
        kept[h.site_id] -= stays
        spare[h] = h.qty - stays
    return {h: qty for h, qty in reversed(spare.items()) if qty > ZERO}


def _missing(held: Sequence[Holding], planned: Planned) -> Iterable[tuple[int, int, Decimal]]:
    """The planned units that are not held at their site, on the balances the plan takes them from. What is held at the
    site on another balance counts: within a site nothing moves."""
    here: dict[int, Decimal] = defaultdict(Decimal)
    mine: dict[int, Decimal] = defaultdict(Decimal)
    for h in held:
        here[h.site_id] += h.qty
        mine[h.balance_id] += h.qty
    short = {site_id: max(ZERO, qty - here[site_id]) for site_id, qty in _by_site(planned).items()}
    for balance_id, site_id, qty in planned.stock:
        more = min(short[site_id], qty - min(qty, mine[balance_id]))
        short[site_id] -= more
        if more > ZERO:
            yield balance_id, site_id, more
