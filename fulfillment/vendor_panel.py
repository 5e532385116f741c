"""A vendor's order on its shipment's page: what is bought of whom, and what may be said of it now."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.states import Role
from core.access import allow
from core.refs import DocumentRef
from fulfillment.services.find_vendor_order import MAY
from fulfillment.vendor_queries import bought_for

ACT = set(MAY) - {Role.SERVICE}
# Who may read what we pay a vendor, and what that leaves us.
COST = {
    Role.CS_LEAD, Role.PLANNER, Role.OPERATOR, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR,
}  # fmt: skip


def vendor_panel(ref: DocumentRef, request: HttpRequest) -> str:
    bought = bought_for([ref.id]).get(ref.id)
    context = {
        "ref": ref,
        "bought": bought,
        "sees_cost": allow(view=COST).may_view(request.user),
        "may_act": bought is not None and bought.is_open and allow(act=ACT).may_act(request.user),
    }
    return render_to_string("admin/fulfillment/vendor_panel.html", context, request=request)
