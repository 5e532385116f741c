"""Change a draft: its header, or all of its lines. What is submitted is amended or cancelled, never edited."""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotFound, Stale
from core.refs import DocumentRef
from core.uow import door_verb
from orders.locks import lock_orders
from orders.models import Order, OrderLine
from orders.queries import drafts_of, orders_by_po_number
from orders.rules.asks import DraftChanges, Edited, OrderDraft
from orders.rules.capture import check_draft
from orders.services.capture import REFUSE_ON, DuplicatePurchaseOrder, NotADraft, line_row, surroundings
from orders.services.hold_goods import follow_lines
from orders.services.write_rows import insert_lines
from orders.states import OrderStatus

CHANGED = tuple(f.name for f in fields(DraftChanges) if f.name != "cleared")
WORDS = {"ship_to_id": "ship-to", "po_number": "PO number"}


@door_verb(refuse_on=REFUSE_ON)
def edit_draft(*, order_id: int, changes: DraftChanges, expected_version: int, actor: Actor, now: datetime) -> Edited:
    """Apply the changes; `lines`, when given, replaces all lines (an empty cart stays a draft). What the draft holds of
    the goods follows: `Edited.held` says what it holds now.

    Raises NotFound, NotADraft, Stale (somebody changed it since), InvalidInput, DuplicatePurchaseOrder, HoldWorthTooMuch.
    """
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise NotFound(kind="order", ident=order_id)
    if order.status != OrderStatus.DRAFT:
        raise NotADraft(number=order.number, status=order.status)
    if order.version != expected_version:
        raise Stale(kind="order", given=expected_version, current=order.version)
    before = drafts_of([order_id])[order_id]
    draft = changed(before, changes)
    checked = check_draft(draft, surroundings([draft], now=now), may_be_empty=True)
    if checked.errors:
        raise InvalidInput(checked.errors)
    _require_free_po_number(order, draft)
    header = {name: getattr(draft, name) for name in CHANGED if name != "lines"}
    Order.objects.filter(pk=order_id).update(**header, version=order.version + 1)
    if changes.lines is not None:
        OrderLine.objects.filter(order_id=order_id).delete()
        insert_lines([line_row(order_id, line) for line in checked.lines])
    names = (name for name in CHANGED if getattr(draft, name) != getattr(before, name))
    what = ", ".join(WORDS.get(name, name.replace("_", " ")) for name in names)
    ref = DocumentRef("order", order_id, order.number)
    journal.write([journal.Entry(ref, "edited", f"Draft changed: {what or 'nothing'}")], actor=actor, now=now)
    held = follow_lines(order, actor=actor, now=now)
    return Edited(order_id, order.number, order.version + 1, held)


def changed(draft: OrderDraft, changes: DraftChanges) -> OrderDraft:
    """The draft with what the changes give."""
    given: dict[str, Any] = {name: v for name in CHANGED if (v := getattr(changes, name)) is not None}
    return replace(draft, **given | dict.fromkeys(changes.cleared))


def _require_free_po_number(order: Order, draft: OrderDraft) -> None:
    if not draft.po_number:
        return
    key = (draft.account_id, draft.po_number, draft.release_number)
    found = orders_by_po_number([key])
    if key in found and found[key][0] != order.pk:
        raise DuplicatePurchaseOrder(po_number=draft.po_number, order_id=found[key][0], number=found[key][1])
