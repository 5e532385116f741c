"""Which set of sites an order ships from: branch and bound over the candidates, exact (domain.md §7).

A set of sites is a number whose bits are the useful sites in the rule's order. Two facts carry the search. More sites never
make less on time or in all, so a set that reaches what all of them reach needs no site more. And of what sites hold, sums
alone tell much: a site without which a product falls short is in every plan, and a set that still lacks so many sites cannot
cost less than what it has and the cheapest of those.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from inventory.rules import sourcing_bound
from inventory.rules.sourcing_bound import Cheapest
from inventory.rules.sourcing_capped import Capped
from inventory.rules.sourcing_field import Field, Shelf, bits
from inventory.rules.sourcing_problem import ZERO, Ask, Filled, Offer, Problem, serves

TEN_THOUSAND = Decimal(10_000)


@dataclass(frozen=True)
class Cover:
    """So much of what these sites hold must be in the plan: `need`, `held` and `order`, the sites by what they hold, the
    most first, in ten-thousandths of a base unit (quantities have four decimal places).

    By min-cut: some lines of a product are served in full of what others leave exactly when, for every choice among them,
    the offers any of those can take are enough. So a product of lines without minimums is a handful of such sums.
    """

    need: int
    mask: int
    held: dict[int, int]
    order: tuple[int, ...]

    def least(self, short: int, open_: int) -> int:
        """How many of the open sites it takes at least."""
        count = 0
        for n in self.order:
            if short <= 0:
                break
            if open_ >> n & 1:
                short -= self.held[n]
                count += 1
        return count


def covers_of(field: Field, shelf: Shelf, goal: Filled) -> Iterator[Cover]:
    """What a product's lines need to reach the goal; sums that are met by nothing at all are left out."""
    problem, asks = field.problem, field.problem.asks_of[shelf.product_id]
    for only_on_time, reached in ((True, goal.on_time), (False, goal.covered)):
        for chosen in _choices(asks):
            others = sum((a.qty for a in asks if a not in chosen), ZERO)
            if (need := whole(reached - others)) <= 0:
                continue
            held: dict[int, int] = {}
            for offer in problem.offers_of.get(shelf.product_id, ()):
                if any(_is_served(offer, a, only_on_time) for a in chosen):
                    n = field.place[offer.site_id]
                    held[n] = held.get(n, 0) + whole(offer.qty)
            order = tuple(sorted(held, key=lambda n: (-held[n], n)))
            yield Cover(need, sum(1 << n for n in held), held, order)


def _choices(asks: Sequence[Ask]) -> Iterator[tuple[Ask, ...]]:
    for count in range(1, len(asks) + 1):
        yield from combinations(asks, count)


def _is_served(offer: Offer, ask: Ask, only_on_time: bool) -> bool:
    return serves(offer, ask) and (not only_on_time or ask.reach[offer.site_id].is_on_time)


def whole(qty: Decimal) -> int:
    return int(qty * TEN_THOUSAND)


