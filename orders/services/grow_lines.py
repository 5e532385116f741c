"""More was picked of a line than was ordered, within what the customer takes: the line and its order grow by it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.choices import counted
from core.money import line_amount
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import require_uow
from orders.models import Order
from orders.queries import orders_of_lines, pictures
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.write_rows import amend_lines


@require_uow
def grow_lines(order_line_ids: Collection[int], *, actor: Actor, now: datetime) -> dict[int, Decimal]:
    """Bring the lines up to what their demands ask for now; {order_line_id: base units more}, none where nothing grew.

    Called in the transaction that made the demands grow, which locked the orders (`lock_lines`). The price stays the
    locked one: the confirmation says the new quantity and the invoice bills it. No credit is posted: the units are
    picked already, and whoever picked them posts `released`.
    """
    grown: dict[int, Decimal] = {}
    for order in pictures(orders_of_lines(order_line_ids)).values():
        lines = [(x, more) for x in order.lines if x.line_id in order_line_ids and (more := _more(x)) > 0]
        if lines:
            _write(order, [x for x, _ in lines])
            journal.write([_entry(order, lines)], actor=actor, now=now)
            grown |= {x.line_id: more for x, more in lines if x.line_id is not None}
    return grown


def _more(line: LinePicture) -> Decimal:
    return line.demand.ordered - line.qty if line.demand else Decimal(0)


def _write(order: OrderPicture, lines: list[LinePicture]) -> None:
    after = [_grown(order, x) for x in lines]
    names = ("qty", "unit", "unit_qty", "stated_price", "ship_to_id", "requested_date", "amount")
    amend_lines([{"id": x.line_id, **{name: getattr(x, name) for name in names}} for x in after])
    more = sum((x.amount for x in after), Decimal(0)) - sum((x.amount for x in lines), Decimal(0))
    total = sum((x.amount for x in order.lines), Decimal(0)) + more
    grown = {x.line_no: x for x in after}
    whole = replace(order, lines=tuple(grown.get(x.line_no, x) for x in order.lines))
    Order.objects.filter(pk=order.order_id).update(
        total_amount=total, tax_amount=whole.tax, freight_amount=whole.freight, version=order.version + 1
    )


def _grown(order: OrderPicture, line: LinePicture) -> LinePicture:
    """What the customer said of unit and quantity stays as it was said."""
    assert line.demand is not None and line.unit_price is not None  # it was picked
    standing = line.demand.ordered - line.demand.cancelled
    return replace(line, qty=line.demand.ordered, amount=line_amount(standing, line.unit_price, order.currency))


def _entry(order: OrderPicture, lines: list[tuple[LinePicture, Decimal]]) -> journal.Entry:
    said = "; ".join(f"line {x.line_no} by {plain(more)} to {plain(x.qty + more)}" for x, more in lines)
    words = f"{counted(len(lines), 'line')} grew, as more was picked and the customer takes it: {said}"
    ref = DocumentRef("order", order.order_id, order.number)
    return journal.Entry(ref, "grew", words, {str(x.line_no): plain(more) for x, more in lines})
