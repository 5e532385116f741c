"""What billing shows on an order's page: its invoices."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from billing.queries import invoices_of
from core.refs import DocumentRef


def invoices_panel(ref: DocumentRef, request: HttpRequest) -> str:
    invoices = invoices_of([ref.id]).get(ref.id, [])
    return (
        render_to_string("admin/billing/order_panel.html", {"invoices": invoices}, request=request) if invoices else ""
    )
