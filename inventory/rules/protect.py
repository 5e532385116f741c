"""Floors: what a policy run keeps for some accounts from all others.

A floor over some sites and one over all may overlap, so it is not enough to look at each by itself: whatever set of
places one looks at, what is left there must cover all floors that lie wholly within it (Hall's condition). Only unions
of sets that overlap need looking at, as long as the stock covers all floors together: `settle` sees to that.

A floor that is met by stock its holder cannot use protects nobody. So the part of it that members wait for is kept in
lots that live long enough for them and at sites that serve them, best ranked first; the rest wherever it stands. Where
all its stock serves all that wait for it, places are sites, else lots.

Pools of a tree add up: each keeps its own part, deepest first, and what a member takes counts once in the tree, against
the first of its pools that has something left.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from inventory.rules.pools import Protection
from inventory.rules.sourcing import Supply

ZERO = Decimal(0)
MOST_KINDS = 8  # of members that reach different stock; those after the first so many wait for any
Places = frozenset[int]  # sites, or balances


class Waiting(NamedTuple):
    """A demand of `account_id` that wants `qty` base units in all, of the balances in `reach`."""

    account_id: int | None
    qty: Decimal
    reach: Places


class Part(NamedTuple):
    """What floor number `floor` keeps in `places` for members of one `kind`; without one for whichever come."""

    floor: int
    places: Places
    kind: int | None = None


@dataclass
class Floors:
    """`owed` of each part is what is still to keep; taking by members lowers it, unless it is safety stock. The parts of
    a floor stand together, the one for whichever come last.
    """

    protections: Sequence[Protection]
    full: Sequence[Places]  # by floor: all its places
    above: Sequence[int | None]  # by floor: the next of its tree, which counts what a floor has no room for
    parts: Sequence[Part]
    size: list[Decimal]  # by part
    kinds: Mapping[Places, int]
    is_by_lot: bool
    areas: list[Places]
    left: list[Decimal]
    within: list[list[int]]  # by area: the parts that lie wholly in it
    areas_of: dict[int, list[int]]
    owed: list[Decimal]
    lost: list[Decimal]  # by part: what the stock no longer covers
    given: list[dict[int | None, Decimal]]  # by floor: what members of each kind took that counts against it first
    of_floor: list[list[int]] = field(default_factory=list)
    area_of: list[int] = field(default_factory=list)  # by part: the area that is its places
    serving: dict[tuple[int | None, int], list[int]] = field(default_factory=dict)
    against: dict[tuple[int | None, int], list[tuple[int, list[int]]]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, protections: Iterable[Protection], supplies: Collection[Supply], waiting: Iterable[Waiting] = ()
    ) -> "Floors | None":
        """`waiting` in the order in which they will be served."""
        wanted = [p for p in protections if p.qty > 0]
        stock = [_stock_of(p, supplies) for p in wanted]
        kept, stock = [p for p, some in zip(wanted, stock, strict=True) if some], [some for some in stock if some]
        if not kept:
            return None
        kinds, parts, size = _parted(kept, stock, waiting)
        site_of = {s.balance_id: s.site_id for s in supplies}
        if not kinds:
            parts = [Part(n, frozenset(site_of[b] for b in stock[n])) for n in range(len(kept))]
        full = stock if kinds else [part.places for part in parts]
        at: dict[int, Decimal] = defaultdict(Decimal)
        for supply in supplies:
            at[supply.balance_id if kinds else supply.site_id] += supply.qty
        areas = _with_unions([part.places for part in parts])
        left = [sum((at[place] for place in area), ZERO) for area in areas]
        within = [[n for n, part in enumerate(parts) if part.places <= area] for area in areas]
        return cls(
            kept, full, _above(kept, full), parts, size, kinds, bool(kinds), areas, left, within, _by_place(areas),
            list(size), [ZERO] * len(parts), [defaultdict(Decimal) for _ in kept], _of_floor(parts),
            [areas.index(part.places) for part in parts],
        )  # fmt: skip

    def room(self, account_id: int | None, place: int) -> Decimal | None:
        """What the account may take there without touching what is kept for others; None: no limit."""
        limit: Decimal | None = None
        for area, parts in self._against(account_id, place):
            room = self.left[area]
            for n in parts:
                room -= self.owed[n]
            limit = room if limit is None or room < limit else limit
        return limit

    def settle(self, there: Mapping[int, Decimal]) -> None:
        """Floors that the stock no longer covers shrink to what it does, in their order: a unit is kept once only. What a
        part cannot find among the lots of its own, its floor keeps in others.

        To be called when demands have kept what they hold, which no floor takes from them.
        """
        self._count(is_settled=False)
        free = {place: there.get(place, ZERO) for place in self.areas_of}
        sets, placed = [part.places for part in self.parts], [defaultdict[int, Decimal](Decimal) for _ in self.parts]
        for parts in self.of_floor:
            for n in parts:
                short = self.owed[n] - _covered(n, self.owed[n], sets, free, placed)
                if n == parts[-1]:
                    self.lost[n] += short
                elif short > 0:
                    self.size[n] -= short
                    self.size[parts[-1]] += short
                    self.owed[parts[-1]] += short
        self._count()

    def take(self, account_id: int | None, place: int, qty: Decimal, kind: int | None = None) -> None:
        """`qty` leaves the place for the account; a negative one comes back."""
        for area in self.areas_of.get(place, ()):
            self.left[area] -= qty
        counted = self._serving(account_id, place)
        for n in counted:
            self.given[n][kind] += qty
        if counted:
            self._count()

    def kept_from(self, account_id: int | None) -> list[tuple[str, Decimal]]:
        """[(pool, what it still keeps from the account)], largest first."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for part, owed in zip(self.parts, self.owed, strict=True):
            protection = self.protections[part.floor]
            if owed > 0 and account_id not in protection.account_ids:
                found[protection.name] += owed
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def _count(self, is_settled: bool = True) -> None:
        """What each part still owes; a tree's floors stand deepest first."""
        flowing = [dict(given) for given in self.given]
        for n, parts in enumerate(self.of_floor):
            self._count_floor(parts, flowing[n])
            if is_settled:
                self._move(parts)
            above = self.above[n]
            if above is not None:
                for kind, qty in flowing[n].items():
                    flowing[above][kind] = flowing[above].get(kind, ZERO) + qty

    def _count_floor(self, parts: Sequence[int], given: dict[int | None, Decimal]) -> None:
        """Each kind against its own part first, then against what is for whichever come, then against the others. In
        `given` stays what the floor has no room for."""
        filled = {n: min(given.get(self.parts[n].kind, ZERO), self.size[n]) for n in parts}
        for n, qty in filled.items():
            if qty:
                given[self.parts[n].kind] -= qty
        for kind, rest in given.items():
            for n in reversed(parts):
                if rest <= 0:
                    break
                part = min(rest, self.size[n] - filled[n])
                filled[n] += part
                rest -= part
            given[kind] = rest
        for n, qty in filled.items():
            self.owed[n] = max(ZERO, self.size[n] - qty - self.lost[n])

    def _move(self, parts: Sequence[int]) -> None:
        """What members of other kinds took of a part's lots is kept in others of its floor."""
        for n in parts[:-1]:
            if (over := self.owed[n] - self.left[self.area_of[n]]) > 0:
                self.owed[n] -= over
                self.owed[parts[-1]] += over

    def _serving(self, account_id: int | None, place: int) -> list[int]:
        """Of each tree, the deepest floor a take of the account there counts against."""
        key = account_id, place
        if key not in self.serving:
            first: dict[int, int] = {}
            for n, protection in enumerate(self.protections):
                if not protection.is_safety and self._serves(n, account_id, place):
                    first.setdefault(protection.tree_id, n)
            self.serving[key] = list(first.values())
        return self.serving[key]

    def _against(self, account_id: int | None, place: int) -> list[tuple[int, list[int]]]:
        """[(area the place is in, the parts in it that a take of the account there does not serve)]."""
        key = account_id, place
        known = self.against.get(key)
        if known is None:
            self.against[key] = known = [
                (area, [n for n in self.within[area] if not self._serves(self.parts[n].floor, account_id, place)])
                for area in self.areas_of.get(place, ())
            ]
        return known

    def _serves(self, n: int, account_id: int | None, place: int) -> bool:
        return account_id in self.protections[n].account_ids and place in self.full[n]


