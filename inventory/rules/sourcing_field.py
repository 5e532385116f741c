"""The candidate sites of an order as bits of a number, and what every set of them gives: worked out once."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from inventory.rules.sourcing_fill import fill
from inventory.rules.sourcing_problem import NEVER, ZERO, Filled, Origin, Problem, serves

MOST_LINES = 6  # of one product whose every choice is a sum
Total = tuple[Decimal, Decimal]  # on time, in all


def bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass(frozen=True)
class Shelf:
    """What the sites hold of one product that could serve some line of it: `on_time` and `in_all` by site. `is_plain`: sums
    tell all of it (one line, or a few without a minimum); else they only bound."""

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
        is_plain = len(asks) == 1 or (len(asks) <= MOST_LINES and all(a.least_qty <= 0 for a in asks))
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
