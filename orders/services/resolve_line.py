"""Say which product a line means that nobody could match."""

from dataclasses import replace
from datetime import datetime

from catalog.queries import names
from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb
from orders.locks import lock_orders
from orders.models import Order, OrderLine
from orders.queries import drafts_of
from orders.rules.asks import Edited
from orders.rules.capture import check_lines
from orders.services.capture import NotADraft, surroundings
from orders.services.hold_goods import follow_lines
from orders.states import OrderStatus


@door_verb
def resolve_line(
    *, order_id: int, line_no: int, product_id: int, actor: Actor, now: datetime, unit: str | None = None
) -> Edited:
    """Match the line of a draft to a product; its quantity is converted to that product's base unit.

    `unit` corrects the stated one. What the customer wrote stays on the line. Raises NotFound, NotADraft, InvalidInput
    (the quantity does not fit the product or its units).
    """
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise NotFound(kind="order", ident=order_id)
    if order.status != OrderStatus.DRAFT:
        raise NotADraft(number=order.number, status=order.status)
    draft = drafts_of([order_id])[order_id]
    line = next((x for x in draft.lines if x.line_no == line_no), None)
    if line is None:
        raise NotFound(kind="line", ident=line_no)
    line = replace(line, product_id=product_id, unit=line.unit if unit is None else unit)
    only = replace(draft, lines=(line,))
    (checked,), errors = check_lines([line], draft.account_id, surroundings([only], now=now))
    if errors:
        raise InvalidInput(errors)
    OrderLine.objects.filter(order_id=order_id, line_no=line_no).update(
        product_id=product_id, qty=checked.qty, unit=checked.unit
    )
    Order.objects.filter(pk=order_id).update(version=order.version + 1)
    ref = DocumentRef("order", order_id, order.number)
    summary = f"Line {line_no}: {line.stated_code or 'the product'} is {names([product_id])[product_id]}"
    journal.write([journal.Entry(ref, "line_resolved", summary[:300])], actor=actor, now=now)
    return Edited(order_id, order.number, order.version + 1, follow_lines(order, actor=actor, now=now))
