"""Which sites an order ships from: an exact plan over the candidate sites of its rule (domain.md §7).

Objective, in this order: the most on time, the most in all, the fewest soft constraints broken, the fewest shipments,
the least freight and handling, the earliest expiry out first, the shortest way, then the rule's own order of sites.
A shipment is all that leaves one site for the order.
"""

from collections.abc import Iterable, Sequence

from inventory.rules.sourcing_fill import fill, score_of_fills
from inventory.rules.sourcing_problem import ZERO, Filled, Problem, Score, Sourced
from inventory.rules.sourcing_search import best_sites


def source(problem: Problem) -> Sourced:
    """The best plan, and how sure it is that: see `Sourced`."""
    found = best_sites(problem)
    fills = _fills(problem, found.sites)
    score = score_of_fills(problem, fills)
    waiting = {key for f in fills for key in f.waiting}
    takes = [t for f in fills for t in f.takes]
    if sum((f.covered for f in fills), ZERO) < problem.limits.least_qty:
        takes, waiting = [], {a.key for a in problem.asks}
    place = {a.key: n for n, a in enumerate(problem.asks)}
    takes.sort(key=lambda t: place[t.key])  # stable: within a line as the fill took them
    used = {t.site_id for t in takes}
    order = tuple(s for s in _by_preference(problem) if s in used)
    waits = tuple(sorted(waiting, key=place.__getitem__))
    return Sourced(tuple(takes), waits, score, order, found.is_exact, found.is_proven)


def score_of(problem: Problem, sites: Iterable[int]) -> Score:
    """What the order would come to from these sites alone."""
    return score_of_fills(problem, _fills(problem, frozenset(sites)))


def _fills(problem: Problem, sites: frozenset[int]) -> Sequence[Filled]:
    return [fill(problem, product_id, sites) for product_id in problem.asks_of]


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
    anyway), then the rest of the candidates that reach it and that the order may still ship from."""
    ask = next(a for a in problem.asks if a.key == key)
    own = dict.fromkeys(t.site_id for t in plan.takes if t.key == key)
    open_sites = may_ship(problem, plan)
    rest = [s for s in _by_preference(problem) if s in ask.reach and s in open_sites]
    on_time = [s for s in rest if ask.reach[s].is_on_time]
    late = [s for s in rest if not ask.reach[s].is_on_time]
    also = [s for s in plan.sites if s in ask.reach]
    return tuple(dict.fromkeys([*own, *also, *on_time, *late]))


def may_ship(problem: Problem, plan: Sourced) -> frozenset[int]:
    """The sites that whatever comes in later may be sent from: all, or so many that the order's most shipments are kept
    whichever lines they serve. Beside the plan's own, those that serve the most lines, then by preference."""
    every = _by_preference(problem)
    most = problem.limits.max_shipments
    if most is None:
        return frozenset(every)
    others = [s for s in every if s not in plan.sites]
    others.sort(key=lambda s: -sum(1 for a in problem.asks if s in a.reach))  # stable
    return frozenset([*plan.sites, *others[: max(0, most - len(plan.sites))]])
