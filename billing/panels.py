"""What billing shows on an order's page: its invoices, and who gets the commission."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.states import Role
from billing.commission_queries import shares_of_orders
from billing.queries import invoices_of
from core.access import allow
from core.refs import DocumentRef


def invoices_panel(ref: DocumentRef, request: HttpRequest) -> str:
    invoices = invoices_of([ref.id]).get(ref.id, [])
    return (
        render_to_string("admin/billing/order_panel.html", {"invoices": invoices}, request=request) if invoices else ""
    )


PAID_FOR = {Role.CS_LEAD, Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR, Role.OPERATOR}


def commission_panel(ref: DocumentRef, request: HttpRequest) -> str:
    """Line by line; for those who may see commissions."""
    if not allow(view=PAID_FOR).may_view(request.user):
        return ""
    shares = shares_of_orders([ref.id])
    return (
        render_to_string("admin/billing/commission_panel.html", {"shares": shares}, request=request) if shares else ""
    )
