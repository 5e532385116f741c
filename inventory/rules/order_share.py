"""The percent of what a site has that one order may take, by its product's allocation policy, where stock is claimed outside
a run: what is reserved is no more than the next run leaves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from inventory.rules.sourcing import Need, Supply, is_usable

ZERO, HUNDRED, SMALLEST = Decimal(0), Decimal(100), Decimal("0.0001")


def share_of(stock: Decimal, percent: Decimal, lot: Decimal) -> Decimal:
    """`percent` of the stock in whole multiples of `lot` (0: any quantity)."""
    step = lot or SMALLEST
    return stock * percent / HUNDRED // step * step


@dataclass
class OrderShare:
    """`stock` is what a run deals of the product: all that is not released, picked or held by a cart or quote, so what is
    reserved and allocated too. Worked out once a site and kind of need."""

    percent: Decimal
    lot: Decimal
    stock: Sequence[Supply]
    _known: dict[tuple[object, ...], Decimal] = field(default_factory=dict)

    def at(self, need: Need, site_id: int, today: date) -> Decimal:
        """The most one order may take at the site, of what lives long enough for the need."""
        key = site_id, need.requested_date, need.min_shelf_life_days, need.route, need.site_id
        if key not in self._known:
            here = (s.qty for s in self.stock if s.site_id == site_id and is_usable(s, need, today))
            self._known[key] = share_of(sum(here, ZERO), self.percent, self.lot)
        return self._known[key]

    def by_site(self) -> Mapping[int, Decimal]:
        """The most one order may take at each site, whatever it needs."""
        there: dict[int, Decimal] = {}
        for s in self.stock:
            there[s.site_id] = there.get(s.site_id, ZERO) + s.qty
        return {site_id: share_of(qty, self.percent, self.lot) for site_id, qty in there.items()}
