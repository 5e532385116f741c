"""How much stock past demand calls for: pure rules over what was asked for, product by product.

Periodic review, order up to a level: mean demand over lead time and review period, and `cover` times its standard
deviation. One `cover` for all products is what the service level decides (see controller).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

LEAD_DAYS = 4  # from purchase order to receipt
REVIEW_DAYS = 3  # a third of the products is looked at every night
OPENING_DAYS = 28  # "the first weeks", from which opening stock is derived
LEAST_COVER, MOST_COVER = -1.0, 15.0

_HORIZON = LEAD_DAYS + REVIEW_DAYS


@dataclass
class Asked:
    """A product's demand: the sum of the daily quantities, and of their squares."""

    total: float = 0.0
    squares: float = 0.0

    def add(self, qty: float) -> None:
        self.total += qty
        self.squares += qty * qty

    def level(self, cover: float, days: int) -> float:
        """The stock to have in hand and on order, seen over `days` days."""
        mean = self.total / days
        variance = max(self.squares / days - mean * mean, 0.0)
        return max(0.0, mean * _HORIZON + cover * math.sqrt(variance * _HORIZON))


@dataclass
class Demand:
    """What was asked for up to today. It opens with the first weeks, which the opening stock was derived from."""

    opening_days: int
    by_sku: dict[str, Asked] = field(default_factory=dict)
    typical: Asked = field(default_factory=Asked)

    @classmethod
    def opened(cls, days: Iterable[Mapping[str, float]], opening_days: int) -> "Demand":
        """`days`: quantity by SKU of each opening day that had demand."""
        found = cls(opening_days)
        for day in days:
            for sku, qty in day.items():
                found.by_sku.setdefault(sku, Asked()).add(qty)
        count = max(len(found.by_sku), 1)
        found.typical = Asked(
            sum(a.total for a in found.by_sku.values()) / count, sum(a.squares for a in found.by_sku.values()) / count
        )
        return found

    def opening_stock(self, cover: float) -> dict[str, int]:
        return {sku: math.ceil(asked.level(cover, self.opening_days)) for sku, asked in self.by_sku.items()}

    def launch(self, sku: str, cover: float) -> int:
        """The first stock of a product nobody has asked for yet: that of a typical one. It is forecast at half of it."""
        self.by_sku[sku] = Asked(self.typical.total / 2, self.typical.squares / 2)
        return math.ceil(self.typical.level(cover, self.opening_days))

    def learn(self, day_no: int, asked: Mapping[str, float]) -> None:
        """Take a day in, after its end. The opening days are known already."""
        if day_no >= self.opening_days:
            for sku, qty in asked.items():
                self.by_sku[sku].add(qty)

    def to_order(self, day_no: int, cover: float, position: Mapping[str, float]) -> dict[str, int]:
        """{SKU: quantity} to order at the end of a day, of the products whose turn it is; `position` is in hand and on
        order, less what is owed.
        """
        days = max(self.opening_days, day_no + 1)
        turn = islice(self.by_sku.items(), day_no % REVIEW_DAYS, None, REVIEW_DAYS)
        wanted = {sku: a.level(cover, days) - position.get(sku, 0.0) for sku, a in turn}
        return {sku: math.ceil(qty) for sku, qty in wanted.items() if qty >= 1}
