"""What fulfillment shows on an order's page: its shipments, and the button that releases."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.states import Role
from core import refs
from core.access import allow
from core.refs import DocumentRef
from fulfillment.queries import orders_of_usages, shipments_of
from fulfillment.release_queries import is_recallable, recalls_of
from fulfillment.services.answer_recall import MAY as ANSWER
from fulfillment.services.ask_recall import MAY as ASK
from fulfillment.services.release_part import MAY
from fulfillment.states import RecallState
from inventory.field_queries import usages
from orders.ledgers import order_numbers
from orders.queries import holds_of, progress

RELEASE = {Role.CS, Role.CS_LEAD, Role.PLANNER, Role.WAREHOUSE, Role.OPERATOR}


def shipments_panel(ref: DocumentRef, request: HttpRequest) -> str:
    may_release = allow(act=RELEASE).may_act(request.user) and progress([ref.id])[ref.id].allocated > 0
    context = {"ref": ref, "shipments": shipments_of([ref.id]).get(ref.id, []), "may_release": may_release}
    context["may_release_part"] = allow(act=set(MAY)).may_act(request.user) and _is_held_for_credit(ref.id)
    return render_to_string("admin/fulfillment/order_panel.html", context, request=request)


def _is_held_for_credit(order_id: int) -> bool:
    return any(hold.reason == "credit" for hold in holds_of([order_id]).get(order_id, ()))


def recall_panel(ref: DocumentRef, request: HttpRequest) -> str:
    """Whether somebody asked for the shipment back, and what the warehouse said."""
    recalls = recalls_of(ref.id)
    open_one = next((row for row in recalls if row.state == RecallState.ASKED), None)
    context = {
        "ref": ref,
        "recalls": recalls,
        "open": open_one,
        "may_answer": allow(act=set(ANSWER)).may_act(request.user),
        "may_ask": open_one is None and is_recallable(ref.id) and allow(act=set(ASK)).may_act(request.user),
    }
    return render_to_string("admin/fulfillment/recall_panel.html", context, request=request)


def usage_panel(ref: DocumentRef, request: HttpRequest) -> str:
    """How a usage is billed, and what it waits for: a purchase order, or somebody who mends what keeps it unbilled."""
    (usage,) = usages(ids=[ref.id], limit=1) or (None,)
    order_id = orders_of_usages([ref.id]).get(ref.id)
    order = DocumentRef("order", order_id, order_numbers([order_id])[order_id]) if order_id else None
    context = {
        "ref": ref,
        "usage": usage,
        "order": order,
        "order_url": refs.url_of(order) if order else "",
        "holds": holds_of([order_id]).get(order_id, ()) if order_id else (),
        "may_act": allow(act=RELEASE).may_act(request.user),
        "waits_for_po": usage is not None and usage.is_po_awaited and not usage.po_number,
    }
    return render_to_string("admin/fulfillment/usage_panel.html", context, request=request)