def _stock_of(protection: Protection, supplies: Iterable[Supply]) -> Places:
    """The balances it is about; of a floor without sites those that serve everybody."""
    sites = protection.site_ids
    return frozenset(s.balance_id for s in supplies if (s.is_general if sites is None else s.site_id in sites))


def _parted(
    protections: Sequence[Protection], stock: Sequence[Places], waiting: Iterable[Waiting]
) -> tuple[dict[Places, int], list[Part], list[Decimal]]:
    """(the kinds of members that cannot use all of it, the parts of each floor, the size of each)."""
    kinds: dict[Places, int] = {}
    rest = [p.qty for p in protections]
    of_kind: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for account_id, qty, reach in waiting:
        wanted: dict[int, Decimal] = {}  # by tree, in which it counts once
        for n, protection in enumerate(protections):
            if protection.is_safety or account_id not in protection.account_ids:
                continue
            open_qty = wanted.get(protection.tree_id, qty)
            part = min(rest[n], open_qty)
            if part <= 0 or stock[n].isdisjoint(reach):
                continue
            if not stock[n] <= reach and (reach in kinds or len(kinds) < MOST_KINDS):
                of_kind[n, kinds.setdefault(reach, len(kinds))] += part
            rest[n] -= part
            wanted[protection.tree_id] = open_qty - part
    parts, size = [], []
    for n, protection in enumerate(protections):
        own = [(reach, kind, of_kind[n, kind]) for reach, kind in kinds.items() if (n, kind) in of_kind]
        parts += [*(Part(n, stock[n] & reach, kind) for reach, kind, _ in own), Part(n, stock[n])]
        size += [*(qty for _, _, qty in own), protection.qty - sum((qty for _, _, qty in own), ZERO)]
    return kinds, parts, size


