"""Which set of sites an order ships from: branch and bound over the candidates, exact (domain.md §7).

A set of sites is a number whose bits are the useful sites in the rule's order. Two facts carry the search. More sites never
make less on time or in all, so a set that reaches what all of them reach needs no site more. And of what sites hold, sums
alone tell much: a site without which a product falls short is in every plan, and a set that still lacks so many sites cannot
cost less than what it has and the cheapest of those.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from inventory.rules.sourcing_fill import fill, score_of_fills
from inventory.rules.sourcing_problem import NEVER, ZERO, Filled, Origin, Problem, Score, serves

MOST_EXACT = 20_000  # sets looked at before plans that cost at most a hundredth less are passed over
MOST_PLANS = 200_000  # sets looked at before the best so far is taken
ALMOST = Decimal("1.01")
Bound = tuple[int, int, Decimal, Decimal, int, tuple[tuple[int, int], ...]]  # a score but for its first two parts
Total = tuple[Decimal, Decimal]  # on time, in all


def bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(frozen=True)
class Shelf:
    """What the sites hold of one product that could serve some line of it: `on_time` and `in_all` by site. `is_plain`: one
    line that takes whatever there is, so that sums tell all; else they only bound."""

    product_id: int
    mask: int
    on_time: dict[int, Decimal]
    in_all: dict[int, Decimal]
    wanted: Decimal
    is_plain: bool
    soonest_expiry: Decimal

    def held(self, mask: int) -> Total:
        on_time = in_all = ZERO
        for n in bits(mask & self.mask):
            on_time += self.on_time[n]
            in_all += self.in_all[n]
        return on_time, in_all


class Field:
    """The candidates of a problem and what each set of them gives. Fills are worked out once for each set a product sees."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.sites = problem.useful
        self.origins: list[Origin] = [problem.origin[s] for s in self.sites]
        self.place = {s: n for n, s in enumerate(self.sites)}
        self.all = (1 << len(self.sites)) - 1
        self.shelves = sorted((self._shelf(p) for p in problem.asks_of), key=lambda s: s.mask.bit_count())
        self._filled: dict[tuple[int, int], Filled] = {}

    def _shelf(self, product_id: int) -> Shelf:
        asks = self.problem.asks_of[product_id]
        on_time: dict[int, Decimal] = {}
        in_all: dict[int, Decimal] = {}
        soonest = NEVER.toordinal()
        for offer in self.problem.offers_of.get(product_id, ()):
            served = [a for a in asks if serves(offer, a)]
            if not served:
                continue
            n = self.place[offer.site_id]
            is_on_time = any(a.reach[offer.site_id].is_on_time for a in served)
            on_time[n] = on_time.get(n, ZERO) + (offer.qty if is_on_time else ZERO)
            in_all[n] = in_all.get(n, ZERO) + offer.qty
            soonest = min(soonest, (offer.expiry_date or NEVER).toordinal())
        wanted = sum((a.qty for a in asks), ZERO)
        is_plain = len(asks) == 1 and asks[0].least_qty <= 0
        return Shelf(
            product_id, sum(1 << n for n in in_all), on_time, in_all, wanted, is_plain, Decimal(soonest)
        )  # fmt: skip

    def filled(self, shelf: Shelf, mask: int) -> Filled:
        key = shelf.product_id, mask & shelf.mask
        if (known := self._filled.get(key)) is None:
            known = fill(self.problem, shelf.product_id, self.set_of(key[1]))
            self._filled[key] = known
        return known

    def set_of(self, mask: int) -> frozenset[int]:
        return frozenset(self.sites[n] for n in bits(mask))

    def fills(self, mask: int) -> list[Filled]:
        return [self.filled(shelf, mask) for shelf in self.shelves]

    def total(self, mask: int) -> Total:
        """What the set brings of the whole order; less than the order's least is nothing."""
        fills = self.fills(mask)
        in_all = sum((f.covered for f in fills), ZERO)
        if in_all < self.problem.limits.least_qty:
            return ZERO, ZERO
        return sum((f.on_time for f in fills), ZERO), in_all

    def clean(self) -> int:
        return sum(1 << n for n, o in enumerate(self.origins) if not o.breaches)


