"""How much more than was released may be picked. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

ZERO, HUNDRED = Decimal(0), Decimal(100)


@dataclass(frozen=True)
class Picked:
    """A shipment line with what was found of it, base units."""

    line_id: int
    order_line_id: int
    released: Decimal
    found: Decimal


@dataclass(frozen=True)
class Excess:
    """An order line of which more was found, over all lots of the shipment, than may be sent."""

    line_ids: tuple[int, ...]
    released: Decimal
    found: Decimal
    most: Decimal


def is_rest_closed(*, wanted: Decimal, rest: Decimal, percent: Decimal) -> bool:
    """Whether `rest` of a line, the only part of it that is not picked or shipped, is not sent after it."""
    return ZERO < rest < wanted and rest * HUNDRED <= wanted * percent


def net_extra(lines: Iterable[Picked]) -> dict[int, Decimal]:
    """{order_line_id: found above what was released}: more of one lot for less of another is no more."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.order_line_id] += line.found - line.released
    return {order_line_id: qty for order_line_id, qty in sums.items() if qty > 0}


def excesses(lines: Collection[Picked], percent: Decimal) -> list[Excess]:
    """The order lines found above their released quantity by more than `percent` (0 to 100) of it."""
    found = []
    for order_line_id, extra in net_extra(lines).items():
        own = [x for x in lines if x.order_line_id == order_line_id]
        released = sum((x.released for x in own), ZERO)
        most = released * (HUNDRED + percent) / HUNDRED
        if released + extra > most:
            over = tuple(x.line_id for x in own if x.found > x.released)
            found.append(Excess(over, released, released + extra, most))
    return found
