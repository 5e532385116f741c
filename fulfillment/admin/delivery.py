"""What happened at the customer's door, typed in or photographed."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from core import clock
from core.console import ServiceAdmin, actor_of
from core.errors import DomainError, FieldError, InvalidInput
from core.quantity import BadQuantity, as_quantity
from fulfillment.delivery_queries import deliveries_of, image_of
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.services.at_the_door import Proof
from fulfillment.services.confirm_delivery import Damage, confirm_delivery
from fulfillment.services.refuse_delivery import refuse_delivery


def report(request: HttpRequest, screen: ServiceAdmin, shipment_id: int) -> HttpResponse:
    """The form, and what it says: delivered, or refused."""
    shipment = Shipment.objects.filter(pk=shipment_id).first()
    if shipment is None:
        return HttpResponseRedirect(reverse("admin:fulfillment_shipment_changelist"))
    errors: list[str] = []
    if request.method == "POST":
        errors = _reported(request, shipment)
        if not errors:
            return HttpResponseRedirect(reverse("admin:fulfillment_shipment_change", args=[shipment_id]))
    lines = ShipmentLine.objects.filter(shipment=shipment, shipped_qty__gt=0).select_related("product", "lot")
    context = {
        **screen.admin_site.each_context(request),
        "title": f"Delivery of {shipment.number}",
        "opts": screen.opts,
        "shipment": shipment,
        "errors": errors,
        "posted": request.POST,
        "when": f"{clock.now():%Y-%m-%dT%H:%M}",
        "rows": [
            (x, request.POST.get(f"damaged-{x.pk}", ""), request.POST.get(f"wrong-{x.pk}", ""))
            for x in lines.order_by("pk")
        ],
    }
    return TemplateResponse(request, "admin/fulfillment/delivery.html", context, status=422 if errors else 200)


def proof(request: HttpRequest, shipment_id: int) -> HttpResponse:
    """The picture as it was stored; back to the shipment where there is none."""
    delivery = deliveries_of([shipment_id]).get(shipment_id)
    content = image_of(delivery) if delivery else None
    if delivery is None or content is None:
        messages.warning(request, "There is no picture of this delivery.")
        return HttpResponseRedirect(reverse("admin:fulfillment_shipment_change", args=[shipment_id]))
    answer = HttpResponse(content, content_type=delivery.image_type)
    answer["Content-Disposition"] = "inline"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _reported(request: HttpRequest, shipment: Shipment) -> list[str]:
    try:
        _report(request, shipment)
    except BadQuantity as wrong:
        return [f"{wrong}."]
    except DomainError as refusal:
        return list(refusal.each_in_words)
    return []


def _report(request: HttpRequest, shipment: Shipment) -> None:
    who: dict[str, Any] = {"shipment_id": shipment.pk, "actor": actor_of(request), "now": clock.now()}
    at, told = _moment(request.POST.get("at", "")), _proof(request)
    if request.POST.get("verb") == "refuse":
        refuse_delivery(at=at, proof_of=told, **who)
        messages.success(request, f"{shipment.number} was refused; its return is on its way back.")
        return
    confirm_delivery(delivered_at=at, proof_of=told, damages=_damages(request), **who)
    messages.success(request, f"{shipment.number} is delivered.")


def _proof(request: HttpRequest) -> Proof:
    image = request.FILES.get("image")
    name, content = (image.name or "", image.read()) if isinstance(image, UploadedFile) else ("", b"")
    return Proof(request.POST.get("received_by", ""), request.POST.get("note", ""), name, content)


def _damages(request: HttpRequest) -> dict[int, Damage]:
    found = {}
    for name, value in request.POST.items():
        line = name.removeprefix("damaged-")
        if line != name and line.isdecimal() and isinstance(value, str) and value.strip():
            qty = as_quantity(value)
            if qty:
                found[int(line)] = Damage(qty, request.POST.get(f"wrong-{line}", ""))
    return found


def _moment(text: str) -> datetime:
    """Raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        words = f"{text[:30]!r} is no moment."
        raise InvalidInput([FieldError("/at", "not_a_moment", words, "Write it as 2026-12-31T14:30.")]) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
