"""The best set of at most so many sites: branch and bound over the order as a whole (domain.md §7)."""

from decimal import Decimal

from inventory.rules.sourcing_bound import Cheapest
from inventory.rules.sourcing_field import Field, Total, bits
from inventory.rules.sourcing_problem import ZERO, serves


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


def _count(need: Decimal, there: list[Decimal]) -> int:
    for n, qty in enumerate(there):
        if need <= 0:
            return n
        need -= qty
    return len(there)
