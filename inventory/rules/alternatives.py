"""What a run leaves short might have another way (domain.md §6, stages 12 and 13): a substitute, a site its route leaves
out, or a part now and the rest later. Offers only: nothing is claimed, and nothing is taken without somebody's word.

Each unit left is offered once, to who is served first.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from inventory.rules.allocate import Decision
from inventory.rules.by_policy import BARRED
from inventory.rules.give_back import SHIP_COMPLETE
from inventory.rules.pool_book import PoolBook
from inventory.rules.sourcing import Need, Supply, general_order, in_turn, is_usable

ZERO = Decimal(0)
CENTIMILLI = Decimal("0.0001")
HELD_BACK = frozenset({BARRED[SHIP_COMPLETE], BARRED["minimum"]})


class Way(StrEnum):
    SUBSTITUTE = "substitute"  # another product, on the customer's word
    SITE = "site"  # a site its route leaves out: sourced again, or by hand
    SPLIT = "split"  # a part now, were it not to ship complete


@dataclass(frozen=True)
class StandIn:
    """One `ratio` of it stands in for a unit; `lot` is the multiple it is sold in (0: any)."""

    product_id: int
    ratio: Decimal
    needs_consent: bool = True
    lot: Decimal = ZERO


@dataclass(frozen=True)
class Alternative:
    """`qty` base units of `product_id` at the site would serve `replaces` of what the demand misses."""

    demand_id: int
    way: Way
    product_id: int
    site_id: int
    qty: Decimal
    replaces: Decimal
    needs_consent: bool = False


def alternatives(
    decisions: Sequence[Decision],
    left: Iterable[Supply],
    stand_ins: Mapping[int, Sequence[StandIn]],
    book: PoolBook,
    *,
    today: date,
) -> list[Alternative]:
    """Of every demand that is short, in the order they were served: first a part of its own product (stage 13 where its
    order holds it back, else a site outside its route), then its substitutes, the best first, for what is still missing.

    `left` is what is free after the run, of the products and their substitutes; `book` what protections, quotas and caps
    leave of it. A blocked demand is offered nothing.
    """
    shelf: dict[int, list[Supply]] = defaultdict(list)
    for supply in general_order(left):
        shelf[supply.product_id].append(supply)
    found: list[Alternative] = []
    for decision in sorted(decisions, key=lambda d: (d.need.product_id, d.position)):
        missing = decision.need.qty - decision.got
        if missing <= ZERO or decision.need.is_blocked:
            continue
        for offer in _ways(decision, missing, shelf, stand_ins, book, today):
            found.append(offer)
    return found


def _ways(
    decision: Decision, missing: Decimal, shelf: Mapping[int, list[Supply]],
    stand_ins: Mapping[int, Sequence[StandIn]], book: PoolBook, today: date,
) -> Iterator[Alternative]:  # fmt: skip
    need = decision.need
    is_held_back = decision.verdict is not None and decision.verdict.barred in HELD_BACK
    if is_held_back or need.route:
        way = Way.SPLIT if is_held_back else Way.SITE
        own = StandIn(need.product_id, Decimal(1), False, need.terms.lot)
        anywhere = need if is_held_back else replace(need, route=())
        for offer in _from_shelf(anywhere, way, own, missing, shelf, book, today):
            missing -= offer.replaces
            yield offer
    for stand_in in stand_ins.get(need.product_id, ()):
        if missing <= ZERO:
            return
        for offer in _from_shelf(need, Way.SUBSTITUTE, stand_in, missing, shelf, book, today):
            missing -= offer.replaces
            yield offer


def _from_shelf(
    need: Need, way: Way, stand_in: StandIn, missing: Decimal, shelf: Mapping[int, list[Supply]], book: PoolBook,
    today: date,
) -> Iterator[Alternative]:  # fmt: skip
    """One offer a site, whole lots only; what is offered is off the shelf and out of the pools' room."""
    wanted, taken = missing * stand_in.ratio, ZERO
    by_site: dict[int, Decimal] = {}
    supplies = shelf.get(stand_in.product_id, [])
    for supply in in_turn([s for s in supplies if s.qty > ZERO and is_usable(s, need, today)], need):
        by_site[supply.site_id] = by_site.get(supply.site_id, ZERO) + supply.qty
    cap = book.cap(need.account_id, stand_in.product_id)
    for site_id, there in by_site.items():
        room = min(there, book.room(need.account_id, stand_in.product_id, site_id), cap - taken)
        qty = whole(min(wanted - taken, room), stand_in.lot)
        if qty <= ZERO:
            continue
        taken += qty
        book.take(need.account_id, stand_in.product_id, site_id, qty)
        _lower(supplies, site_id, qty, need, today)
        served = min(missing, (qty / stand_in.ratio).quantize(CENTIMILLI, ROUND_FLOOR))
        yield Alternative(need.demand_id, way, stand_in.product_id, site_id, qty, served, stand_in.needs_consent)


def _lower(supplies: list[Supply], site_id: int, qty: Decimal, need: Need, today: date) -> None:
    for n, supply in enumerate(supplies):
        if supply.site_id == site_id and is_usable(supply, need, today):
            part = min(qty, supply.qty)
            supplies[n] = supply._replace(qty=supply.qty - part)
            qty -= part


def day_of_rest(promised: Iterable[tuple[Decimal, date | None]], rest: Decimal) -> date | None:
    """When the last of `rest` is there, where a line is [(quantity, its day)] by the plan and the other part of it goes
    now: what comes soonest counts first, because a part that goes now waits for nothing. None: not all of it has a day.
    """
    for qty, day in sorted((pair for pair in promised if pair[1] is not None), key=lambda pair: (pair[1], pair[0])):
        rest -= qty
        if rest <= ZERO:
            return day
    return None


def whole(qty: Decimal, lot: Decimal) -> Decimal:
    """The most whole lots within it."""
    return qty if not lot else (qty / lot).to_integral_value(ROUND_FLOOR) * lot