class Cheapest:
    """The best set among `open_` sites that brings all that can be had: what is shared by the two ways to search for it."""

    def __init__(self, field: Field, open_: int) -> None:
        self.field = field
        self.open = open_
        self.best: tuple[Score, int] | None = None
        self.nodes = 0

    @property
    def is_over(self) -> bool:
        return self.nodes > MOST_PLANS

    def keep(self, mask: int) -> None:
        score = score_of_fills(self.field.problem, self.field.fills(mask))
        if self.best is None or score < self.best[0]:
            self.best = score, mask

    def is_beaten(self, bound: Bound) -> bool:
        """Whether nothing with this bound is better than the best so far; when there was much to look at, not by more than
        a hundredth of its cost."""
        if self.best is None:
            return False
        best = tuple(self.best[0])[2:]
        if bound >= best:
            return True
        is_late = self.nodes > MOST_EXACT
        return is_late and bound[:2] == best[:2] and bound[2] * ALMOST >= self.best[0].cost

    def bound(self, inside: int, open_: int, more: int, *, units: Decimal, expiry: Decimal, lanes: Decimal) -> Bound:
        """What any set costs at least that has `inside` and at least `more` of the open sites; `lanes` is what those
        shipments cost at least where more is known than that they are the cheapest."""
        origins = self.field.origins
        within, others = [origins[n] for n in bits(inside)], [origins[n] for n in bits(open_)]
        cheapest = sum(sorted(o.cost_per_shipment for o in others)[:more], ZERO)
        return (
            sum(len(o.breaches) for o in within) + sum(sorted(len(o.breaches) for o in others)[:more]),
            len(within) + more,
            units + sum((o.cost_per_shipment for o in within), ZERO) + max(cheapest, lanes),
            expiry,
            sum(o.distance_km for o in within) + sum(sorted(o.distance_km for o in others)[:more]),
            tuple(sorted([*_ranks(within), *sorted(_ranks(others))[:more]])),
        )


def _ranks(origins: list[Origin]) -> list[tuple[int, int]]:
    return [(o.rank, o.site_id) for o in origins]


@dataclass(frozen=True)
class Goal:
    """What a product is to reach: what it gets from all sites."""

    shelf: Shelf
    on_time: Decimal
    in_all: Decimal

    def needs(self, inside: int) -> Total:
        on_time, in_all = self.shelf.held(inside)
        return max(ZERO, self.on_time - on_time), max(ZERO, self.in_all - in_all)


