"""Which sites an order ships from: an exact plan over the candidate sites of its rule (domain.md §7).

Objective, in this order: the most on time, the most in all, the fewest soft constraints broken, the fewest shipments,
the least freight and handling, the earliest expiry out first, the shortest way, then the rule's own order of sites.
A shipment is all that leaves one site for the order.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from inventory.rules.sourcing_flow import Edge, cheapest_flow, least_of

ZERO = Decimal(0)
NEVER = date.max
MOST_ASKS_A_PRODUCT = 6  # lines of one product whose minimums are tried in every combination
MOST_PLANS = 200_000  # subsets of sites looked at before the best so far is taken


class Reach(NamedTuple):
    """How a site reaches a line: on its date or later, and the least expiry a lot must have to serve it."""

    is_on_time: bool
    least_expiry: date = date.min


@dataclass(frozen=True)
class Ask:
    """A line: `qty` base units, by the sites that may serve it. Less than `least_qty` of it is nothing to it."""

    key: int
    product_id: int
    qty: Decimal
    reach: Mapping[int, Reach]
    least_qty: Decimal = ZERO
    weight_kg: Decimal = ZERO


@dataclass(frozen=True)
class Offer:
    """Free stock of one place and lot."""

    offer_id: int
    site_id: int
    product_id: int
    qty: Decimal
    expiry_date: date | None = None


@dataclass(frozen=True)
class Origin:
    """A candidate site with what a shipment from it costs the order. `breaches` are the soft constraints it breaks."""

    site_id: int
    code: str = ""
    rank: int = 100
    cost_per_shipment: Decimal = ZERO
    cost_per_kg: Decimal = ZERO
    cost_per_unit: Decimal = ZERO
    distance_km: int = 0
    breaches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """`max_shipments` None: any number. Less than `least_qty` of the whole order is nothing to it."""

    max_shipments: int | None = None
    least_qty: Decimal = ZERO


class Take(NamedTuple):
    key: int
    offer_id: int
    site_id: int
    qty: Decimal
    is_on_time: bool


class Score(NamedTuple):
    """Smaller is better, from the left."""

    not_on_time: Decimal
    not_covered: Decimal
    breaches: int
    shipments: int
    cost: Decimal
    expiry: Decimal
    distance_km: int
    ranks: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Sourced:
    """`takes` in the order of the lines; `waiting` are lines that get less than their minimum, so nothing of them ships.

    Not `is_exact`: there were more subsets of sites than are looked at.
    """

    takes: tuple[Take, ...]
    waiting: tuple[int, ...]
    score: Score
    sites: tuple[int, ...]
    is_exact: bool = True


@dataclass(frozen=True)
class Problem:
    asks: tuple[Ask, ...]
    offers: tuple[Offer, ...]
    origins: tuple[Origin, ...]
    limits: Limits = Limits()
    _filled: dict[tuple[int, frozenset[int]], "_Filled"] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def origin(self) -> dict[int, Origin]:
        return {o.site_id: o for o in self.origins}

    @cached_property
    def asks_of(self) -> dict[int, list[Ask]]:
        found: dict[int, list[Ask]] = defaultdict(list)
        for ask in self.asks:
            found[ask.product_id].append(ask)
        return found

    @cached_property
    def offers_of(self) -> dict[int, list[Offer]]:
        found: dict[int, list[Offer]] = defaultdict(list)
        for offer in self.offers:
            if offer.qty > 0 and offer.site_id in self.origin:
                found[offer.product_id].append(offer)
        return found

    @cached_property
    def wanted(self) -> Decimal:
        return sum((a.qty for a in self.asks), ZERO)

    @cached_property
    def sites_of(self) -> dict[int, frozenset[int]]:
        """{product: sites that can serve some line of it}."""
        return {
            product_id: frozenset(o.site_id for o in self.offers_of.get(product_id, ()) for a in asks if _serves(o, a))
            for product_id, asks in self.asks_of.items()
        }

    @cached_property
    def useful(self) -> tuple[int, ...]:
        """The candidates that have something for the order, in the rule's order."""
        some = frozenset().union(*self.sites_of.values()) if self.sites_of else frozenset()
        return tuple(o.site_id for o in sorted(self.origins, key=lambda o: (o.rank, o.site_id)) if o.site_id in some)


