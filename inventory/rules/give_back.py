"""Orders that miss what they ship for give their stock back, and the rest is dealt again (domain.md §6, stage 10).

An order is judged by its lines in this run, which takes along the products of all of them that wait
(`policy_queries.ties_between`), and by what its other lines hold (`Need.group_elsewhere`); the release gate has the
last word. The best-ranked order that fails had its choice
before every other that fails, so nothing they give back could help it: it is barred, and so are those that share no
product with one barred before them. Then the products touched are dealt again without them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from inventory.rules.shelf import Shelf
from inventory.rules.strategies import Seat, bar, deal, sweep

ZERO = Decimal(0)
SHIP_COMPLETE = "ship complete"


@dataclass
class Table:
    """One product being dealt: `set_up` gives its full shelf and its seats, untouched."""

    product_id: int
    set_up: Callable[[], tuple[list[Seat], Shelf]]
    seats: list[Seat]
    shelf: Shelf

    @classmethod
    def dealt(cls, product_id: int, set_up: Callable[[], tuple[list[Seat], Shelf]]) -> "Table":
        seats, shelf = set_up()
        deal(seats, shelf)
        return cls(product_id, set_up, seats, shelf)

    def deal_again(self, barred: Collection[int]) -> None:
        self.seats, self.shelf = self.set_up()
        bar((s for s in self.seats if s.need.demand_id in barred), SHIP_COMPLETE)
        deal(self.seats, self.shelf)


def settle_orders(tables: Mapping[int, Table], passes: int) -> bool:
    """At most `passes` rounds; orders that fail after those give back what nobody is dealt any more but by a sweep.

    Whether any order gave back.
    """
    barred: set[int] = set()
    for _ in range(passes):
        failing = _failing(tables.values())
        if not failing:
            break
        _bar(_certain(failing), tables, barred)
    if failing := _failing(tables.values()):
        _bar(failing, tables, barred)
        _give_back(tables)
    for lines in _orders(tables.values()):
        bar((s for s in lines if s.short > 0 and not _is_met(lines)), SHIP_COMPLETE)
    return bool(barred)


Lines = list[Seat]


def _failing(tables: Iterable[Table]) -> list[Lines]:
    """The orders that got something, but less than they ship for, best ranked first."""
    failing = [lines for lines in _orders(tables) if not _is_met(lines) and any(s.takes for s in lines)]
    return sorted(failing, key=lambda lines: min(s.order for s in lines))


def _orders(tables: Iterable[Table]) -> list[Lines]:
    """The lines of each order that is judged as a whole."""
    groups: dict[str, Lines] = defaultdict(list)
    for table in tables:
        for seat in table.seats:
            if seat.need.group:
                groups[seat.need.group].append(seat)
    return list(groups.values())


def _is_met(lines: Lines) -> bool:
    asked, got = lines[0].need.group_elsewhere
    asked += sum((s.need.qty for s in lines), ZERO)
    got += sum((s.got for s in lines), ZERO)
    return got * 100 >= max(s.need.group_percent for s in lines) * asked


def _certain(failing: Iterable[Lines]) -> list[Lines]:
    touched: set[int] = set()
    found = []
    for lines in failing:
        products = {s.need.product_id for s in lines}
        if touched.isdisjoint(products):
            found.append(lines)
        touched |= products
    return found


def _bar(groups: Iterable[Lines], tables: Mapping[int, Table], barred: set[int]) -> None:
    seats = [s for lines in groups for s in lines]
    barred |= {s.need.demand_id for s in seats}
    for product_id in sorted({s.need.product_id for s in seats}):
        tables[product_id].deal_again(barred)


def _give_back(tables: Mapping[int, Table]) -> None:
    """No more passes: what still fails gives back, and only demands that ship anything are served from it."""
    touched = set()
    for lines in _failing(tables.values()):
        for seat in lines:
            tables[seat.need.product_id].shelf.give_back(seat.need, seat.takes)
            seat.have([])
            seat.barred = SHIP_COMPLETE
            touched.add(seat.need.product_id)
    for product_id in touched:
        table = tables[product_id]
        sweep([s for s in table.seats if not s.need.group], table.shelf)
