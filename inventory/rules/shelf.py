"""The stock of one product while it is dealt: what is left, and how much of it a need may take."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from inventory.rules.ceilings import NOTHING, Caps, Ceilings
from inventory.rules.pools import OrderCap, Protection, Quota
from inventory.rules.protect import Floors, Places, Waiting
from inventory.rules.sourcing import Need, Supply, general_order, is_usable, sites_in_turn

ZERO = Decimal(0)
Takes = list[tuple[int, Decimal]]  # (balance, qty)


class Shelf:
    """Every take counts against floors, ceilings and caps, and can be given back."""

    def __init__(
        self,
        supplies: Iterable[Supply],
        *,
        today: date,
        protections: Sequence[Protection] = (),
        quotas: Sequence[Quota] = (),
        caps: Sequence[OrderCap] = (),
        taken: Mapping[str, Decimal] = NOTHING,
        order_cap_percent: Decimal | None = None,
        uses_lots: bool = False,
    ) -> None:
        ordered = general_order(s for s in supplies if s.qty > 0)
        self.supply = {s.balance_id: s for s in ordered}
        self.left = {s.balance_id: s.qty for s in ordered}
        self.by_site: dict[int, list[Supply]] = defaultdict(list)
        for supply in ordered:
            self.by_site[supply.site_id].append(supply)
        self.stocked = dict(self.by_site)
        self.today, self.uses_lots = today, uses_lots
        self.protections = protections
        self.floors = Floors.of(protections, ordered)
        self.ceilings = Ceilings(quotas) if quotas else None
        # Accounts no pool is for are all alike to it.
        members = [p.account_ids for p in protections] + [q.account_ids for q in quotas]
        self.named = frozenset[int]().union(*members)
        self.caps = Caps(order_cap_percent, caps, taken)
        self.has_expiry = any(s.expiry_date is not None for s in ordered)
        self.has_special = any(not s.is_general for s in ordered)
        self.special_sites = {s.site_id for s in ordered if not s.is_general}
        self._reach: dict[tuple[object, ...], Places] = {}
        self._stock: dict[tuple[object, ...], Decimal] = {}

    def protect(self, wanted: Iterable[tuple[Need, Decimal]]) -> None:
        """What floors keep is kept in stock that serves those who wait for it: needs in turn, with all they may have. To be
        called before anything is dealt."""
        if self.floors is None:
            return
        members = frozenset[int]().union(*(p.account_ids for p in self.floors.protections))
        some = [Waiting(n.account_id, qty, self._reached(n)) for n, qty in wanted if n.account_id in members]
        if any(len(w.reach) < len(self.supply) for w in some):
            self.floors = Floors.of(self.protections, list(self.supply.values()), some)

    def _reached(self, need: Need) -> Places:
        """The balances that may serve the need."""
        key = need.requested_date, need.min_shelf_life_days, need.site_id, need.route
        if key not in self._reach:
            usable = (s.balance_id for s in self.supply.values() if is_usable(s, need, self.today))
            self._reach[key] = frozenset(usable)
        return self._reach[key]

    def lot(self, need: Need) -> Decimal:
        return need.terms.lot if self.uses_lots else ZERO

    def signature(self, need: Need) -> tuple[object, ...]:
        """Needs of equal signature reach the same stock, each by itself."""
        of_lots = (need.requested_date, need.min_shelf_life_days) if self.has_expiry else None
        account = need.account_id if need.account_id in self.named else None
        site = need.site_id if self.has_special or need.route else None
        return (
            of_lots,
            site,
            frozenset(need.route),
            account,
            self.caps.room(need),
            self.lot(need),
            self.caps.standing(need),
        )

    def serve(self, need: Need, wanted: Decimal) -> Takes:
        """Take up to `wanted`, the need's own site first; in whole lots of each site where lots count."""
        takes: Takes = []
        lot = self.lot(need)
        for site_id in self._sites(need):
            if wanted <= 0:
                break
            takes_here, qty = self._serve_at(need, site_id, wanted, lot)
            takes += takes_here
            wanted -= qty
        return takes

    def _sites(self, need: Need) -> Iterable[int]:
        return sites_in_turn(need, self.by_site)

    def _serve_at(self, need: Need, site_id: int, wanted: Decimal, lot: Decimal) -> tuple[Takes, Decimal]:
        left, spent, there = self.left, False, ZERO
        usable = []
        for supply in self.by_site[site_id]:
            if (here := left[supply.balance_id]) <= 0:
                spent = True
            elif is_usable(supply, need, self.today):
                usable.append(supply)
                there = there + here if there else here
        if not usable:
            self._forget(site_id, spent)
            return [], ZERO
        qty = wanted if wanted < there else there
        if self.floors and self.floors.is_by_lot:
            return self._serve_lots(need, site_id, usable, qty, lot)
        qty = self._allowed(need, site_id, site_id, qty)
        if lot:
            qty = qty // lot * lot
        if qty <= 0:
            return [], ZERO
        self._count(need, site_id, site_id, qty)
        return self._draw(usable, qty), qty

    def _serve_lots(
        self, need: Need, site_id: int, usable: Iterable[Supply], wanted: Decimal, lot: Decimal
    ) -> tuple[Takes, Decimal]:
        """The same where floors keep some lots from the need and not others."""
        takes: Takes = []
        for balance_id, *_ in usable:
            here = self.left[balance_id]
            qty = self._allowed(need, site_id, balance_id, wanted if wanted < here else here)
            if qty > 0:
                self._count(need, site_id, balance_id, qty)
                self.left[balance_id] = here - qty
                takes.append((balance_id, qty))
                wanted -= qty
        over = total_of(takes) % lot if lot else ZERO
        while over > 0:
            balance_id, qty = takes.pop()
            self.give_back(need, [(balance_id, qty)])
            if (rest := qty - over) > 0:
                takes += self.keep(need, [(balance_id, rest)])
            over -= min(qty, over)
        return takes, total_of(takes)

    def _forget(self, site_id: int, spent: bool) -> None:
        """A site whose stock is all dealt is not looked at again, until something comes back."""
        if spent and not any(self.left[s.balance_id] > 0 for s in self.by_site[site_id]):
            del self.by_site[site_id]

    def _draw(self, usable: Iterable[Supply], qty: Decimal) -> Takes:
        takes: Takes = []
        for balance_id, *_ in usable:
            here = self.left[balance_id]
            if here >= qty:
                self.left[balance_id] = here - qty
                takes.append((balance_id, qty))
                break
            self.left[balance_id] = ZERO
            takes.append((balance_id, here))
            qty -= here
        return takes

    def _allowed(self, need: Need, site_id: int, place: int, qty: Decimal) -> Decimal:
        """`place`: where floors look at it, the site or a balance of it."""
        if self.floors and (room := self.floors.room(need.account_id, place)) is not None and room < qty:
            qty = room
        if self.ceilings and (ceiling := self.ceilings.room(need.account_id, site_id)[0]) is not None and ceiling < qty:
            qty = ceiling
        if self.caps.is_any:
            for cap in (self.caps.room(need), self._share(need, site_id)):
                if cap is not None and cap < qty:
                    qty = cap
        return qty

    def _share(self, need: Need, site_id: int) -> Decimal | None:
        """What its percent leaves an order of the site; stock that is only for those who name it, it may have whole."""
        if self.caps.percent is None or site_id in self.special_sites:
            return None
        key = site_id, need.requested_date, need.min_shelf_life_days
        if key not in self._stock:
            usable = (s.qty for s in self.stocked[site_id] if is_usable(s, need, self.today))
            self._stock[key] = sum(usable, ZERO)
        return self.caps.share(need, site_id, self._stock[key])

    def is_capped(self, need: Need) -> bool:
        """Whether one order's share is what keeps the need from more, of all or of a site where there is some."""
        if not self.caps.is_any:
            return False
        lot = self.lot(need)
        sites = {
            self.supply[b].site_id
            for b, q in self.left.items()
            if q > 0 and is_usable(self.supply[b], need, self.today)
        }
        rooms = [self.caps.room(need), *(self._share(need, site_id) for site_id in sites)]
        return any(room is not None and room <= lot for room in rooms)

    def _count(self, need: Need, site_id: int, place: int, qty: Decimal) -> None:
        if self.floors:
            kind = self.floors.kinds.get(self._reached(need)) if self.floors.is_by_lot else None
            self.floors.take(need.account_id, place, qty, kind)
        if self.ceilings:
            self.ceilings.take(need.account_id, site_id, qty)
        if self.caps.is_any:
            self.caps.take(need, site_id, qty)

    def _place(self, balance_id: int) -> int:
        return balance_id if self.floors and self.floors.is_by_lot else self.supply[balance_id].site_id

    def keep(self, need: Need, held: Iterable[tuple[int, Decimal]]) -> Takes:
        """What the need holds stays its own, whatever floors and ceilings say now."""
        takes: Takes = []
        for balance_id, qty in held:
            part = min(qty, self.left.get(balance_id, ZERO))
            if part > 0:
                self.left[balance_id] -= part
                self._count(need, self.supply[balance_id].site_id, self._place(balance_id), part)
                takes.append((balance_id, part))
        return takes

    def settle(self) -> None:
        """Demands have kept what they keep: floors that can no longer be had shrink."""
        if self.floors:
            there: dict[int, Decimal] = defaultdict(Decimal)
            for balance_id, qty in self.left.items():
                there[self._place(balance_id)] += qty
            self.floors.settle(there)

    def give_back(self, need: Need, takes: Iterable[tuple[int, Decimal]]) -> None:
        for balance_id, qty in takes:
            supply = self.supply[balance_id]
            self.left[balance_id] += qty
            self._count(need, supply.site_id, self._place(balance_id), -qty)
            if supply.site_id not in self.by_site:
                self._remember(supply.site_id)

    def _remember(self, site_id: int) -> None:
        by_site: dict[int, list[Supply]] = defaultdict(list)
        for supply in self.supply.values():  # in general order
            if supply.site_id in self.by_site or supply.site_id == site_id:
                by_site[supply.site_id].append(supply)
        self.by_site = by_site

    def reach(self, need: Need, wanted: Decimal) -> Decimal:
        """How much of `wanted` the need would get now, if it were the only one."""
        takes = self.serve(need, wanted)
        self.give_back(need, takes)
        return total_of(takes)

    def usable_left(self, need: Need) -> Decimal:
        """What is left that lives long enough for the need, whoever it is kept for."""
        return sum((q for b, q in self.left.items() if q > 0 and is_usable(self.supply[b], need, self.today)), ZERO)

    def unusable_left(self, need: Need) -> Decimal:
        if not (self.has_expiry or self.has_special or need.route):
            return ZERO
        some = (q for b, q in self.left.items() if q > 0 and not is_usable(self.supply[b], need, self.today))
        return sum(some, ZERO)

    def is_empty(self) -> bool:
        return not any(q > 0 for q in self.left.values())


def total_of(takes: Sequence[tuple[int, Decimal]]) -> Decimal:
    if not takes:
        return ZERO
    total = takes[0][1]  # most are of one balance, which needs no sum
    for _, qty in takes[1:]:
        total += qty
    return total


def merged(takes: Iterable[tuple[int, Decimal]]) -> Mapping[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for balance_id, qty in takes:
        found[balance_id] += qty
    return found
