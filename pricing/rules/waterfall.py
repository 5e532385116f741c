"""Which price applies, and why the others do not (domain.md §3).

The first level that has a price wins: override, quote, account, group, segment, list. Inside a level the most specific
source wins (an account's own before its parent's), then one in the order's currency before a converted one, then the
lowest priority number, then the lowest price, then the older source; where best prices come first, the price is asked
before all of these. Inside a source a row for the unit ordered comes before one for any unit, a row of the activated tier
before one for every member, then the highest quantity break that is reached: by the line, or by all lines of its break
group on that source.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

from core.explain import Loser
from core.money import EXACT, PRICE_PLACES, line_amount
from pricing.rules.adjusting import Adjustment, adjust, alive, counted
from pricing.rules.asks import PriceAsk, PriceResult, WaterfallStep
from pricing.rules.numbers import plain
from pricing.rules.scope import Activation, Buyer, Whom, pricing_day, tier_on, why_not_for
from pricing.states import PRECEDENCE, DatePolicy, PriceLevel

ZERO = Decimal(0)
HUNDRED = Decimal(100)
AGREED = frozenset({PriceLevel.OVERRIDE, PriceLevel.QUOTE})
NOBODY = Buyer(0)
NO_RATE = Decimal(-1)  # of a source in a currency without a rate of the day


class Source(NamedTuple):
    """A list, a contract or an agreement with whom it is for and how it ranks. `document` says which agreement it is.

    `specificity` counts what it names (a group and a territory are 2; an account's parent is −1); a lower `priority` is
    asked first. `rate` is what one unit of its own currency is worth in the order's: None where that is the same.
    `payment_terms` are its contract's.
    """

    id: int
    code: str
    level: str
    specificity: int = 0
    priority: int = 100
    margin_floor_percent: Decimal | None = None
    document: tuple[str, int] | None = None
    whom: Whom | None = None
    date_policy: str = DatePolicy.ORDER
    needs_activation: bool = False
    activations: tuple[Activation, ...] = ()
    currency: str = ""
    rate: Decimal | None = None
    payment_terms: str = ""


class Row(NamedTuple):
    """One unit price per base unit from `min_qty` base units on, over [valid_from, valid_to), in the order's currency."""

    source: Source
    min_qty: Decimal
    unit_price: Decimal
    valid_from: date = date.min
    valid_to: date | None = None
    tier: str = ""
    unit: str = ""
    break_group: str = ""


class _Basket:
    """The lines that are priced together, and what is worked out once for all of them."""

    def __init__(self, asks: Sequence[PriceAsk], rows: Mapping[int, Sequence[Row]], buyer: Buyer, on: date) -> None:
        self.buyer = buyer
        self.on = on
        self._standing: dict[Any, tuple[str, str | None]] = {}
        self._together = self._count(asks, rows)

    def why_not(self, row: Row, ask: PriceAsk) -> str:
        """Nothing, or why the row cannot be used for the line, its quantity left aside."""
        source = row.source
        if source.document is not None and source.document != ask.agreement:
            return "agreed for another document"
        day = self.on if source.date_policy == "order" else pricing_day(source.date_policy, self.on, ask.ship_date)
        if day < row.valid_from:
            return f"starts on {row.valid_from}"
        if row.valid_to is not None and day >= row.valid_to:
            return f"ended on {row.valid_to}"
        if row.unit and row.unit != ask.unit:
            return f"is for orders in {row.unit}"
        if source.rate == NO_RATE:
            return f"is in {source.currency}, for which there is no rate on {day}"
        refusal, tier = self._standing_of(source, day)
        if refusal:
            return refusal
        if row.tier and row.tier != tier:
            return f"tier {row.tier} is not activated on {day}"
        return ""

    def _standing_of(self, source: Source, day: date) -> tuple[str, str | None]:
        """Why the source is not for the buyer that day, and the tier it has there: asked once a source and day."""
        key = (source.document or source.id, day)
        known = self._standing.get(key)
        if known is None:
            refusal = why_not_for(source.whom, self.buyer, day)
            tier = tier_on(source.activations, self.buyer.account_id, day)
            if not refusal and source.needs_activation and tier is None:
                refusal = f"no tier is activated on {day}"
            known = self._standing[key] = (refusal, tier)
        return known

    def qty_of(self, row: Row, ask: PriceAsk) -> Decimal:
        """What counts towards the row's break."""
        return self._together[_group(row)] if row.break_group else ask.qty

    def _count(self, asks: Sequence[PriceAsk], rows: Mapping[int, Sequence[Row]]) -> dict[Any, Decimal]:
        """Base units of all lines that have a usable row in a break group of a source: {(source, group): quantity}."""
        found: dict[Any, Decimal] = {}
        for ask in asks:
            grouped = [row for row in rows.get(ask.product_id, ()) if row.break_group]
            for key in {_group(row) for row in grouped if not self.why_not(row, ask)}:
                found[key] = found.get(key, ZERO) + ask.qty
        return found


def _group(row: Row) -> tuple[int, str]:
    return row.source.id, row.break_group


def price_lines(
    asks: Iterable[PriceAsk],
    rows: Mapping[int, Sequence[Row]],
    costs: Mapping[int, Decimal],
    *,
    currency: str,
    on: date,
    buyer: Buyer = NOBODY,
    adjustments: Iterable[Adjustment] = (),
    best_price_first: bool = False,
) -> list[PriceResult]:
    """A result per ask, in order. `rows` by product, of sources that may apply to the buyer; `on` the day of the order."""
    lines = list(asks)
    basket = _Basket(lines, rows, buyer, on)
    ours = alive(adjustments, buyer, on)
    ordered = counted(ours, lines)
    rank = _rank_by_price if best_price_first else _rank
    return [
        _price_line(ask, rows.get(ask.product_id, ()), costs.get(ask.product_id), basket, currency, rank, ours, ordered)
        for ask in lines
    ]


def price_line(ask: PriceAsk, rows: Sequence[Row], cost: Decimal | None, *, currency: str, on: date) -> PriceResult:
    """The winner with its way down from the list price, the losers with their reasons, floor and margin."""
    costs = {} if cost is None else {ask.product_id: cost}
    (result,) = price_lines([ask], {ask.product_id: rows}, costs, currency=currency, on=on)
    return result


def _price_line(
    ask: PriceAsk,
    rows: Sequence[Row],
    cost: Decimal | None,
    basket: _Basket,
    currency: str,
    rank: Any,
    adjustments: Sequence[Adjustment],
    ordered: Mapping[str, Decimal],
) -> PriceResult:
    reached, losers = _reached(ask, rows, basket)
    if not reached:
        return _unpriced(ask, losers, currency)
    reached.sort(key=rank)
    best = reached[0]
    losers = [Loser(_name(row), _why_lost(row, best)) for row in reached[1:]] + losers
    net, steps = best.unit_price, _steps(reached)
    if adjustments and best.source.level not in AGREED:
        adjusted = adjust(net, ask, adjustments, source_id=best.source.id, ordered=ordered)
        net, steps = adjusted.net, (*steps, *adjusted.steps)
        losers = [*losers, *adjusted.losers]
    return PriceResult(
        key=ask.key,
        product_id=ask.product_id,
        unit_price=net,
        amount=line_amount(ask.qty, net, currency),
        currency=currency,
        basis=best.source.level,
        source_id=None if best.source.document else best.source.id,
        source_code=best.source.code,
        waterfall=steps,
        losers=tuple(losers),
        floor=_floor_of(reached, cost),
        unit_margin=None if cost is None else net - cost,
        payment_terms=_terms_of(reached),
    )


def floor_price(cost: Decimal | None, margin_percent: Decimal | None) -> Decimal | None:
    """The lowest unit price that earns `margin_percent` of itself over `cost`, rounded up; None: no floor."""
    if cost is None or margin_percent is None or margin_percent >= HUNDRED:
        return None
    exact = EXACT.divide(EXACT.multiply(cost, HUNDRED), HUNDRED - margin_percent)
    return exact.quantize(PRICE_PLACES, rounding=ROUND_CEILING, context=EXACT)


def is_below_floor(unit_price: Decimal, floor: Decimal | None) -> bool:
    return floor is not None and unit_price < floor


def _reached(ask: PriceAsk, rows: Sequence[Row], basket: _Basket) -> tuple[list[Row], list[Loser]]:
    """The best row of every source that can be used, and why the other rows cannot."""
    usable: dict[object, Row] = {}
    losers: list[Loser] = []
    for row in rows:
        why = basket.why_not(row, ask)
        if not why and row.min_qty and basket.qty_of(row, ask) < row.min_qty:
            why = f"needs {plain(row.min_qty)} or more" + (f" of {row.break_group}" if row.break_group else "")
        if why:
            losers.append(Loser(_name(row), why))
            continue
        source = row.source.document or row.source.id
        held = usable.get(source)
        if held is None:
            usable[source] = row
        else:
            lower, higher = (held, row) if _inside(held) <= _inside(row) else (row, held)
            usable[source] = higher
            losers.append(Loser(_name(lower), _why_not_inside(lower, higher)))
    return list(usable.values()), losers


def _inside(row: Row) -> tuple[bool, bool, Decimal]:
    return bool(row.unit), bool(row.tier), row.min_qty


def _why_not_inside(lower: Row, higher: Row) -> str:
    if higher.unit != lower.unit:
        return f"there is a price for orders in {higher.unit}"
    if higher.tier != lower.tier:
        return f"tier {higher.tier} is activated"
    return f"the break from {plain(higher.min_qty)} is reached"


def _rank(row: Row) -> tuple[Any, ...]:
    source = row.source
    is_converted = source.rate is not None
    return PRECEDENCE[source.level], -source.specificity, is_converted, source.priority, row.unit_price, source.id


def _rank_by_price(row: Row) -> tuple[Any, ...]:
    return PRECEDENCE[row.source.level], row.unit_price, *_rank(row)


def _why_lost(row: Row, best: Row) -> str:
    mine, theirs = row.source, best.source
    if mine.level != theirs.level:
        return f"{theirs.level} comes before {mine.level}"
    if mine.specificity < theirs.specificity:
        return f"{theirs.code} is more specific"
    if mine.rate is not None and theirs.rate is None:
        return f"{theirs.code} is in the order's currency"
    if mine.priority > theirs.priority:
        return f"{theirs.code} has priority {theirs.priority}, this {mine.priority}"
    if row.unit_price != best.unit_price:
        return f"{theirs.code} is cheaper: {plain(best.unit_price)}"
    return f"{theirs.code} says the same and is older"


def _steps(ranked: Sequence[Row]) -> tuple[WaterfallStep, ...]:
    """From the widest level to the price that won: the best of each level."""
    best_of: dict[str, Row] = {}
    for row in ranked:
        best_of.setdefault(row.source.level, row)
    return tuple(_step(level, row) for level, row in reversed(best_of.items()))


def _step(level: str, row: Row) -> WaterfallStep:
    source = row.source
    label = f"{level} {source.code}" + (f" tier {row.tier}" if row.tier else "")
    if source.rate is not None:
        label += f" ({source.currency} at {plain(source.rate)})"
    return WaterfallStep(label, row.unit_price, None if source.document else source.id)


def _floor_of(ranked: Sequence[Row], cost: Decimal | None) -> Decimal | None:
    """An agreed price is measured against the floor of the list or contract it departs from."""
    for row in ranked:
        if row.source.level not in AGREED:
            return floor_price(cost, row.source.margin_floor_percent)
    return None


def _terms_of(ranked: Sequence[Row]) -> str:
    """Of the contract that prices the line; of an agreed price, the contract it departs from."""
    return next((row.source.payment_terms for row in ranked if row.source.level not in AGREED), "")


def _unpriced(ask: PriceAsk, losers: Sequence[Loser], currency: str) -> PriceResult:
    return PriceResult(ask.key, ask.product_id, None, ZERO, currency, "", None, "", losers=tuple(losers))


def _name(row: Row) -> str:
    return f"{row.source.code}: {plain(row.unit_price)} from {plain(row.min_qty)}"
