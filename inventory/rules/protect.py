"""What a policy run may take from where: floors kept for others, ceilings, and what one order may have of a product.

A floor over some sites and one over all may overlap, so it is not enough to look at each by itself: whatever set of
sites one looks at, what is left there must cover all floors that lie wholly within it (Hall's condition). Only unions
of sets that overlap need looking at, as long as the stock covers all floors together: `settle` sees to that.

Pools of a tree add up: each keeps its own part, deepest first, and what a member takes counts once in the tree, against
the first of its pools that has something left.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from inventory.rules.pools import OrderCap, Protection, Quota
from inventory.rules.sourcing import Need, Supply

ZERO = Decimal(0)
NOTHING: Mapping[str, Decimal] = MappingProxyType({})
Sites = frozenset[int]


@dataclass
class Floors:
    """`owed` of each protection is what is still to keep; taking by its members lowers it, unless it is safety stock."""

    protections: Sequence[Protection]
    sets: Sequence[Sites]
    above: Sequence[int | None]  # by floor: the next of its tree, which counts what a floor has no room for
    areas: list[Sites]
    left: list[Decimal]
    within: list[list[int]]  # by area: the protections that lie wholly in it
    areas_of: dict[int, list[int]]
    owed: list[Decimal]
    given: list[Decimal]  # by floor: what its members took that counts against it first
    lost: list[Decimal]  # by floor: what the stock no longer covers
    serving: dict[tuple[int | None, int], list[int]] = field(default_factory=dict)
    against: dict[tuple[int | None, int], list[tuple[int, list[int]]]] = field(default_factory=dict)

    @classmethod
    def of(cls, protections: Iterable[Protection], supplies: Collection[Supply]) -> "Floors | None":
        stocked = frozenset(s.site_id for s in supplies)
        everywhere = frozenset(s.site_id for s in supplies if s.is_general)
        pairs = [(p, everywhere if p.site_ids is None else p.site_ids & stocked) for p in protections if p.qty > 0]
        kept, sets = [p for p, sites in pairs if sites], [sites for _, sites in pairs if sites]
        if not kept:
            return None
        areas = _with_unions(sets)
        on_site: dict[int, Decimal] = defaultdict(Decimal)
        for supply in supplies:
            on_site[supply.site_id] += supply.qty
        left = [sum((on_site[s] for s in area if s in on_site), ZERO) for area in areas]
        within = [[n for n, sites in enumerate(sets) if sites <= area] for area in areas]
        nothing = [ZERO] * len(kept)
        return cls(
            kept,
            sets,
            _above(kept, sets),
            areas,
            left,
            within,
            _by_site(areas),
            [p.qty for p in kept],
            nothing,
            list(nothing),
        )

    def room(self, account_id: int | None, site_id: int) -> Decimal | None:
        """What the account may take at the site without touching what is kept for others; None: no limit."""
        limit: Decimal | None = None
        for area, floors in self._against(account_id, site_id):
            room = self.left[area]
            for n in floors:
                room -= self.owed[n]
            limit = room if limit is None or room < limit else limit
        return limit

    def settle(self, on_site: Mapping[int, Decimal]) -> None:
        """Floors that the stock no longer covers shrink to what it does, in their order: a unit is kept once only.

        To be called when demands have kept what they hold, which no floor takes from them.
        """
        free = {site_id: on_site.get(site_id, ZERO) for site_id in self.areas_of}
        for n, covered in enumerate(_matched(self.owed, self.sets, free)):
            self.lost[n] += self.owed[n] - covered
        self._count()

    def take(self, account_id: int | None, site_id: int, qty: Decimal) -> None:
        """`qty` leaves the site for the account; a negative one comes back."""
        for area in self.areas_of.get(site_id, ()):
            self.left[area] -= qty
        counted = self._serving(account_id, site_id)
        for n in counted:
            self.given[n] += qty
        if counted:
            self._count()

    def kept_from(self, account_id: int | None) -> list[tuple[str, Decimal]]:
        """[(pool, what it still keeps from the account)], largest first."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for protection, owed in zip(self.protections, self.owed, strict=True):
            if owed > 0 and account_id not in protection.account_ids:
                found[protection.name] += owed
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def _count(self) -> None:
        """What each floor still owes; a tree's floors stand deepest first."""
        given = list(self.given)
        for n, protection in enumerate(self.protections):
            self.owed[n] = max(ZERO, protection.qty - given[n] - self.lost[n])
            above = self.above[n]
            if above is not None:
                given[above] += max(ZERO, given[n] - protection.qty)

    def _serving(self, account_id: int | None, site_id: int) -> list[int]:
        """Of each tree, the deepest floor a take of the account there counts against."""
        place = account_id, site_id
        if place not in self.serving:
            first: dict[int, int] = {}
            for n, protection in enumerate(self.protections):
                if not protection.is_safety and self._serves(n, account_id, site_id):
                    first.setdefault(protection.tree_id, n)
            self.serving[place] = list(first.values())
        return self.serving[place]

    def _against(self, account_id: int | None, site_id: int) -> list[tuple[int, list[int]]]:
        """[(area the site is in, the floors in it that a take of the account there does not serve)]."""
        place = account_id, site_id
        known = self.against.get(place)
        if known is None:
            self.against[place] = known = [
                (area, [n for n in self.within[area] if not self._serves(n, account_id, site_id)])
                for area in self.areas_of.get(site_id, ())
            ]
        return known

    def _serves(self, n: int, account_id: int | None, site_id: int) -> bool:
        return account_id in self.protections[n].account_ids and site_id in self.sets[n]