def score_of(problem: Problem, sites: Iterable[int]) -> Score:
    """What the order would come to from these sites alone."""
    return _Search(problem).score(frozenset(sites))


def source(problem: Problem) -> Sourced:
    """The best plan. Exact while the subsets of sites it must look at are at most MOST_PLANS: always for 6 sites."""
    search = _Search(problem)
    best = search.best()
    return search.answer(best)


# --- one product from a given set of sites ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Filled:
    """What the lines of one product get from a set of sites."""

    takes: tuple[Take, ...]
    on_time: Decimal
    covered: Decimal
    unit_cost: Decimal
    expiry: Decimal
    waiting: tuple[int, ...] = ()


def _fill(problem: Problem, product_id: int, sites: frozenset[int]) -> _Filled:
    """Linear in quantity but for the shipments, so a greedy fill is the best for one line and a flow for several."""
    key = product_id, sites & problem.sites_of[product_id]
    if (known := problem._filled.get(key)) is None:
        asks = problem.asks_of[product_id]
        offers = [o for o in problem.offers_of.get(product_id, ()) if o.site_id in key[1]]
        known = _fill_one(problem, asks[0], offers) if len(asks) == 1 else _fill_many(problem, asks, offers)
        problem._filled[key] = known
    return known


def _serves(offer: Offer, ask: Ask) -> bool:
    reach = ask.reach.get(offer.site_id)
    return reach is not None and (offer.expiry_date is None or offer.expiry_date >= reach.least_expiry)


def _weight(problem: Problem, ask: Ask, offer: Offer) -> tuple[Decimal, ...]:
    """What a unit of the offer adds to the parts of the score that are linear in quantity."""
    origin = problem.origin[offer.site_id]
    is_late = not ask.reach[offer.site_id].is_on_time
    cost = origin.cost_per_unit + origin.cost_per_kg * ask.weight_kg
    expiry = Decimal((offer.expiry_date or NEVER).toordinal())
    return Decimal(int(is_late)), cost, expiry


def _fill_one(problem: Problem, ask: Ask, offers: Sequence[Offer]) -> _Filled:
    fit = [o for o in offers if _serves(o, ask)]
    if sum((o.qty for o in fit), ZERO) < min(ask.least_qty, ask.qty):
        return _Filled((), ZERO, ZERO, ZERO, ZERO, (ask.key,))
    origin = problem.origin
    order = sorted(fit, key=lambda o: (*_weight(problem, ask, o), origin[o.site_id].rank, o.site_id, o.offer_id))
    left, takes = ask.qty, []
    for offer in order:
        if left <= 0:
            break
        qty = min(left, offer.qty)
        left -= qty
        takes.append((ask, offer, qty))
    return _summed(problem, takes, ())


def _fill_many(problem: Problem, asks: Sequence[Ask], offers: Sequence[Offer]) -> _Filled:
    """Lines of one product share its stock: a cheapest flow, for every choice of lines that wait where some may."""
    best: tuple[tuple[Decimal, ...], _Filled] | None = None
    for waiting in _who_may_wait(asks):
        filled = _flow(problem, [a for a in asks if a.key not in waiting], offers, waiting)
        if filled is None:
            continue
        score = (-filled.on_time, -filled.covered, filled.unit_cost, filled.expiry)
        if best is None or score < best[0]:
            best = score, filled
    assert best is not None  # that every line waits is always possible
    return best[1]


def _who_may_wait(asks: Sequence[Ask]) -> Iterator[frozenset[int]]:
    picky = [a.key for a in asks if a.least_qty > 0][:MOST_ASKS_A_PRODUCT]
    rest = frozenset(a.key for a in asks if a.least_qty > 0) - frozenset(picky)
    for count in range(len(picky) + 1):
        for some in combinations(picky, count):
            yield rest | frozenset(some)


