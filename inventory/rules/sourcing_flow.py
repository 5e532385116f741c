"""The cheapest way to serve several lines from several lots of one product: a flow whose costs compare in order."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

Cost = tuple[Decimal, ...]
Flow = dict[tuple[int, int], Decimal]


class Edge(NamedTuple):
    """A unit of offer `offer` to line `ask`: on time or late, at `cost`, compared part by part from the left. One that
    `is_due` goes to the least of a line, without which it gets nothing."""

    ask: int
    offer: int
    is_on_time: bool
    cost: Cost
    is_due: bool = False


def cheapest_flow(wanted: Sequence[Decimal], offered: Sequence[Decimal], edges: Sequence[Edge]) -> Flow:
    """{(line, offer): qty}: the most of what is due, then the most on time, the most in all, the least cost.

    Successive cheapest paths with lexicographic costs, a unit being worth (−1 if due, −1 if on time, −1, its cost): a
    path that is worth nothing any more ends it, so what covers more never makes something late.
    """
    wanted, offered, flow = list(wanted), list(offered), defaultdict[tuple[int, int], Decimal](Decimal)
    price = {(e.ask, e.offer): (Decimal(-e.is_due), Decimal(-e.is_on_time), Decimal(-1), *e.cost) for e in edges}
    while path := _cheapest_path(wanted, offered, price, flow):
        qty = _room(path, wanted, offered, flow)
        wanted[path[0][0]] -= qty
        offered[path[-1][1]] -= qty
        for n, pair in enumerate(path):
            flow[pair] += -qty if n % 2 else qty
    return {pair: qty for pair, qty in flow.items() if qty > 0}


def least_of(least: Decimal, wanted: Decimal, offered: Sequence[Decimal]) -> Decimal:
    """A line's minimum; in whole units where line and stock are, or half a unit would be taken for it."""
    least = min(least, wanted)
    is_whole = all(qty == qty.to_integral_value() for qty in (wanted, *offered))
    return least.to_integral_value(ROUND_CEILING) if is_whole else least


def _room(path: Sequence[tuple[int, int]], wanted: list[Decimal], offered: list[Decimal], flow: Flow) -> Decimal:
    taken_back = [flow[pair] for n, pair in enumerate(path) if n % 2]
    return min(wanted[path[0][0]], offered[path[-1][1]], *taken_back)


def _cheapest_path(
    wanted: Sequence[Decimal], offered: Sequence[Decimal], price: dict[tuple[int, int], Cost], flow: Flow
) -> list[tuple[int, int]]:
    """Pairs given and, at odd places, taken back, from a line that wants more to an offer that has more; [] when no
    path is worth anything. Bellman and Ford's: costs may be below nothing."""
    nothing: Cost = (Decimal(0),) * len(next(iter(price.values()), ()))
    at_ask: dict[int, tuple[Cost, list[tuple[int, int]]]] = {i: (nothing, []) for i, q in enumerate(wanted) if q > 0}
    at_offer: dict[int, tuple[Cost, list[tuple[int, int]]]] = {}
    is_changed = True
    while is_changed:
        is_changed = False
        for (i, j), cost in price.items():
            if i in at_ask:
                reached = _plus(at_ask[i][0], cost)
                if j not in at_offer or reached < at_offer[j][0]:
                    at_offer[j] = reached, [*at_ask[i][1], (i, j)]
                    is_changed = True
            if flow.get((i, j), 0) > 0 and j in at_offer:
                reached = _plus(at_offer[j][0], tuple(-part for part in cost))
                if i not in at_ask or reached < at_ask[i][0]:
                    at_ask[i] = reached, [*at_offer[j][1], (i, j)]
                    is_changed = True
    ends = [found for j, found in at_offer.items() if offered[j] > 0 and found[0] < nothing]
    return min(ends)[1] if ends else []


def _plus(one: Cost, other: Cost) -> Cost:
    return tuple(a + b for a, b in zip(one, other, strict=True))
