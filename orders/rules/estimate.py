"""When a line would come, from what is available now: "40 now, 20 on 3 Dec". An estimate; nothing is reserved."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from inventory.rules.asks import Availability, PromiseSlice
from inventory.states import PromiseKind
from orders.rules.picture import LinePicture, OrderPicture

ZERO = Decimal(0)


def estimate(
    order: OrderPicture, found: Mapping[int, Availability], *, today: date
) -> dict[int, tuple[PromiseSlice, ...]]:
    """By line number, adding up to each line's quantity. Lines of one product share one truth, in line order."""
    taken: dict[int, Decimal] = {}
    slices: dict[int, tuple[PromiseSlice, ...]] = {}
    for line in order.lines:
        if line.product_id is None:
            continue
        before = taken.get(line.product_id, ZERO)
        slices[line.line_no] = _slices(line, found.get(line.product_id), before, today)
        taken[line.product_id] = before + line.qty
    return slices


def _slices(line: LinePicture, found: Availability | None, taken: Decimal, today: date) -> tuple[PromiseSlice, ...]:
    """What is promised between `taken` and `taken + qty` of the product's cumulative availability."""
    points = [] if found is None else [(today, found.available), *((p.day, p.qty) for p in found.atp if p.day > today)]
    if found is not None and found.order_cap is not None:
        points = [(day, min(qty, found.order_cap)) for day, qty in points]
    given, slices = ZERO, []
    for day, cumulative in points:
        share = min(line.qty, max(ZERO, cumulative - taken)) - given
        if share <= 0:
            continue
        given += share
        kind = PromiseKind.STOCK if day == today else PromiseKind.INBOUND
        slices.append(PromiseSlice(share, kind, None, day, None))
    if given < line.qty:
        slices.append(PromiseSlice(line.qty - given, PromiseKind.NONE, None, None, None))
    return tuple(slices)
