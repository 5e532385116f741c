"""What a policy run may take from where: floors kept for others, ceilings, and what one order may have of a product.

A floor over some sites and one over all may overlap, so it is not enough to look at each by itself: whatever set of
sites one looks at, what is left there must cover all floors that lie wholly within it (Hall's condition). Only unions
of sets that overlap need looking at, as long as the stock covers all floors together: `settle` sees to that.

Pools form a tree: a floor whose members and sites all lie in another's is a part of it, not a further quantity.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from inventory.rules.pools import Protection, Quota
from inventory.rules.sourcing import Need, Supply

ZERO = Decimal(0)
Sites = frozenset[int]


@dataclass
class Floors:
    """`owed` of each protection is what is still to keep for its members; taking by members lowers it.

    `net` is what of it no floor inside it keeps already, so that the nets add up.
    """

    protections: Sequence[Protection]
    sets: Sequence[Sites]
    inside: Sequence[Sequence[int]]
    owed: list[Decimal]
    areas: list[Sites]
    left: list[Decimal]
    within: list[list[int]]  # by area: the protections that lie wholly in it
    areas_of: dict[int, list[int]]
    floors_of: dict[int, list[int]]
    net: list[Decimal] = field(default_factory=list)
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
        inside = _nested(kept, sets)
        found = cls(kept, sets, inside, [p.qty for p in kept], areas, left, within, _by_site(areas), _by_site(sets))
        found._count_nets()
        return found

    def room(self, account_id: int | None, site_id: int) -> Decimal | None:
        """What the account may take at the site without touching what is kept for others; None: no limit."""
        limit: Decimal | None = None
        for area, floors in self._against(account_id, site_id):
            room = self.left[area] - sum((self.net[n] for n in floors), ZERO)
            limit = room if limit is None or room < limit else limit
        return limit

    def settle(self, on_site: Mapping[int, Decimal]) -> None:
        """Floors that the stock no longer covers shrink to what it does, in their order: a unit is kept once only.

        To be called when demands have kept what they hold, which no floor takes from them.
        """
        free = {site_id: on_site.get(site_id, ZERO) for site_id in self.areas_of}
        covered = _matched(self.net, self.sets, free)
        for n in self._inner_first():
            self.owed[n] = min(self.owed[n], covered[n] + sum((max(ZERO, self.owed[c]) for c in self.inside[n]), ZERO))
        self._count_nets()

    def take(self, account_id: int | None, site_id: int, qty: Decimal) -> None:
        """`qty` leaves the site for the account; a negative one comes back."""
        is_member = False
        for area in self.areas_of.get(site_id, ()):
            self.left[area] -= qty
        for n in self.floors_of.get(site_id, ()):
            if account_id in self.protections[n].account_ids:
                self.owed[n] -= qty
                is_member = True
        if is_member:
            self._count_nets()

    def kept_from(self, account_id: int | None) -> list[tuple[str, Decimal]]:
        """[(pool, what it still keeps from the account)], largest first."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for protection, owed in zip(self.protections, self.net, strict=True):
            if owed > 0 and account_id not in protection.account_ids:
                found[protection.name] += owed
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def _count_nets(self) -> None:
        totals: dict[int, Decimal] = {}
        self.net = [ZERO] * len(self.owed)
        for n in self._inner_first():
            inner = sum((totals[c] for c in self.inside[n]), ZERO)
            self.net[n] = max(ZERO, self.owed[n] - inner)
            totals[n] = inner + self.net[n]

    def _inner_first(self) -> list[int]:
        return sorted(range(len(self.owed)), key=lambda n: (*_size(self.protections[n], self.sets[n]), n))

    def _against(self, account_id: int | None, site_id: int) -> list[tuple[int, list[int]]]:
        """[(area the site is in, the floors in it that a take of the account there does not serve)]."""
        place = account_id, site_id
        if place not in self.against:
            self.against[place] = [
                (area, [n for n in self.within[area] if not self._serves(n, account_id, site_id)])
                for area in self.areas_of.get(site_id, ())
            ]
        return self.against[place]

    def _serves(self, n: int, account_id: int | None, site_id: int) -> bool:
        return account_id in self.protections[n].account_ids and site_id in self.sets[n]


def _size(protection: Protection, sites: Sites) -> tuple[int, int]:
    return len(protection.account_ids), len(sites)


def _nested(protections: Sequence[Protection], sets: Sequence[Sites]) -> list[list[int]]:
    """By floor, those directly inside it: each floor is inside the smallest that holds its members and sites."""
    inside: list[list[int]] = [[] for _ in protections]
    sizes = [(*_size(p, s), n) for n, (p, s) in enumerate(zip(protections, sets, strict=True))]
    for n, protection in enumerate(protections):
        around = [
            m for m, other in enumerate(protections)
            if sizes[m] > sizes[n] and protection.account_ids <= other.account_ids and sets[n] <= sets[m]
        ]  # fmt: skip
        if around:
            inside[min(around, key=lambda m: sizes[m])].append(n)
    return inside


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
    """What one order may take of the product; `cap` None: no limit."""

    def __init__(self, cap: Decimal | None) -> None:
        self.cap = cap
        self.taken: dict[str, Decimal] = defaultdict(Decimal)

    def room(self, need: Need) -> Decimal | None:
        if self.cap is None or not need.order_key:
            return None
        return max(ZERO, self.cap - self.taken[need.order_key])

    def take(self, need: Need, qty: Decimal) -> None:
        if self.cap is not None and need.order_key:
            self.taken[need.order_key] += qty