class Free(Cheapest):
    """Any number of shipments: each product reaches by itself what all sites together give it."""

    def __init__(self, field: Field, open_: int) -> None:
        super().__init__(field, open_)
        fills = [(shelf, field.filled(shelf, open_)) for shelf in field.shelves]
        self.goals = {shelf.product_id: (shelf, f) for shelf, f in fills if f.covered > 0}
        self.covers = [c for s, f in self.goals.values() if s.is_plain for c in covers_of(field, s, f)]
        self.picky = [(s, f) for s, f in self.goals.values() if not s.is_plain]
        self.of_site: list[list[tuple[int, int]]] = [[] for _ in field.sites]
        for k, cover in enumerate(self.covers):
            for n, qty in cover.held.items():
                self.of_site[n].append((k, qty))
        self.expiry = sum((f.covered * s.soonest_expiry for s, f in self.goals.values()), ZERO)
        self.prices = [(f, _prices(field, s)) for s, f in self.goals.values()]

    def search(self) -> int:
        short = [c.need for c in self.covers]
        spare = [sum(q for n, q in c.held.items() if self.open >> n & 1) - c.need for c in self.covers]
        self._look(0, self.open, short, spare)
        return self.open if self.best is None else self.best[1]

    def _look(self, inside: int, open_: int, short: list[int], spare: list[int]) -> None:
        """`short`: what `inside` lacks of each cover; `spare`: what `inside` and the open sites have beyond its need."""
        self.nodes += 1
        if self.is_over:
            return
        for n in bits(self._forced(open_, short, spare)):
            inside, open_ = inside | 1 << n, open_ & ~(1 << n)
            self._take(n, short)
        if not all(self._reaches(shelf, goal, inside | open_) for shelf, goal in self.picky):
            return
        unmet = [k for k, lack in enumerate(short) if lack > 0]
        waiting = [shelf.mask & open_ for shelf, goal in self.picky if not self._reaches(shelf, goal, inside)]
        if not unmet and not waiting:
            self.keep(inside)
            return
        if not all(waiting) or self._is_beaten(inside, open_, unmet, short):
            return
        site = self._most_needed(open_, unmet, waiting)
        without = open_ & ~(1 << site)
        self._look(inside | 1 << site, without, self._taken(site, short), list(spare))
        self._look(inside, without, short, self._left_out(site, spare))

    def _take(self, n: int, short: list[int]) -> None:
        for k, qty in self.of_site[n]:
            short[k] -= qty

    def _taken(self, n: int, short: list[int]) -> list[int]:
        found = list(short)
        self._take(n, found)
        return found

    def _left_out(self, n: int, spare: list[int]) -> list[int]:
        found = list(spare)
        for k, qty in self.of_site[n]:
            found[k] -= qty
        return found

    def _forced(self, open_: int, short: list[int], spare: list[int]) -> int:
        """The open sites without which some product falls short."""
        forced = 0
        for k, cover in enumerate(self.covers):
            if short[k] <= 0:
                continue
            for n in cover.order:
                if cover.held[n] <= spare[k]:
                    break
                forced |= 1 << n
        return forced & open_

    def _reaches(self, shelf: Shelf, goal: Filled, mask: int) -> bool:
        found = self.field.filled(shelf, mask)
        return (found.on_time, found.covered) == (goal.on_time, goal.covered)

    def _most_needed(self, open_: int, unmet: list[int], waiting: list[int]) -> int:
        """The site that has the most of the cover with the fewest open sites."""
        if not unmet:
            return next(bits(min(waiting, key=int.bit_count)))
        cover = min((self.covers[k] for k in unmet), key=lambda c: (c.mask & open_).bit_count())
        return next(n for n in cover.order if open_ >> n & 1)

    def _is_beaten(self, inside: int, open_: int, unmet: list[int], short: list[int]) -> bool:
        if self.best is None:
            return False
        more, apart, lanes, taken = 1, 0, ZERO, 0
        found = [(self.covers[k].mask & open_, self.covers[k].least(short[k], open_)) for k in unmet]
        for mine, least in sorted(found, key=lambda f: f[0].bit_count()):
            more = max(more, least)
            if not mine & taken:  # what no open site holds both of needs sites of its own
                taken |= mine
                apart += least
                costs = sorted(self.field.origins[n].cost_per_shipment for n in bits(mine))
                lanes += sum(costs[:least], ZERO)
        count = max(more, apart)
        bound = self.bound(inside, open_, count, units=ZERO, expiry=self.expiry, lanes=lanes)
        if self.is_beaten(bound):
            return True
        if bound[:2] != tuple(self.best[0])[2:4]:
            return False  # better before its cost is asked
        units = sum((_cheapest(goal.covered, prices, inside | open_) for goal, prices in self.prices), ZERO)
        return self.is_beaten((*bound[:2], bound[2] + units, *bound[3:]))


Prices = list[tuple[Decimal, int, Decimal]]  # (cost of a unit at least, site, units), the cheapest first


def _prices(field: Field, shelf: Shelf) -> Prices:
    asks, found = field.problem.asks_of[shelf.product_id], []
    for offer in field.problem.offers_of.get(shelf.product_id, ()):
        weights = [a.weight_kg for a in asks if serves(offer, a)]
        if weights:
            origin = field.problem.origin[offer.site_id]
            cost = origin.cost_per_unit + origin.cost_per_kg * min(weights)
            found.append((cost, field.place[offer.site_id], offer.qty))
    return sorted(found)


def _cheapest(qty: Decimal, prices: Prices, mask: int) -> Decimal:
    """What so many units cost at least from these sites."""
    total = ZERO
    for cost, n, there in prices:
        if qty <= 0:
            break
        if mask >> n & 1:
            total += cost * min(qty, there)
            qty -= there
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
    return Found(field.set_of(mask), search.nodes <= sourcing_bound.MOST_EXACT, not search.is_over)


def _without_breaches(field: Field) -> int:
    """The sites that break nothing, where they bring all that there is to have; else every site."""
    clean = field.clean()
    for shelf in field.shelves:
        there, wanted = field.filled(shelf, clean), field.filled(shelf, field.all)
        if (there.on_time, there.covered) != (wanted.on_time, wanted.covered):
            return field.all
    return clean
