"""What happens to an order beyond this room, told by the rooms above without being imported: what arrived, and when the
order was released, picked, shipped, delivered, invoiced and paid."""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

from orders.rules.clocks import Span

ByLine = Callable[[Collection[int]], Mapping[int, Decimal]]
ByOrder = Callable[[Collection[int]], Mapping[int, Decimal]]
Moments = Callable[[Collection[int]], Mapping[int, Mapping[str, Span]]]

_arrived: list[tuple[ByLine, ByOrder]] = []
_moments: list[Moments] = []
_given_back: list[ByLine] = []


def tell_arrivals(*, by_line: ByLine, by_order: ByOrder) -> None:
    """Registered once, by fulfillment: base units that were delivered, by order line and by order; absent: none."""
    _arrived.append((by_line, by_order))


def tell_moments(moments: Moments) -> None:
    """Registered by each room above: {order: {clock: first and last instant}} of those that know one. One statement."""
    _moments.append(moments)


def tell_given_back(by_line: ByLine) -> None:
    """Registered by billing: base units whose price was credited (they came back), by order line; absent: none."""
    _given_back.append(by_line)


def given_back_of_lines(order_line_ids: Collection[int]) -> dict[int, Decimal]:
    """One statement."""
    return {i: qty for by_line in _given_back for i, qty in by_line(order_line_ids).items()}


def delivered_of_lines(order_line_ids: Collection[int]) -> dict[int, Decimal]:
    """One statement."""
    return {i: qty for by_line, _ in _arrived for i, qty in by_line(order_line_ids).items()}


def delivered_of_orders(order_ids: Collection[int]) -> dict[int, Decimal]:
    """One statement."""
    return {i: qty for _, by_order in _arrived for i, qty in by_order(order_ids).items()}


def moments_of(order_ids: Collection[int]) -> dict[int, dict[str, Span]]:
    """Everything the rooms above know of these orders. A statement or two a room."""
    found: dict[int, dict[str, Span]] = {i: {} for i in order_ids}
    for moments in _moments:
        for order_id, spans in moments(order_ids).items():
            found[order_id].update(spans)
    return found