def _above(protections: Sequence[Protection], sets: Sequence[Sites]) -> list[int | None]:
    def is_above(m: int, n: int) -> bool:
        outer, inner = protections[m], protections[n]
        return outer.tree_id == inner.tree_id and inner.account_ids <= outer.account_ids and sets[n] <= sets[m]

    order = range(len(protections))
    return [
        None if protections[n].is_safety
        else next((m for m in order[n + 1 :] if not protections[m].is_safety and is_above(m, n)), None)
        for n in order
    ]  # fmt: skip


def _with_unions(sets: Iterable[Sites]) -> list[Sites]:
    """The sets, and every union of such as overlap."""
    found: list[Sites] = []
    waiting = list(dict.fromkeys(sets))
    while waiting:
        new = waiting.pop()
        if new in found:
            continue
        waiting += [new | known for known in found if not new.isdisjoint(known) and new | known not in (new, known)]
        found.append(new)
    return sorted(found, key=sorted)


def _matched(owed: Sequence[Decimal], sets: Sequence[Sites], free: dict[int, Decimal]) -> list[Decimal]:
    """How much of each floor the sites can hold at once, earlier floors first: a flow, by paths that move others."""
    given: list[dict[int, Decimal]] = [defaultdict(Decimal) for _ in owed]
    found = []
    for n, wanted in enumerate(owed):
        got = ZERO
        while got < wanted and (part := _push(n, wanted - got, sets, free, given, set())) > 0:
            got += part
        found.append(got)
    return found


def _push(
    n: int, wanted: Decimal, sets: Sequence[Sites], free: dict[int, Decimal], given: list[dict[int, Decimal]],
    seen: set[int],
) -> Decimal:  # fmt: skip
    """Place some of floor `n`: on a free site, else where another floor stands that can go elsewhere."""
    for site_id in sorted(sets[n]):
        if (part := min(wanted, free[site_id])) > 0:
            free[site_id] -= part
            given[n][site_id] += part
            return part
    seen.add(n)
    for site_id in sorted(sets[n]):
        for other in range(len(given)):
            if other in seen or given[other][site_id] <= 0:
                continue
            part = _push(other, min(wanted, given[other][site_id]), sets, free, given, seen)
            if part > 0:
                given[other][site_id] -= part
                given[n][site_id] += part
                return part
    return ZERO


def _by_site(sets: Sequence[Sites]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for n, sites in enumerate(sets):
        for site_id in sites:
            found[site_id].append(n)
    return dict(found)


class Ceilings:
    """What is left of every limiting quota, looked up by account."""

    def __init__(self, quotas: Iterable[Quota]) -> None:
        self.quotas = [q for q in quotas if q.is_limiting]
        self.left = [q.qty for q in self.quotas]
        self._over: dict[int, list[int]] = defaultdict(list)
        for n, quota in enumerate(self.quotas):
            for account_id in quota.account_ids:
                self._over[account_id].append(n)

    def over(self, account_id: int | None, site_id: int) -> list[int]:
        some = self._over.get(account_id, []) if account_id is not None else []
        return [n for n in some if (sites := self.quotas[n].site_ids) is None or site_id in sites]

    def room(self, account_id: int | None, site_id: int) -> tuple[Decimal | None, str]:
        """What the account may still take at the site (None: no limit), and the quota that says so."""
        some = self.over(account_id, site_id)
        if not some:
            return None, ""
        least = min(some, key=lambda n: self.left[n])
        return max(ZERO, self.left[least]), self.quotas[least].name

    def take(self, account_id: int | None, site_id: int, qty: Decimal) -> None:
        for n in self.over(account_id, site_id):
            self.left[n] -= qty


class Caps:
    """What one order may take of the product in all: `percent_cap` whoever it is for, and the caps of its account."""

    def __init__(
        self, percent_cap: Decimal | None, caps: Iterable[OrderCap] = (), taken: Mapping[str, Decimal] = NOTHING
    ) -> None:
        """`taken`: what each order has already and no run deals again; only the caps of accounts count it."""
        self.percent_cap = percent_cap
        self.of_account: dict[int, Decimal] = {}
        for cap in caps:
            for account_id in cap.account_ids:
                self.of_account[account_id] = min(cap.qty, self.of_account.get(account_id, cap.qty))
        self.before = taken
        self.taken: dict[str, Decimal] = defaultdict(Decimal)
        self.is_any = percent_cap is not None or bool(self.of_account)

    def room(self, need: Need) -> Decimal | None:
        if not self.is_any or not need.order_key:
            return None
        taken, room = self.taken[need.order_key], self.percent_cap
        if room is not None:
            room -= taken
        own = self.of_account.get(need.account_id) if need.account_id is not None else None
        if own is not None:
            own -= taken + self.before.get(need.order_key, ZERO)
            room = own if room is None else min(room, own)
        return None if room is None else max(ZERO, room)

    def take(self, need: Need, qty: Decimal) -> None:
        if self.is_any and need.order_key:
            self.taken[need.order_key] += qty
