"""Pools as allocation and availability see them: resolved to accounts, sites and one product (domain.md §6).

`resolve` turns the pools over one product into floors and ceilings: trees from the top, over-commitment scaled pro
rata in whole lots, what members hold or had shipped counted.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from inventory.states import AmountKind, PoolKind, PoolState

ZERO, ONE = Decimal(0), Decimal(1)
HUNDRED = Decimal(100)
SMALLEST = Decimal("0.0001")  # of a quantity
Sites = frozenset[int] | None  # None: every site


@dataclass(frozen=True)
class Protection:
    """A floor: `qty` base units of the product stay for `account_ids` until `until` (exclusive; None: no end).

    `site_ids` None means every site. What its members already hold is not in `qty`: it is what is still to protect,
    and there is so much. `full_qty` is what it would be with stock enough, for dates to come.
    Pools of one tree share `tree_id` and stand deepest first: what a member takes is counted once in a tree, against
    the first of its pools that has something left. `is_safety`: safety stock, which nobody's taking lowers.
    """

    pool_id: int
    name: str
    product_id: int
    account_ids: frozenset[int]
    qty: Decimal
    site_ids: frozenset[int] | None = None
    until: date | None = None
    tree_id: int = 0
    full_qty: Decimal = ZERO
    is_safety: bool = False


@dataclass(frozen=True)
class Quota:
    """A ceiling: `account_ids` together may take `qty` base units more of the product; a neutral quota only counts.

    One pool over several products or several tree levels gives several quotas; a need must fit every one it is under.
    """

    pool_id: int
    name: str
    product_id: int
    account_ids: frozenset[int]
    qty: Decimal
    site_ids: frozenset[int] | None = None
    is_limiting: bool = True


@dataclass(frozen=True)
class OrderCap:
    """One order of one of `account_ids` may take `qty` base units of the product in all, over all its lines."""

    cap_id: int
    product_id: int
    account_ids: frozenset[int]
    qty: Decimal


class SiteStock(NamedTuple):
    """Good stock of a product at a site that serves everybody, and what of it nobody claims. Base units."""

    on_hand: Decimal
    free: Decimal


@dataclass(frozen=True)
class PoolShare:
    """A pool in force over one product, as it is stored, with what was counted for it.

    `members`: the accounts asked about that it names itself. `held`: what all members, also of the pools below,
    claim now at its sites or had shipped since it began; `shipped`: what anybody had shipped. `is_collector`: it is
    for whom the pools below it are for, and for nobody when there are none.
    """

    pool_id: int
    name: str
    kind: PoolKind
    amount: Decimal
    amount_kind: AmountKind = AmountKind.NUMBER
    parent_id: int | None = None
    state: PoolState = PoolState.ACTIVE
    site_ids: Sites = None
    until: date | None = None
    members: frozenset[int] = frozenset()
    held: Decimal = ZERO
    shipped: Decimal = ZERO
    is_collector: bool = False


@dataclass(frozen=True)
class SafetyShare:
    """`qty` kept back at a site from everybody but `members`."""

    safety_id: int
    site_id: int
    qty: Decimal
    members: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Standing:
    """A pool with its numbers, for people: what it comes to, what of that is used, protected now or left. Of a
    protection that is with what stands below it, as its amount is."""

    share: PoolShare
    amount: Decimal
    qty: Decimal

    @property
    def used(self) -> Decimal:
        return self.share.held


@dataclass(frozen=True)
class Resolved:
    """`wanted`: {pool: what its protection would keep now if the stock were there}, also of safety stock."""

    protections: tuple[Protection, ...] = ()
    quotas: tuple[Quota, ...] = ()
    standings: tuple[Standing, ...] = ()
    wanted: Mapping[int, Decimal] = field(default_factory=dict)


def resolve(
    product_id: int,
    shares: Collection[PoolShare],
    safety: Iterable[SafetyShare],
    stock: Mapping[int, SiteStock],
    *,
    lot: Decimal = ONE,
) -> Resolved:
    """The floors and ceilings of one product. `stock` by site id; scaled shares are whole multiples of `lot`."""
    kept = _safety(product_id, safety, stock)
    at_site = {next(iter(p.site_ids or ())): p.qty for p in kept}
    on_hand = {site: s.on_hand for site, s in stock.items()}
    free = {site: s.free - at_site.get(site, ZERO) for site, s in stock.items()}
    floors = [s for s in shares if s.kind == PoolKind.PROTECTION and s.state == PoolState.ACTIVE]
    ceilings = [s for s in shares if s.kind == PoolKind.QUOTA and s.state != PoolState.INACTIVE]
    protections, told, wanted = _protections(product_id, floors, on_hand, free, lot)
    quotas, counted = _quotas(product_id, _Forest(ceilings, on_hand, lot))
    wanted |= {p.pool_id: p.full_qty for p in kept}
    return Resolved((*kept, *protections), tuple(quotas), (*told, *counted), wanted)


def share_out(total: Decimal, weights: Sequence[Decimal], *, lot: Decimal = ONE) -> list[Decimal]:
    """`total` by weight in whole lots: floors first, what is left by the largest remainder, ties to the first.

    What does not fill a lot is dealt to nobody.
    """
    whole = sum(weights, ZERO)
    if whole <= 0 or total < lot:
        return [ZERO] * len(weights)
    lots = (total / lot).to_integral_value(ROUND_FLOOR)
    exact = [lots * w / whole for w in weights]
    dealt = [e.to_integral_value(ROUND_FLOOR) for e in exact]
    left = int(lots - sum(dealt, ZERO))
    by_remainder = sorted(range(len(weights)), key=lambda i: (dealt[i] - exact[i], i))
    for i in by_remainder[:left]:
        dealt[i] += 1
    return [d * lot for d in dealt]


def scaled(total: Decimal, asked: Sequence[Decimal], *, lot: Decimal = ONE) -> list[Decimal]:
    """What is asked where there is enough; else pro rata in whole lots. Nobody gets more than was asked."""
    if sum(asked, ZERO) <= total:
        return list(asked)
    return [min(a, s) for a, s in zip(asked, share_out(max(total, ZERO), asked, lot=lot), strict=True)]


# --- trees ------------------------------------------------------------------------------------------------------------
@dataclass
class _Forest:
    """The trees of one kind over one product: what each pool comes to, from the top."""

    shares: Collection[PoolShare]
    on_hand: Mapping[int, Decimal]
    lot: Decimal
    is_bounded: bool = True  # by what there is now
    below: dict[int | None, list[PoolShare]] = field(default_factory=lambda: defaultdict(list))
    sites: dict[int, Sites] = field(default_factory=dict)
    root: dict[int, int] = field(default_factory=dict)
    members: dict[int, frozenset[int]] = field(default_factory=dict)
    amounts: dict[int, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shares = _that_name_somebody(self.shares)
        known = {s.pool_id for s in shares}
        for s in shares:
            if s.parent_id is None or s.parent_id in known:  # what stands below an inactive pool counts for nothing
                self.below[s.parent_id].append(s)
        self._stand(self.below[None], None)
        self._amount(self.below[None])

    def _stand(self, shares: Sequence[PoolShare], above: PoolShare | None) -> None:
        for s in shares:
            self.sites[s.pool_id] = within(s.site_ids, self.sites[above.pool_id] if above else None)
            self.root[s.pool_id] = self.root[above.pool_id] if above else s.pool_id
            self._stand(self.below[s.pool_id], s)
            own = (self.members[c.pool_id] for c in self.below[s.pool_id])
            self.members[s.pool_id] = s.members.union(*own)

    def _amount(self, roots: Sequence[PoolShare]) -> None:
        asked = {
            s.pool_id: s.amount if s.amount_kind == AmountKind.NUMBER else self._part(self.supply(s), s) for s in roots
        }
        floors = [s for s in roots if s.kind == PoolKind.PROTECTION]
        supplies = {self.sites[s.pool_id]: self.supply(s) for s in floors}
        if self.is_bounded:
            places = {s.pool_id: (self.sites[s.pool_id], asked[s.pool_id]) for s in floors}
            asked |= fit(places, supplies.__getitem__, self.lot)
        self.amounts |= asked
        for s in roots:
            self._deal(s, min(asked[s.pool_id], self.supply(s)) if self.is_bounded else asked[s.pool_id])

    def _deal(self, above: PoolShare, total: Decimal) -> None:
        """What the pools below come to: numbers and percents, scaled where they are too much; ratios share the rest."""
        shares = self.below[above.pool_id]
        if not shares:
            return
        fixed = [s for s in shares if s.amount_kind != AmountKind.RATIO]
        asked = [s.amount if s.amount_kind == AmountKind.NUMBER else self._part(total, s) for s in fixed]
        dealt = scaled(total, asked, lot=self.lot)
        self.amounts |= {s.pool_id: qty for s, qty in zip(fixed, dealt, strict=True)}
        rest = [s for s in shares if s.amount_kind == AmountKind.RATIO]
        parts = share_out(total - sum(dealt, ZERO), [s.amount for s in rest], lot=self.lot)
        self.amounts |= {s.pool_id: qty for s, qty in zip(rest, parts, strict=True)}
        for s in shares:
            self._deal(s, self.amounts[s.pool_id])

    def _part(self, total: Decimal, s: PoolShare) -> Decimal:
        lots = (total * s.amount / HUNDRED / self.lot).to_integral_value(ROUND_FLOOR)
        return lots * self.lot

    def supply(self, s: PoolShare) -> Decimal:
        """What there is to share in its period: on hand at its sites, and what was shipped of it since it began."""
        return _at(self.sites[s.pool_id], self.on_hand) + s.shipped

    def deepest_first(self) -> Iterable[PoolShare]:
        stack, found = list(self.below[None]), []
        while stack:
            s = stack.pop()
            found.append(s)
            stack.extend(self.below[s.pool_id])
        return reversed(found)


def _that_name_somebody(shares: Iterable[PoolShare]) -> list[PoolShare]:
    """By id, without collectors that have nothing below them (any more)."""
    found = sorted(shares, key=lambda s: s.pool_id)
    while True:
        parents = {s.parent_id for s in found}
        kept = [s for s in found if not s.is_collector or s.pool_id in parents]
        if len(kept) == len(found):
            return found
        found = kept


def _protections(
    product_id: int,
    shares: Collection[PoolShare],
    on_hand: Mapping[int, Decimal],
    free: Mapping[int, Decimal],
    lot: Decimal,
) -> tuple[list[Protection], list[Standing], dict[int, Decimal]]:
    forest = _Forest(shares, on_hand, lot)
    left = full = _still_to_protect(forest)
    if any(s.amount_kind != AmountKind.NUMBER or forest.amounts.get(s.pool_id) != s.amount for s in shares):
        full = _still_to_protect(_Forest(shares, on_hand, lot, is_bounded=False))
    there = fit({i: (forest.sites[i], qty) for i, qty in left.items()}, lambda sites: _at(sites, free), lot)
    found, told = [], []
    whole: dict[int, Decimal] = {}
    for s in forest.deepest_first():
        i = s.pool_id
        whole[i] = there[i] + sum((whole[c.pool_id] for c in forest.below[i]), ZERO)
        told.append(Standing(s, forest.amounts[i], whole[i]))
        if full[i] > 0:
            members, sites = forest.members[i], forest.sites[i]
            found.append(Protection(i, s.name, product_id, members, there[i], sites, s.until, forest.root[i], full[i]))
    return found, told, left


def _still_to_protect(forest: _Forest) -> dict[int, Decimal]:
    """{pool: its own part}: what the pools below do not cover already, less what members hold."""
    whole: dict[int, Decimal] = {}
    own: dict[int, Decimal] = {}
    for s in forest.deepest_first():
        covered = sum((whole[c.pool_id] for c in forest.below[s.pool_id]), ZERO)
        whole[s.pool_id] = max(covered, forest.amounts[s.pool_id] - s.held)
        own[s.pool_id] = whole[s.pool_id] - covered
    return own


def _quotas(product_id: int, forest: _Forest) -> tuple[list[Quota], list[Standing]]:
    found, told = [], []
    for s in forest.deepest_first():
        i = s.pool_id
        left = max(ZERO, forest.amounts[i] - s.held)
        told.append(Standing(s, forest.amounts[i], left))
        limits = s.state != PoolState.NEUTRAL
        found.append(Quota(i, s.name, product_id, forest.members[i], left, forest.sites[i], limits))
    return found, told


def _safety(product_id: int, safety: Iterable[SafetyShare], stock: Mapping[int, SiteStock]) -> list[Protection]:
    found = []
    for s in safety:
        there = max(ZERO, min(s.qty, stock[s.site_id].free if s.site_id in stock else ZERO))
        p = Protection(-s.safety_id, "safety stock", product_id, s.members, there, frozenset({s.site_id}))
        found.append(replace(p, full_qty=s.qty, is_safety=True))
    return found


# --- places -----------------------------------------------------------------------------------------------------------
def within(sites: Sites, above: Sites) -> Sites:
    """The sites in both; None is every site."""
    if sites is None or above is None:
        return above if sites is None else sites
    return sites & above


def is_inside(sites: Sites, outer: Sites) -> bool:
    return outer is None or (sites is not None and sites <= outer)


def fit(
    asked: Mapping[int, tuple[Sites, Decimal]], there: Callable[[Sites], Decimal], lot: Decimal
) -> dict[int, Decimal]:
    """Scale what is asked until no place is asked for more than is there: small places first, then those around them."""
    fitted = {i: qty for i, (_, qty) in asked.items()}
    for place in sorted({sites for sites, _ in asked.values()}, key=_size):
        inside = [i for i, (sites, _) in asked.items() if is_inside(sites, place)]
        dealt = scaled(max(ZERO, there(place)), [fitted[i] for i in inside], lot=lot)
        fitted |= dict(zip(inside, dealt, strict=True))
    return fitted


def short_places(asked: Mapping[int, tuple[Sites, Decimal]], there: Callable[[Sites], Decimal]) -> list[Sites]:
    """The places that do not hold what is asked for in them, once those inside them are scaled to what they have."""
    fitted = {i: qty for i, (_, qty) in asked.items()}
    found = []
    for place in sorted({sites for sites, _ in asked.values()}, key=_size):
        inside = [i for i, (sites, _) in asked.items() if is_inside(sites, place)]
        here = max(ZERO, there(place))
        if sum((fitted[i] for i in inside), ZERO) > here:
            found.append(place)
            fitted |= dict(zip(inside, scaled(here, [fitted[i] for i in inside], lot=SMALLEST), strict=True))
    return found


def _size(sites: Sites) -> tuple[bool, int, list[int]]:
    return sites is None, len(sites or ()), sorted(sites or ())


def _at(sites: Sites, qtys: Mapping[int, Decimal]) -> Decimal:
    return sum((qty for site, qty in qtys.items() if sites is None or site in sites), ZERO)
