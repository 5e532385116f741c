"""Discounts, promotions and charges on a price that a list or contract gave (domain.md §3).

Which of them go together is said by each: the best *exclusive* one stands alone; otherwise the one *best* and all
*compounded* ones apply, in the order of their sequence numbers, each on what the one before it left. "Best" is the lowest
price it would leave of the list's or contract's price. Charges are chosen among charges, discounts among discounts.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.explain import Loser
from core.money import EXACT, round_price
from pricing.rules.asks import PriceAsk, WaterfallStep
from pricing.rules.numbers import plain
from pricing.rules.scope import ALWAYS, Buyer, Span, Whom, holds_on, why_not_for
from pricing.states import AdjustmentKind, Combination, Counts, Method

ZERO = Decimal(0)
HUNDRED = Decimal(100)
KINDS = list(AdjustmentKind)


class Adjustment(NamedTuple):
    """One tier of an adjustment: `value` percent or money per base unit from `min_qty` base units on. `products` None:
    every product; `source_id` None: on any list's or contract's price."""

    id: int
    code: str
    kind: str
    value: Decimal
    method: str = Method.PERCENT
    combination: str = Combination.COMPOUNDED
    sequence: int = 100
    counts: str = Counts.LINE
    min_qty: Decimal = ZERO
    whom: Whom | None = None
    source_id: int | None = None
    products: frozenset[int] | None = None
    span: Span = ALWAYS

    @property
    def words(self) -> str:
        sign = "+" if self.kind == AdjustmentKind.CHARGE else "−"
        size = f"{plain(self.value)} %" if self.method == Method.PERCENT else plain(self.value)
        return f"{self.kind.replace('_', ' ')} {self.code} {sign}{size}"

    def is_about(self, product_id: int) -> bool:
        return self.products is None or product_id in self.products

    def after(self, price: Decimal) -> Decimal:
        """The price it leaves, never below nothing."""
        share = (
            EXACT.divide(EXACT.multiply(price, self.value), HUNDRED) if self.method == Method.PERCENT else self.value
        )
        moved = price + share if self.kind == AdjustmentKind.CHARGE else price - share
        return max(ZERO, round_price(moved))


class Adjusted(NamedTuple):
    net: Decimal
    steps: tuple[WaterfallStep, ...]
    losers: tuple[Loser, ...]


def alive(adjustments: Iterable[Adjustment], buyer: Buyer, on: date) -> list[Adjustment]:
    """Those for the buyer on the day of the order: promotions are made for the day one orders."""
    return [a for a in adjustments if holds_on(a.span, on) and not why_not_for(a.whom, buyer, on)]


def counted(adjustments: Sequence[Adjustment], asks: Sequence[PriceAsk]) -> dict[str, Decimal]:
    """{code: quantity of all lines it is about}, of adjustments that count the whole order."""
    codes = {a.code: a for a in adjustments if a.counts == Counts.ORDER}
    return {code: sum((x.qty for x in asks if a.is_about(x.product_id)), ZERO) for code, a in codes.items()}


def adjust(
    price: Decimal,
    ask: PriceAsk,
    adjustments: Sequence[Adjustment],
    *,
    source_id: int,
    ordered: Mapping[str, Decimal],
) -> Adjusted:
    """The price after what applies to it, a step each, and why the others do not."""
    losers: list[Loser] = []
    reached = _reached([a for a in adjustments if a.is_about(ask.product_id)], ask, source_id, ordered, losers)
    chosen: list[Adjustment] = []
    for is_charge in (False, True):
        alike = [a for a in reached if (a.kind == AdjustmentKind.CHARGE) is is_charge]
        chosen += _chosen(price, alike, losers)
    net, steps = price, []
    for a in sorted(chosen, key=lambda x: (x.sequence, KINDS.index(AdjustmentKind(x.kind)), x.code)):
        net = a.after(net)
        steps.append(WaterfallStep(a.words, net))
    return Adjusted(net, tuple(steps), tuple(losers))


def _reached(
    about: Sequence[Adjustment], ask: PriceAsk, source_id: int, ordered: Mapping[str, Decimal], losers: list[Loser]
) -> list[Adjustment]:
    """Of each code the highest tier that the quantity reaches."""
    best: dict[str, Adjustment] = {}
    for a in about:
        if a.source_id is not None and a.source_id != source_id:
            losers.append(Loser(a.words, "is for prices of another list"))
            continue
        qty = ordered[a.code] if a.counts == Counts.ORDER else ask.qty
        if qty < a.min_qty:
            losers.append(Loser(a.words, f"needs {plain(a.min_qty)} or more"))
            continue
        held = best.get(a.code)
        if held is not None:
            lower, a = (held, a) if held.min_qty < a.min_qty else (a, held)
            losers.append(Loser(lower.words, f"its tier from {plain(a.min_qty)} is reached"))
        best[a.code] = a
    return list(best.values())


def _chosen(price: Decimal, alike: Sequence[Adjustment], losers: list[Loser]) -> list[Adjustment]:
    def best_of(some: Sequence[Adjustment]) -> Adjustment:
        return min(some, key=lambda a: (a.after(price), a.sequence, a.code))

    alone = [a for a in alike if a.combination == Combination.EXCLUSIVE]
    if alone:
        winner = best_of(alone)
        losers += [Loser(a.words, f"{winner.code} stands alone") for a in alike if a is not winner]
        return [winner]
    rivals = [a for a in alike if a.combination == Combination.BEST]
    compounded = [a for a in alike if a.combination == Combination.COMPOUNDED]
    if not rivals:
        return compounded
    winner = best_of(rivals)
    losers += [Loser(a.words, f"{winner.code} is better") for a in rivals if a is not winner]
    return [*compounded, winner]
