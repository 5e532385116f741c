"""The best set of sites so far, and what any other costs at least: what both searches share."""

from decimal import Decimal

from inventory.rules.sourcing_field import Field, bits
from inventory.rules.sourcing_fill import score_of_fills
from inventory.rules.sourcing_problem import ZERO, Origin, Score

MOST_EXACT = 5_000  # sets looked at before plans that cost at most a hundredth less are passed over
MOST_PLANS = 50_000  # sets looked at before the best so far is taken
ALMOST = Decimal("1.01")
Bound = tuple[int, int, Decimal, Decimal, int, tuple[tuple[int, int], ...]]  # a score but for its first two parts


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
