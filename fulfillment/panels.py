"""What fulfillment shows on an order's page: its shipments, and the button that releases."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.states import Role
from core.access import allow
from core.refs import DocumentRef
from fulfillment.queries import shipments_of
from fulfillment.services.release_part import MAY
from orders.queries import holds_of, progress

RELEASE = {Role.CS, Role.CS_LEAD, Role.PLANNER, Role.WAREHOUSE, Role.OPERATOR}


def shipments_panel(ref: DocumentRef, request: HttpRequest) -> str:
    may_release = allow(act=RELEASE).may_act(request.user) and progress([ref.id])[ref.id].allocated > 0
    context = {"ref": ref, "shipments": shipments_of([ref.id]).get(ref.id, []), "may_release": may_release}
    context["may_release_part"] = allow(act=set(MAY)).may_act(request.user) and _is_held_for_credit(ref.id)
    return render_to_string("admin/fulfillment/order_panel.html", context, request=request)


def _is_held_for_credit(order_id: int) -> bool:
    return any(hold.reason == "credit" for hold in holds_of([order_id]).get(order_id, ()))