def _flow(problem: Problem, asks: Sequence[Ask], offers: Sequence[Offer], waiting: frozenset[int]) -> _Filled | None:
    """None when a line cannot have its minimum beside the others: another choice of who waits covers that.

    A line's minimum is a node of its own that is filled before anything else, so that a line that takes whatever there
    is never starves one that takes all or nothing.
    """
    offered = [o.qty for o in offers]
    least = {ask.key: least_of(ask.least_qty, ask.qty, offered) for ask in asks}
    parts = [(ask, least[ask.key], True) for ask in asks if least[ask.key] > 0]
    parts += [(ask, ask.qty - least[ask.key], False) for ask in asks]
    edges = [
        Edge(i, j, ask.reach[offer.site_id].is_on_time, _weight(problem, ask, offer)[1:], is_due)
        for i, (ask, _, is_due) in enumerate(parts)
        for j, offer in enumerate(offers)
        if _serves(offer, ask)
    ]
    got = cheapest_flow([qty for _, qty, _ in parts], offered, edges)
    due = sum((qty for _, qty, is_due in parts if is_due), ZERO)
    if sum((qty for (i, _), qty in got.items() if parts[i][2]), ZERO) < due:
        return None
    place = {ask.key: n for n, ask in enumerate(asks)}
    pairs: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for (i, j), qty in got.items():
        pairs[place[parts[i][0].key], j] += qty
    takes = [(asks[i], offers[j], qty) for (i, j), qty in sorted(pairs.items())]
    return _summed(problem, takes, tuple(sorted(waiting)))


def _summed(problem: Problem, takes: Iterable[tuple[Ask, Offer, Decimal]], waiting: tuple[int, ...]) -> _Filled:
    on_time = covered = cost = expiry = ZERO
    found = []
    for ask, offer, qty in takes:
        late, unit_cost, ordinal = _weight(problem, ask, offer)
        covered += qty
        on_time += ZERO if late else qty
        cost += unit_cost * qty
        expiry += ordinal * qty
        found.append(Take(ask.key, offer.offer_id, offer.site_id, qty, not late))
    return _Filled(tuple(found), on_time, covered, cost, expiry, waiting)


# --- which set of sites ----------------------------------------------------------------------------------------------


