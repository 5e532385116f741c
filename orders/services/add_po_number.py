"""The purchase order that was to follow has come: the order gets its number, and the hold that waited for it goes."""

from datetime import datetime

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.refs import DocumentRef
from core.uow import require_uow
from orders.locks import lock_orders
from orders.models import Order
from orders.queries import pictures
from orders.rules.gates import PO_TO_FOLLOW
from orders.services.hold_rows import clear_by_rule, merged
from orders.states import OrderStatus

LONGEST = 60


class AlreadyHasPo(Refused):
    template = "Order {number} has purchase order {po_number} already."
    remedy_template = "Nothing is left to do, or ask customer service to correct it."


@require_uow
def add_po_number(order_id: int, po_number: str, *, actor: Actor, now: datetime) -> None:
    """Said again it changes nothing. Raises NotFound, InvalidInput (no number), AlreadyHasPo, DuplicatePurchaseOrder by
    its constraint."""
    given = po_number.strip()
    if not 1 <= len(given) <= LONGEST:
        words = f"A PO number has 1 to {LONGEST} characters."
        raise InvalidInput([FieldError("/po_number", "required", words, "Enter the customer's number.")])
    row = lock_orders([order_id]).get(order_id)
    if row is None:
        raise NotFound(kind="order", ident=order_id)
    if row.po_number == given:
        return
    if row.po_number or row.status == OrderStatus.CANCELLED:
        raise AlreadyHasPo(number=row.number, po_number=row.po_number or "none, it is cancelled")
    Order.objects.filter(pk=order_id).update(po_number=given, version=row.version + 1)
    order = pictures([order_id])[order_id]
    awaited = [(order, h) for h in order.open_holds if h.rule == PO_TO_FOLLOW]
    told = merged(clear_by_rule(awaited, why=f"purchase order {given} came", actor=actor, now=now).values())
    ref = DocumentRef("order", order_id, row.number)
    entry = journal.Entry(ref, "po_received", f"Purchase order {given} came")
    journal.write([entry, *told.entries], actor=actor, now=now)
    outbox.publish_many(told.notes, now=now, actor=actor)