def _of_floor(parts: Sequence[Part]) -> list[list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for n, part in enumerate(parts):
        found[part.floor].append(n)
    return list(found.values())


def _above(protections: Sequence[Protection], sets: Sequence[Places]) -> list[int | None]:
    def is_above(m: int, n: int) -> bool:
        outer, inner = protections[m], protections[n]
        return outer.tree_id == inner.tree_id and inner.account_ids <= outer.account_ids and sets[n] <= sets[m]

    order = range(len(protections))
    return [
        None if protections[n].is_safety
        else next((m for m in order[n + 1 :] if not protections[m].is_safety and is_above(m, n)), None)
        for n in order
    ]  # fmt: skip


def _with_unions(sets: Iterable[Places]) -> list[Places]:
    """The sets, and every union of such as overlap."""
    found: list[Places] = []
    waiting = list(dict.fromkeys(sets))
    while waiting:
        new = waiting.pop()
        if new in found:
            continue
        waiting += [new | known for known in found if not new.isdisjoint(known) and new | known not in (new, known)]
        found.append(new)
    return sorted(found, key=sorted)


def _covered(
    n: int, wanted: Decimal, sets: Sequence[Places], free: dict[int, Decimal], placed: Sequence[dict[int, Decimal]]
) -> Decimal:
    """How much of a part the places can hold beside those before it: a flow, by paths that move others."""
    got = ZERO
    while got < wanted and (part := _push(n, wanted - got, sets, free, placed, set())) > 0:
        got += part
    return got


def _push(
    n: int, wanted: Decimal, sets: Sequence[Places], free: dict[int, Decimal], placed: Sequence[dict[int, Decimal]],
    seen: set[int],
) -> Decimal:  # fmt: skip
    """Put some of part `n` on a free place, else where another part stands that can go elsewhere."""
    for place in sorted(sets[n]):
        if (part := min(wanted, free[place])) > 0:
            free[place] -= part
            placed[n][place] += part
            return part
    seen.add(n)
    for place in sorted(sets[n]):
        for other in range(len(placed)):
            if other in seen or placed[other][place] <= 0:
                continue
            part = _push(other, min(wanted, placed[other][place]), sets, free, placed, seen)
            if part > 0:
                placed[other][place] -= part
                placed[n][place] += part
                return part
    return ZERO


def _by_place(sets: Sequence[Places]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for n, places in enumerate(sets):
        for place in places:
            found[place].append(n)
    return dict(found)