class Free(Cheapest):
    """Any number of shipments: each product reaches by itself what all sites together give it."""

    def __init__(self, field: Field, open_: int) -> None:
        super().__init__(field, open_)
        fills = [(shelf, field.filled(shelf, open_)) for shelf in field.shelves]
        self.goals = [Goal(shelf, f.on_time, f.covered) for shelf, f in fills if f.covered > 0]
        self.expiry = sum((g.in_all * g.shelf.soonest_expiry for g in self.goals), ZERO)

    def search(self) -> int:
        self._look(0, self.open)
        return self.open if self.best is None else self.best[1]

    def _look(self, inside: int, open_: int) -> None:
        self.nodes += 1
        if self.is_over:
            return
        forced = self._forced(inside, open_)
        if forced is None:
            return
        inside, open_ = inside | forced, open_ & ~forced
        if not all(self._reaches(g, inside | open_) for g in self.goals if not g.shelf.is_plain):
            return
        unmet = [g for g in self.goals if not self._reaches(g, inside)]
        if not unmet:
            self.keep(inside)
            return
        if any(not g.shelf.mask & open_ for g in unmet) or self.is_beaten(self._bound(inside, open_, unmet)):
            return
        goal = min(unmet, key=lambda g: (g.shelf.mask & open_).bit_count())
        site = max(bits(goal.shelf.mask & open_), key=lambda n: (self._worth(goal, n), -n))
        self._look(inside | 1 << site, open_ & ~(1 << site))
        self._look(inside, open_ & ~(1 << site))

    @staticmethod
    def _worth(goal: Goal, n: int) -> Total:
        return min(goal.on_time, goal.shelf.on_time[n]), min(goal.in_all, goal.shelf.in_all[n])

    def _reaches(self, goal: Goal, mask: int) -> bool:
        if goal.shelf.is_plain:
            on_time, in_all = goal.shelf.held(mask)
            return on_time >= goal.on_time and in_all >= goal.in_all
        found = self.field.filled(goal.shelf, mask)
        return (found.on_time, found.covered) == (goal.on_time, goal.in_all)

    def _forced(self, inside: int, open_: int) -> int | None:
        """The open sites without which some product falls short; None where one does even with all of them."""
        forced = 0
        for goal in self.goals:
            needs = goal.needs(inside)
            if not any(needs):
                continue
            there = goal.shelf.held(open_)
            spare = there[0] - needs[0], there[1] - needs[1]
            if min(spare) < 0:
                return None
            for n in bits(goal.shelf.mask & open_):
                if goal.shelf.on_time[n] > spare[0] or goal.shelf.in_all[n] > spare[1]:
                    forced |= 1 << n
        return forced

    def _bound(self, inside: int, open_: int, unmet: list[Goal]) -> Bound:
        more, apart, lanes, taken = 0, 0, ZERO, 0
        for goal in sorted(unmet, key=lambda g: (g.shelf.mask & open_).bit_count()):
            mine = goal.shelf.mask & open_
            least = _least(goal, goal.needs(inside), mine)
            more = max(more, least)
            if not mine & taken:  # products that no open site holds both of need sites of their own
                taken |= mine
                apart += least
                costs = sorted(self.field.origins[n].cost_per_shipment for n in bits(mine))
                lanes += sum(costs[:least], ZERO)
        units = sum((self.field.filled(g.shelf, inside | open_).unit_cost for g in self.goals), ZERO)
        return self.bound(inside, open_, max(more, apart), units=units, expiry=self.expiry, lanes=lanes)


def _least(goal: Goal, needs: Total, mine: int) -> int:
    """How many of these sites it takes at least."""
    most = [sorted((held[n] for n in bits(mine)), reverse=True) for held in (goal.shelf.on_time, goal.shelf.in_all)]
    return max(1, *(_count(need, there) for need, there in zip(needs, most, strict=True)))


def _count(need: Decimal, there: list[Decimal]) -> int:
    for n, qty in enumerate(there):
        if need <= 0:
            return n
        need -= qty
    return len(there)


