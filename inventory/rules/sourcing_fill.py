"""What the lines of one product get from a given set of sites: linear in quantity but for minimums (domain.md §7)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from inventory.rules.sourcing_flow import Edge, cheapest_flow, least_of
from inventory.rules.sourcing_problem import NEVER, ZERO, Ask, Filled, Offer, Problem, Score, Take, serves

MOST_ASKS_A_PRODUCT = 6  # lines of one product whose minimums are tried in every combination


def fill(problem: Problem, product_id: int, sites: frozenset[int]) -> Filled:
    """Linear in quantity but for the shipments, so a greedy fill is the best for one line and a flow for several."""
    key = product_id, sites & problem.sites_of[product_id]
    if (known := problem._filled.get(key)) is None:
        asks = problem.asks_of[product_id]
        offers = [o for o in problem.offers_of.get(product_id, ()) if o.site_id in key[1]]
        known = _fill_one(problem, asks[0], offers) if len(asks) == 1 else _fill_many(problem, asks, offers)
        problem._filled[key] = known
    return known


def _weight(problem: Problem, ask: Ask, offer: Offer) -> tuple[Decimal, ...]:
    """What a unit of the offer adds to the parts of the score that are linear in quantity."""
    origin = problem.origin[offer.site_id]
    is_late = not ask.reach[offer.site_id].is_on_time
    cost = origin.cost_per_unit + origin.cost_per_kg * ask.weight_kg
    expiry = Decimal((offer.expiry_date or NEVER).toordinal())
    return Decimal(int(is_late)), cost, expiry


def _fill_one(problem: Problem, ask: Ask, offers: Sequence[Offer]) -> Filled:
    fit = [o for o in offers if serves(o, ask)]
    if sum((o.qty for o in fit), ZERO) < min(ask.least_qty, ask.qty):
        return Filled((), ZERO, ZERO, ZERO, ZERO, (ask.key,))
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


def _fill_many(problem: Problem, asks: Sequence[Ask], offers: Sequence[Offer]) -> Filled:
    """Lines of one product share its stock: a cheapest flow, for every choice of lines that wait where some may."""
    best: tuple[tuple[Decimal, ...], Filled] | None = None
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


def _flow(problem: Problem, asks: Sequence[Ask], offers: Sequence[Offer], waiting: frozenset[int]) -> Filled | None:
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
        if serves(offer, ask)
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


def _summed(problem: Problem, takes: Iterable[tuple[Ask, Offer, Decimal]], waiting: tuple[int, ...]) -> Filled:
    on_time = covered = cost = expiry = ZERO
    found = []
    for ask, offer, qty in takes:
        late, unit_cost, ordinal = _weight(problem, ask, offer)
        covered += qty
        on_time += ZERO if late else qty
        cost += unit_cost * qty
        expiry += ordinal * qty
        found.append(Take(ask.key, offer.offer_id, offer.site_id, qty, not late))
    return Filled(tuple(found), on_time, covered, cost, expiry, waiting)


def score_of_fills(problem: Problem, fills: Sequence[Filled]) -> Score:
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
