"""Which `cover` gives the service level: fitted on the opening weeks, then steered by the fill rate achieved.

The fill rate is of order lines: those filled in full from the shelf, of all. The controller looks back only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from config.replay.demand import LEAD_DAYS, LEAST_COVER, MOST_COVER, Demand

PROPORTIONAL, INTEGRAL = 25.0, 2.0
STEADY_LINES = 1_500  # fewer lines than this say little: the error is taken as if there were that many
FULL_DAY = 1_000
FITTING_STEPS = 9

Day = Sequence[tuple[str, float]]  # the lines of a day: SKU and quantity


@dataclass
class Controller:
    """A proportional-integral controller of `cover`: the share of lines missed so far, and day by day."""

    target: float
    fitted: float
    drift: float = 0.0
    lines: int = 0
    filled: int = 0

    @property
    def cover(self) -> float:
        missed = self.target * self.lines - self.filled
        raw = self.fitted + self.drift + PROPORTIONAL * missed / max(self.lines, STEADY_LINES)
        return min(MOST_COVER, max(LEAST_COVER, raw))

    def observe(self, lines: int, filled: int) -> None:
        """Totals so far, at the end of a day."""
        today, filled_today = lines - self.lines, filled - self.filled
        if today > 0:
            self.drift += INTEGRAL * (self.target - filled_today / today) * min(1.0, today / FULL_DAY)
            self.drift = min(MOST_COVER, max(-MOST_COVER, self.drift))
        self.lines, self.filled = lines, filled


def fit(target: float, opening: Sequence[Day]) -> float:
    """The cover that would have filled `target` of the opening weeks' lines, by bisection over a plain simulation."""
    low, high = LEAST_COVER, MOST_COVER
    for _ in range(FITTING_STEPS):
        middle = (low + high) / 2
        if _filled_share(middle, opening) < target:
            low = middle
        else:
            high = middle
    return round((low + high) / 2, 6)


def totals(day: Day) -> dict[str, float]:
    asked: dict[str, float] = defaultdict(float)
    for sku, qty in day:
        asked[sku] += qty
    return dict(asked)


def _filled_share(cover: float, opening: Sequence[Day]) -> float:
    asked = [totals(day) for day in opening]
    demand = Demand.opened(asked, len(opening))
    shelf: dict[str, float] = {sku: float(qty) for sku, qty in demand.opening_stock(cover).items()}
    coming: dict[str, float] = defaultdict(float)
    arriving: dict[int, dict[str, int]] = {}
    lines = filled = 0
    for day_no, day in enumerate(opening):
        for sku, arrived in arriving.pop(day_no, {}).items():
            shelf[sku] += arrived
            coming[sku] -= arrived
        for sku, qty in day:
            lines += 1
            filled += max(shelf[sku], 0.0) >= qty
            shelf[sku] -= qty
        orders = demand.to_order(day_no, cover, {sku: have + coming[sku] for sku, have in shelf.items()})
        arriving[day_no + LEAD_DAYS] = orders
        for sku, qty in orders.items():
            coming[sku] += qty
    return filled / lines if lines else 1.0