class _Search:
    """Subsets of the useful sites, smallest first: the objectives before cost never get worse with a site more."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.looked_at = 0
        self.products = sorted(problem.asks_of, key=lambda p: len(problem.sites_of[p]))  # the hardest to serve first

    def best(self) -> frozenset[int]:
        sites = self.problem.useful
        cap = self.problem.limits.max_shipments
        if cap is not None and cap < len(sites):
            return self._best_of(sites, range(cap + 1), self._capped_goal(sites, cap))
        goal = [self._of_product(p, frozenset(sites)) for p in self.products]
        if sum((covered for _, covered in goal), ZERO) < self.problem.limits.least_qty:
            return frozenset()
        clean = tuple(s for s in sites if not self.problem.origin[s].breaches)
        if self._reaches(frozenset(clean), goal):
            sites = clean
        return self._best_of(sites, range(len(sites) + 1), goal)

    def _of_product(self, product_id: int, sites: frozenset[int]) -> tuple[Decimal, Decimal]:
        filled = _fill(self.problem, product_id, sites)
        return filled.on_time, filled.covered

    def _capped_goal(self, sites: Sequence[int], most: int) -> tuple[Decimal, Decimal]:
        """The first two objectives at their best with `most` sites: what one product gains another may lose."""
        return max((self._in_all(s) for s in self._subsets(sites, most)), default=self._in_all(frozenset()))

    def _in_all(self, sites: frozenset[int]) -> tuple[Decimal, Decimal]:
        fills = [_fill(self.problem, p, sites) for p in self.products]
        covered = sum((f.covered for f in fills), ZERO)
        if covered < self.problem.limits.least_qty:
            return ZERO, ZERO
        return sum((f.on_time for f in fills), ZERO), covered

    def _reaches(
        self, sites: frozenset[int], goal: Sequence[tuple[Decimal, Decimal]] | tuple[Decimal, Decimal]
    ) -> bool:
        if isinstance(goal, tuple):
            return self._in_all(sites) == goal
        return all(self._of_product(p, sites) == want for p, want in zip(self.products, goal, strict=True))

    def _best_of(
        self,
        sites: Sequence[int],
        sizes: Iterable[int],
        goal: Sequence[tuple[Decimal, Decimal]] | tuple[Decimal, Decimal],
    ) -> frozenset[int]:
        best: tuple[Score, frozenset[int]] | None = None
        for size in sizes:
            for some in self._subsets(sites, size):
                if self._reaches(some, goal):
                    best = min([(self.score(some), some), *([best] if best else [])], key=lambda found: found[0])
            if best is not None and best[0].breaches == 0:
                break  # a shipment more cannot be better where nothing is broken
        return frozenset(sites) if best is None else best[1]

    def _subsets(self, sites: Sequence[int], size: int) -> Iterator[frozenset[int]]:
        for some in combinations(sites, size):
            self.looked_at += 1
            if self.looked_at > MOST_PLANS:
                return
            yield frozenset(some)

    def score(self, sites: frozenset[int]) -> Score:
        fills = [_fill(self.problem, p, sites) for p in self.products]
        return _score(self.problem, fills)

    def answer(self, sites: frozenset[int]) -> Sourced:
        fills = [_fill(self.problem, p, sites) for p in self.products]
        score = _score(self.problem, fills)
        waiting = {key for f in fills for key in f.waiting}
        takes = [t for f in fills for t in f.takes]
        if sum((f.covered for f in fills), ZERO) < self.problem.limits.least_qty:
            takes, waiting = [], {a.key for a in self.problem.asks}
        place = {a.key: n for n, a in enumerate(self.problem.asks)}
        takes.sort(key=lambda t: place[t.key])  # stable: within a line as the fill took them
        used = {t.site_id for t in takes}
        order = tuple(s for s in _by_preference(self.problem) if s in used)
        return Sourced(
            tuple(takes), tuple(sorted(waiting, key=place.__getitem__)), score, order, self.looked_at <= MOST_PLANS
        )


def _score(problem: Problem, fills: Sequence[_Filled]) -> Score:
    covered = sum((f.covered for f in fills), ZERO)
    if covered < problem.limits.least_qty:
        fills = []
    covered = sum((f.covered for f in fills), ZERO)
    used = {t.site_id for f in fills for t in f.takes}
    origins = [problem.origin[s] for s in used]
    return Score(
        problem.wanted - sum((f.on_time for f in fills), ZERO),
        problem.wanted - covered,
        sum(len(o.breaches) for o in origins),
        len(used),
        sum((f.unit_cost for f in fills), ZERO) + sum((o.cost_per_shipment for o in origins), ZERO),
        sum((f.expiry for f in fills), ZERO),
        sum(o.distance_km for o in origins),
        tuple(sorted((o.rank, o.site_id) for o in origins)),
    )


def _by_preference(problem: Problem) -> list[int]:
    """Every candidate, as it would be preferred by itself: nothing broken, cheap, near, then the rule's order."""
    return [
        o.site_id
        for o in sorted(
            problem.origins,
            key=lambda o: (len(o.breaches), o.cost_per_shipment, o.cost_per_kg, o.distance_km, o.rank, o.site_id),
        )
    ]


def route(problem: Problem, plan: Sourced, key: int) -> tuple[int, ...]:
    """The sites in the order in which a line is to be served: as planned, then the plan's other sites (they ship
    anyway), then the rest of the candidates that reach it."""
    ask = next(a for a in problem.asks if a.key == key)
    own = dict.fromkeys(t.site_id for t in plan.takes if t.key == key)
    rest = [s for s in _by_preference(problem) if s in ask.reach]
    on_time = [s for s in rest if ask.reach[s].is_on_time]
    late = [s for s in rest if not ask.reach[s].is_on_time]
    also = [s for s in plan.sites if s in ask.reach]
    return tuple(dict.fromkeys([*own, *also, *on_time, *late]))
