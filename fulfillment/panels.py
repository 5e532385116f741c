"""What fulfillment shows on an order's page: its shipments, and the button that releases."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from core.refs import DocumentRef
from fulfillment.queries import shipments_of


def shipments_panel(ref: DocumentRef, request: HttpRequest) -> str:
    context = {"ref": ref, "shipments": shipments_of([ref.id]).get(ref.id, [])}
    return render_to_string("admin/fulfillment/order_panel.html", context, request=request)
