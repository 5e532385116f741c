"""Which price applies, and why the others do not (domain.md §3).

The first level that has a price wins: override, quote, account, group, segment, list. Inside a level the most
specific source wins, then the lowest priority number, then the lowest price, then the older source. Inside a
source the highest quantity break that is reached.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import NamedTuple

from core.explain import Loser
from core.money import EXACT, PRICE_PLACES, line_amount
from pricing.rules.asks import PriceAsk, PriceResult, WaterfallStep
from pricing.states import PRECEDENCE, PriceLevel

ZERO = Decimal(0)
HUNDRED = Decimal(100)
AGREED = frozenset({PriceLevel.OVERRIDE, PriceLevel.QUOTE})


class Source(NamedTuple):
    """A list, a contract or an agreement with whom and how it ranks. `document` says which agreement it is.

    `specificity` counts what it names (a group and a territory are 2); a lower `priority` is asked first.
    """

    id: int
    code: str
    level: str
    specificity: int = 0
    priority: int = 100
    margin_floor_percent: Decimal | None = None
    document: tuple[str, int] | None = None


class Row(NamedTuple):
    """One unit price per base unit from `min_qty` on, over [valid_from, valid_to)."""

    source: Source
    min_qty: Decimal
    unit_price: Decimal
    valid_from: date = date.min
    valid_to: date | None = None


def price_lines(
    asks: Iterable[PriceAsk],
    rows: Mapping[int, Sequence[Row]],
    costs: Mapping[int, Decimal],
    *,
    currency: str,
    on: date,
) -> list[PriceResult]:
    """A result per ask, in order. `rows` by product, of sources that apply to the account, in its currency."""
    return [
        price_line(ask, rows.get(ask.product_id, ()), costs.get(ask.product_id), currency=currency, on=on)
        for ask in asks
    ]


def price_line(ask: PriceAsk, rows: Sequence[Row], cost: Decimal | None, *, currency: str, on: date) -> PriceResult:
    """The winner with its way down from the list price, the losers with their reasons, floor and margin."""
    reached, losers = _reached(ask, rows, on)
    if not reached:
        return _unpriced(ask, losers, currency)
    reached.sort(key=_rank)
    best = reached[0]
    losers = [Loser(_name(row), _why_lost(row, best)) for row in reached[1:]] + losers
    net = best.unit_price
    return PriceResult(
        key=ask.key,
        product_id=ask.product_id,
        unit_price=net,
        amount=line_amount(ask.qty, net, currency),
        currency=currency,
        basis=best.source.level,
        source_id=None if best.source.document else best.source.id,
        source_code=best.source.code,
        waterfall=_steps(reached),
        losers=tuple(losers),
        floor=_floor_of(reached, cost),
        unit_margin=None if cost is None else net - cost,
    )


def floor_price(cost: Decimal | None, margin_percent: Decimal | None) -> Decimal | None:
    """The lowest unit price that earns `margin_percent` of itself over `cost`, rounded up; None: no floor."""
    if cost is None or margin_percent is None or margin_percent >= HUNDRED:
        return None
    exact = EXACT.divide(EXACT.multiply(cost, HUNDRED), HUNDRED - margin_percent)
    return exact.quantize(PRICE_PLACES, rounding=ROUND_CEILING, context=EXACT)


def is_below_floor(unit_price: Decimal, floor: Decimal | None) -> bool:
    return floor is not None and unit_price < floor


def _reached(ask: PriceAsk, rows: Sequence[Row], on: date) -> tuple[list[Row], list[Loser]]:
    """The best break of every source that can be used, and why the other rows cannot."""
    usable: dict[object, Row] = {}
    losers: list[Loser] = []
    for row in rows:
        why = _unusable(row, ask, on)
        source = row.source.document or row.source.id
        held = usable.get(source)
        if why:
            losers.append(Loser(_name(row), why))
        elif held is None:
            usable[source] = row
        else:
            lower, higher = (held, row) if held.min_qty <= row.min_qty else (row, held)
            usable[source] = higher
            losers.append(Loser(_name(lower), f"the break from {plain(higher.min_qty)} is reached"))
    return list(usable.values()), losers


def _unusable(row: Row, ask: PriceAsk, on: date) -> str:
    if row.source.document is not None and row.source.document != ask.agreement:
        return "agreed for another document"
    if on < row.valid_from:
        return f"starts on {row.valid_from}"
    if row.valid_to is not None and on >= row.valid_to:
        return f"ended on {row.valid_to}"
    if ask.qty < row.min_qty:
        return f"needs {plain(row.min_qty)} or more"
    return ""


def _rank(row: Row) -> tuple[int, int, int, Decimal, int]:
    source = row.source
    return PRECEDENCE[source.level], -source.specificity, source.priority, row.unit_price, source.id


def _why_lost(row: Row, best: Row) -> str:
    mine, theirs = row.source, best.source
    if mine.level != theirs.level:
        return f"{theirs.level} comes before {mine.level}"
    if mine.specificity != theirs.specificity:
        return f"{theirs.code} is more specific"
    if mine.priority != theirs.priority:
        return f"{theirs.code} has priority {theirs.priority}, this {mine.priority}"
    if row.unit_price != best.unit_price:
        return f"{theirs.code} is cheaper: {plain(best.unit_price)}"
    return f"{theirs.code} says the same and is older"


def _steps(ranked: Sequence[Row]) -> tuple[WaterfallStep, ...]:
    """From the widest level to the net price: the best of each level."""
    best_of: dict[str, Row] = {}
    for row in ranked:
        best_of.setdefault(row.source.level, row)
    return tuple(
        WaterfallStep(f"{level} {row.source.code}", row.unit_price, None if row.source.document else row.source.id)
        for level, row in reversed(best_of.items())
    )


def _floor_of(ranked: Sequence[Row], cost: Decimal | None) -> Decimal | None:
    """An agreed price is measured against the floor of the list or contract it departs from."""
    for row in ranked:
        if row.source.level not in AGREED:
            return floor_price(cost, row.source.margin_floor_percent)
    return None


def _unpriced(ask: PriceAsk, losers: Sequence[Loser], currency: str) -> PriceResult:
    return PriceResult(ask.key, ask.product_id, None, ZERO, currency, "", None, "", losers=tuple(losers))


def _name(row: Row) -> str:
    return f"{row.source.code}: {plain(row.unit_price)} from {plain(row.min_qty)}"


@lru_cache(maxsize=4096)
def plain(number: Decimal) -> str:
    """Without the zeros the column's scale adds: 9.500000 is 9.5."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