class Capped(Cheapest):
    """At most so many shipments: what one product gains another may lose, so the order is looked at as a whole."""

    def __init__(self, field: Field, open_: int, most: int) -> None:
        super().__init__(field, open_)
        self.most = most
        self.goal: Total = (ZERO, ZERO)
        self.units = ZERO
        self.soonest = min((s.soonest_expiry for s in field.shelves if s.mask), default=ZERO)

    def search(self) -> int:
        """The most on time and in all first, then the cheapest set that brings them."""
        self.goal = self.field.total(0)
        self._reach(0, self.open)
        if not any(self.goal):
            return 0
        clean = Capped(self.field, self.open & self.field.clean(), self.most)
        clean.goal = clean.field.total(0)
        if clean.open != self.open:
            clean._reach(0, clean.open)
            self.open = clean.open if clean.goal == self.goal else self.open
        self.nodes += clean.nodes
        self.units = self._cheapest_units()
        self._look(0, self.open)
        return 0 if self.best is None else self.best[1]

    def _reach(self, inside: int, open_: int) -> None:
        self.nodes += 1
        left = self.most - inside.bit_count()
        if self.is_over or not left or not open_:
            return
        base, gains = self._gains(inside, open_)
        if self._highest(base, gains, left) <= self.goal:
            return
        site = max(gains, key=lambda n: (gains[n], -n))
        self.goal = max(self.goal, self.field.total(inside | 1 << site))
        self._reach(inside | 1 << site, open_ & ~(1 << site))
        self._reach(inside, open_ & ~(1 << site))

    def _look(self, inside: int, open_: int) -> None:
        self.nodes += 1
        if self.is_over:
            return
        if self.field.total(inside) == self.goal:
            self.keep(inside)
            return
        left = self.most - inside.bit_count()
        if left <= 0 or not open_:
            return
        base, gains = self._gains(inside, open_)
        if self._highest(base, gains, left) < self.goal:
            return
        more = max(
            1, *(_count(self.goal[k] - base[k], sorted((g[k] for g in gains.values()), reverse=True)) for k in (0, 1))
        )
        expiry = self.goal[1] * self.soonest
        if self.is_beaten(self.bound(inside, open_, more, units=self.units, expiry=expiry, lanes=ZERO)):
            return
        site = max(gains, key=lambda n: (gains[n], -n))
        self._look(inside | 1 << site, open_ & ~(1 << site))
        self._look(inside, open_ & ~(1 << site))

    def _gains(self, inside: int, open_: int) -> tuple[Total, dict[int, Total]]:
        """(what `inside` brings at most, what each open site could add to it at most): by sums, minimums left aside."""
        base_on, base_all = ZERO, ZERO
        gains: dict[int, list[Decimal]] = {n: [ZERO, ZERO] for n in bits(open_)}
        for shelf in self.field.shelves:
            on_time, in_all = shelf.held(inside)
            room_on, room_all = max(ZERO, shelf.wanted - on_time), max(ZERO, shelf.wanted - in_all)
            base_on += shelf.wanted - room_on
            base_all += shelf.wanted - room_all
            for n in bits(shelf.mask & open_):
                gains[n][0] += min(room_on, shelf.on_time[n])
                gains[n][1] += min(room_all, shelf.in_all[n])
        return (base_on, base_all), {n: (on_time, in_all) for n, (on_time, in_all) in gains.items()}

    def _highest(self, base: Total, gains: dict[int, Total], left: int) -> Total:
        """No `left` of the sites bring more than this: (0, 0) where it is less than the order's least."""
        on_time, in_all = (
            base[k] + sum(sorted((g[k] for g in gains.values()), reverse=True)[:left], ZERO) for k in (0, 1)
        )
        return (ZERO, ZERO) if in_all < self.field.problem.limits.least_qty else (on_time, in_all)

    def _cheapest_units(self) -> Decimal:
        """What that many units cost at least to handle and send, wherever they come from."""
        prices = []
        for product_id, asks in self.field.problem.asks_of.items():
            for ask in asks:
                offers = [o for o in self.field.problem.offers_of.get(product_id, ()) if serves(o, ask)]
                places = (self.field.problem.origin[o.site_id] for o in offers)
                costs = [p.cost_per_unit + p.cost_per_kg * ask.weight_kg for p in places]
                prices += [(min(costs), ask.qty)] if costs else []
        left, total = self.goal[1], ZERO
        for price, qty in sorted(prices):
            total += price * min(left, qty)
            left -= min(left, qty)
        return total


@dataclass(frozen=True)
class Found:
    """`sites` are the set; how sure it is the best, as `Sourced` says."""

    sites: frozenset[int]
    is_exact: bool
    is_proven: bool


def best_sites(problem: Problem) -> Found:
    """The set of sites with the best score. No sites where the order would get less than its least."""
    field, cap = Field(problem), problem.limits.max_shipments
    search: Free | Capped
    if cap is not None and cap < len(field.sites):
        search = Capped(field, field.all, cap)
    elif field.total(field.all)[1] < problem.limits.least_qty:
        return Found(frozenset(), True, True)
    else:
        search = Free(field, _without_breaches(field))
    mask = search.search()
    return Found(field.set_of(mask), search.nodes <= MOST_EXACT, not search.is_over)


def _without_breaches(field: Field) -> int:
    """The sites that break nothing, where they bring all that there is to have; else every site."""
    clean = field.clean()
    for shelf in field.shelves:
        there, wanted = field.filled(shelf, clean), field.filled(shelf, field.all)
        if (there.on_time, there.covered) != (wanted.on_time, wanted.covered):
            return field.all
    return clean
