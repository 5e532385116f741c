"""Who may use an account's credit first: orders that passed, then held ones in the order they came.

Exposure counts every open order, held ones too. A held order must not stand in the way of one that passed before it,
so what it holds of the exposure is not counted against that one; among themselves held orders do not overtake.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from core.refs import DocumentRef
from credit.rules.asks import CountedPart, CreditAsk
from orders.rules.exposure import by_ship_date, open_change, open_parts, unreleased, worth_of
from orders.rules.picture import LinePicture, OrderPicture
from orders.states import Blocks, HoldReason

ZERO = Decimal(0)
_Dated = tuple[date, CountedPart]


def asks_at_release(
    orders: Iterable[OrderPicture],
    going: Mapping[int, Sequence[LinePicture]],
    held: Mapping[int, OrderPicture],
    parts: Collection[int] = (),
) -> list[CreditAsk]:
    """May what goes of each order be owed? Its lines are in the exposure as open orders already; of those in `parts` the
    lines that do not go wait behind those that do."""
    asks, stored = [], {i: _dated(o, _stored_parts(o)) for i, o in held.items()}
    for order in sorted(orders, key=lambda o: (is_held(o), o.order_id)):
        lines = going.get(order.order_id, ())
        if lines:
            rest = [x for x in order.lines if x.demand and x not in lines] if order.order_id in parts else []
            asks.append(_ask(order, lines, _behind(order, held, stored), rest))
    return asks


def asks_at_allocation(orders: Iterable[OrderPicture], held: Mapping[int, OrderPicture]) -> list[CreditAsk]:
    """May what waits of each order be owed? Those that passed before come first, the oldest of them first, and what waits
    behind an order is not counted against it: where an account may owe less than it did, its oldest orders keep their
    credit."""
    many = sorted(orders, key=lambda o: (is_held(o), o.order_id))
    line = _line_up(many, held)
    places = {order.order_id: place for of_account in line.values() for place, order in enumerate(of_account)}
    stored = {i: [_dated(o, _stored_parts(o)) for o in of_account] for i, of_account in line.items()}
    asks = []
    for order in many:
        if lines := unreleased_lines(order):
            asks.append(_ask(order, lines, stored[order.account_id][places[order.order_id] + 1 :]))
    return asks


def _line_up(many: Sequence[OrderPicture], held: Mapping[int, OrderPicture]) -> dict[int, list[OrderPicture]]:
    """{account: its orders in the order in which they may use its credit}: those asked about, and what is held besides."""
    asked = {o.order_id for o in many}
    line: dict[int, list[OrderPicture]] = defaultdict(list)
    both = [*many, *(h for i, h in held.items() if i not in asked)]
    for order in sorted(both, key=lambda o: (is_held(o), o.order_id)):
        line[order.account_id].append(order)
    return line


def asks_again(held: Mapping[int, OrderPicture]) -> list[CreditAsk]:
    """The held orders of an account, oldest first, each with all that is not released of it; of goods that were used
    already, whose invoice a hold keeps, with all of it."""
    asks, stored = [], {i: _dated(o, _stored_parts(o)) for i, o in held.items()}
    for order_id in sorted(held):
        order = held[order_id]
        if lines := unreleased_lines(order):
            asks.append(_ask(order, lines, _behind(order, held, stored)))
        elif any(Blocks.INVOICE in h.blocks for h in order.open_holds):
            asks.append(_ask_for_what_left(order))
    return asks


def unreleased_lines(order: OrderPicture) -> list[LinePicture]:
    """Those of which something waits still."""
    return [x for x in order.lines if x.demand and unreleased(x.demand) > 0]


def _ask_for_what_left(order: OrderPicture) -> CreditAsk:
    """It is in the exposure as shipped, so it asks for nothing more."""
    day = order.submitted_on
    assert day is not None  # only a submitted order is held for credit
    ref = DocumentRef("order", order.order_id, order.number)
    return CreditAsk(
        order.account_id,
        ref,
        order.owed,
        order.currency,
        day,
        order.owed,
        order.terms_code,
        terms_are_agreed=order.terms_are_agreed,
        agreed_terms_code=order.contract_terms,
        rate_date=day,
        counted=(CountedPart(order.currency, day, order.owed),),
    )


def ask_to_amend(before: OrderPicture, after: OrderPicture, held: Mapping[int, OrderPicture]) -> CreditAsk:
    """May the order be owed as it is wanted? What it holds of the exposure as it was is not counted against it, so the
    difference decides."""
    parts = open_parts(after)
    last = max(day for day, _ in parts)
    counted = _until_day(_dated(before, open_parts(before)), last)
    for other in _behind(before, held, {i: _dated(o, _stored_parts(o)) for i, o in held.items()}):
        counted += _until_day(other, last)
    return CreditAsk(
        after.account_id,
        DocumentRef("order", after.order_id, after.number),
        sum((amount for _, amount in parts), ZERO),
        after.currency,
        last,
        _sum(counted),
        after.terms_code,
        terms_are_agreed=after.terms_are_agreed,
        agreed_terms_code=after.contract_terms,
        rate_date=before.submitted_on,
        charges=sum((_charges(after, x) for x in after.lines), ZERO),
        amounts=tuple(by_ship_date(parts).values()),
        counted=tuple(counted),
    )


def owes_more(before: OrderPicture, after: OrderPicture) -> bool:
    """More is open on some day than was, or sooner: credit has to say yes to the difference."""
    days = sorted({day for day, _ in (*open_parts(before), *open_parts(after))})
    return any(_until(after, day) > _until(before, day) for day in days)


def _until(order: OrderPicture, last: date) -> Decimal:
    return sum((amount for day, amount in open_parts(order) if day <= last), ZERO)


def is_held(order: OrderPicture) -> bool:
    return any(h.reason == HoldReason.CREDIT for h in order.open_holds)


def _ask(
    order: OrderPicture,
    lines: Sequence[LinePicture],
    behind: Sequence[Sequence[_Dated]],
    rest: Sequence[LinePicture] = (),
) -> CreditAsk:
    parts = [open_part(order, x) for x in lines]
    amount = sum((amount for _, amount in parts), ZERO)
    last = max(day for day, _ in parts)
    counted = _until_day(_dated(order, [*parts, *(open_part(order, x) for x in rest)]), last)
    for other in behind:
        counted += _until_day(other, last)
    ref = DocumentRef("order", order.order_id, order.number)
    return CreditAsk(
        order.account_id,
        ref,
        amount,
        order.currency,
        last,
        _sum(counted),
        order.terms_code,
        terms_are_agreed=order.terms_are_agreed,
        agreed_terms_code=order.contract_terms,
        rate_date=order.submitted_on,
        charges=sum((_charges(order, x) for x in lines), ZERO),
        amounts=tuple(by_ship_date(parts).values()),
        counted=tuple(counted),
    )


def _behind(
    order: OrderPicture, held: Mapping[int, OrderPicture], stored: Mapping[int, Sequence[_Dated]]
) -> list[Sequence[_Dated]]:
    return [stored[i] for i, h in held.items() if h.account_id == order.account_id and _is_behind(i, order)]


def _is_behind(held_id: int, order: OrderPicture) -> bool:
    return held_id > order.order_id if is_held(order) else held_id != order.order_id


def open_part(order: OrderPicture, line: LinePicture) -> tuple[date, Decimal]:
    """What the line holds of the exposure as an open order, and on which ship date."""
    worth = worth_of(order, line)
    left = unreleased(line.demand) if line.demand else ZERO
    return worth.ship_date, open_change(worth, ZERO, left)


def _charges(order: OrderPicture, line: LinePicture) -> Decimal:
    left = unreleased(line.demand) if line.demand else line.qty
    return line.unit_worth.charges_of(left, order.currency)


def _stored_parts(order: OrderPicture) -> list[tuple[date, Decimal]]:
    return [open_part(order, x) for x in order.lines if x.demand]


def _dated(order: OrderPicture, parts: Iterable[tuple[date, Decimal]]) -> list[_Dated]:
    """What an order holds of the exposure by ship date, the earliest first. Worked out once for all that are before it."""
    assert order.submitted_on is not None  # only a submitted order is in the exposure
    on = order.submitted_on
    return [(day, CountedPart(order.currency, on, amount)) for day, amount in by_ship_date(parts).items()]


def _until_day(parts: Iterable[_Dated], last: date) -> list[CountedPart]:
    """Of ship dates up to `last` only: later ones may lie beyond the account's horizon and not be in the exposure."""
    return [part for day, part in parts if day <= last]


def _sum(parts: Iterable[CountedPart]) -> Decimal:
    """For an account that counts in the currency of all of them; else credit takes them part by part."""
    return sum((part.amount for part in parts), ZERO)


def lines_that_fit(order: OrderPicture, amount: Decimal) -> frozenset[int]:
    """Of the lines that have stock, in their order, those worth at most `amount` together."""
    left, chosen = amount, set()
    for line in order.lines:
        if line.demand and line.demand.allocated > 0 and (worth := open_part(order, line)[1]) <= left:
            left -= worth
            chosen.add(line.line_no)
    return frozenset(chosen)
