"""Fair share in whole lots (domain.md §6), exactly: integers only, so that no rounding decides.

Cap each at floor(demand / lot) · lot; fill like water by weight; floor to lots; leftover lots by largest remainder, ties
by priority; who would get less than ships gets nothing, the worst priority first, and the rest is dealt again.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

SCALE = 10_000  # quantities have four decimal places


@dataclass(frozen=True)
class Share:
    """What one asks in all, of which it has `base` already and keeps it: ten-thousandths of a base unit, best first."""

    wanted: int
    lot: int
    weight: int
    minimum: int = 0
    base: int = 0

    @property
    def cap(self) -> int:
        """The most it can have in all: what it has and whole lots."""
        return self.base + max(0, self.wanted - self.base) // self.lot * self.lot


@dataclass(frozen=True)
class Dealt:
    """`got` is what each gets on top of its base, in the order asked; `dropped` get nothing: it was too little to ship."""

    got: tuple[int, ...]
    dropped: frozenset[int]


def scaled(qty: Decimal) -> int:
    return int(qty.scaleb(4))


def unscaled(qty: int) -> Decimal:
    return Decimal(qty).scaleb(-4)


def fair_share(shares: Sequence[Share], supply: int) -> Dealt:
    """Deal `supply` to the shares. Σ got ≤ supply, each a multiple of its lot, with its base ≤ what it wanted."""
    dropped = {n for n, s in enumerate(shares) if s.cap < s.minimum}
    by_fill = sorted((n for n in range(len(shares)) if n not in dropped), key=_fill_key(shares))
    while True:
        got = _deal(shares, by_fill, supply)
        below = [n for n in by_fill if shares[n].base + got[n] < shares[n].minimum]
        if not below:
            return Dealt(tuple(got), frozenset(dropped))
        worst = max(below)
        dropped.add(worst)
        by_fill.remove(worst)


def _fill_key(shares: Sequence[Share]) -> Callable[[int], tuple[bool, Fraction, int]]:
    """Those whose cap is the smallest for their weight are full first; without weight they come last."""
    return lambda n: (not shares[n].weight, Fraction(shares[n].cap, shares[n].weight or 1), n)


def _deal(shares: Sequence[Share], by_fill: Sequence[int], supply: int) -> list[int]:
    """Whoever has more than its share already takes no part, and the level is found again without it."""
    sharing = list(by_fill)
    while True:
        totals, remainders = _fill(shares, sharing, supply + sum(shares[n].base for n in sharing))
        above = {n for n in sharing if totals[n] < shares[n].base}
        if not above:
            break
        sharing = [n for n in sharing if n not in above]
    got = [0] * len(shares)
    for n in sharing:
        lot = shares[n].lot
        extra = totals[n] - shares[n].base
        got[n] = extra // lot * lot
        remainders[n] += extra - got[n]
    _deal_leftover(shares, got, sharing, remainders, supply - sum(got))
    _deal_leftover(shares, got, [n for n in by_fill if n not in sharing], remainders, supply - sum(got))
    return got


def _fill(shares: Sequence[Share], by_fill: Sequence[int], supply: int) -> tuple[dict[int, int], dict[int, Fraction]]:
    """({place: its total at the common level, rounded down}, {place: what was rounded off}), nobody above its cap."""
    totals: dict[int, int] = {}
    remainders: dict[int, Fraction] = defaultdict(Fraction)
    left, weight = supply, sum(shares[n].weight for n in by_fill)
    for n in by_fill:  # the first are full at this level of water, and take no part in the rest
        share = shares[n]
        if not weight or not share.weight:
            totals[n] = 0
        elif share.cap * weight <= left * share.weight:
            totals[n], left, weight = share.cap, left - share.cap, weight - share.weight
        else:
            totals[n], rest = divmod(left * share.weight, weight)
            remainders[n] = Fraction(rest, weight)
    return totals, remainders


def _deal_leftover(
    shares: Sequence[Share], got: list[int], places: Sequence[int], remainders: dict[int, Fraction], left: int
) -> None:
    """A lot each by largest remainder, again while one still fits."""
    order = sorted(places, key=lambda n: (-remainders[n], n))
    while left > 0:
        before = left
        for n in order:
            lot = shares[n].lot
            if lot <= left and shares[n].base + got[n] + lot <= shares[n].cap:
                got[n], left = got[n] + lot, left - lot
        if left == before:
            return
