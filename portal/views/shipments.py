"""What the customer may see of a shipment on paper: the packing slip, and the picture of its delivery."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fulfillment.delivery_queries import deliveries_of, image_of
from fulfillment.papers.shipment import packing_slip_pdf
from fulfillment.queries import ShipmentFilter, find_shipments
from fulfillment.rules.asks import ShipmentView
from portal.access import PORTAL, PortalRequest, access


@require_safe
@access(PORTAL)
def packing_slip(request: PortalRequest, number: str) -> HttpResponse:
    """Of a shipment that has left; of a usage nothing was packed."""
    shipment = _shipment(request, number)
    if shipment.shipped_at is None or shipment.is_usage:
        raise Http404
    answer = HttpResponse(packing_slip_pdf(shipment.id), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return answer


@require_safe
@access(PORTAL)
def proof(request: PortalRequest, number: str) -> HttpResponse:
    """The photo or signature that was taken at the door; back to the orders where there is none."""
    shipment = _shipment(request, number)
    delivery = deliveries_of([shipment.id]).get(shipment.id)
    content = image_of(delivery) if delivery else None
    if delivery is None or content is None:
        messages.info(request, _("There is no picture of this delivery."))
        return redirect("portal:orders")
    answer = HttpResponse(content, content_type=delivery.image_type)
    answer["Content-Disposition"] = "inline"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _shipment(request: PortalRequest, number: str) -> ShipmentView:
    """Theirs, or it is not there."""
    found = find_shipments(ShipmentFilter(frozenset({request.buying.account.id}), number=number[:30]), limit=1)
    if not found:
        raise Http404
    return found[0]
