"""The packing station: scan, pack, weigh, print, ship. Made for the keyboard and a scanner; every button is one service
call, and the field that is filled next has the cursor."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from core import clock
from core.console import ServiceAdmin, actor_of
from core.errors import DomainError, FieldError, InvalidInput
from core.idempotency import Claim, hash_body, run_once
from core.quantity import BadQuantity, as_quantity
from fulfillment.models import Shipment
from fulfillment.package_queries import PackageView, in_use, packable, packages_of, shipment_by_number
from fulfillment.papers.shipment import package_labels_pdf, packing_slip_pdf
from fulfillment.queries import awaiting, consignment_shipments, shipment_detail, tracking_links
from fulfillment.rules import sscc as numbers
from fulfillment.services.confirm_consignment import confirm_consignment
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.pack_shipment import open_again, open_package, put_in, seal_package, take_out
from fulfillment.services.scan_at_station import scan_at_station
from fulfillment.states import PackageKind, ShipmentStatus

WAITING = 20


def find(request: HttpRequest, screen: ServiceAdmin) -> HttpResponse:
    """Which shipment is before the packer: scan its number, a package's label or a tracking number."""
    code = request.GET.get("code", "").strip()
    if code:
        found = shipment_by_number(numbers.read(code) or code)
        if found is not None:
            return HttpResponseRedirect(reverse("admin:fulfillment_shipment_pack", args=[found]))
    rows = Shipment.objects.filter(pk__in=awaiting(ShipmentStatus.PACKED, limit=WAITING))
    context = {
        "code": code,
        "errors": [f"Nothing here has the number {code[:40]}. Scan the label or the pick slip again."] if code else [],
        "waiting": rows.select_related("order", "account", "site").order_by("pk"),
    }
    return _page(request, screen, "Packing station", "admin/fulfillment/station.html", context)


def pack(request: HttpRequest, screen: ServiceAdmin, shipment_id: int) -> HttpResponse:
    """The packing of one shipment."""
    errors: list[str] = []
    chosen = request.GET.get("package", "")
    if request.method == "POST":
        chosen = request.POST.get("package", "")
        errors, chosen = _try(lambda: _act(request, shipment_id, chosen), chosen)
        if not errors:
            address = reverse("admin:fulfillment_shipment_pack", args=[shipment_id])
            return HttpResponseRedirect(f"{address}?{urlencode({'package': chosen})}" if chosen else address)
    shipment = shipment_detail(shipment_id)
    if shipment is None:
        return HttpResponseRedirect(reverse("admin:fulfillment_shipment_station"))
    packages = packages_of([shipment_id]).get(shipment_id, [])
    lines = packable(shipment_id)
    context = {
        "shipment": shipment,
        "errors": errors,
        "posted": request.POST if errors else {},
        "packages": [(n, p, {x.line_id: x for x in lines}) for n, p in enumerate(packages, 1)],
        "chosen": _chosen(packages, chosen),
        "used": len(in_use(packages)),
        "pallets": [p for p in packages if p.is_pallet],
        "lines": lines,
        "names": {x.line_id: x.name for x in lines},
        "left": sum((x.left for x in lines), Decimal(0)),
        "is_here": shipment.status == ShipmentStatus.PACKED,
        "is_ready": bool(packages)
        and not any(x.left for x in lines)
        and all(p.is_sealed or not p.lines for p in packages),
        "together": [s for s in consignment_shipments(shipment.consignment) if s.id != shipment_id],
        "tracking_url": tracking_links([shipment]).get(shipment_id, ""),
        "key": f"{clock.now():%Y%m%d%H%M%S%f}",
    }
    return _page(request, screen, f"Pack {shipment.number}", "admin/fulfillment/pack.html", context)


def paper(request: HttpRequest, shipment_id: int, what: str) -> HttpResponse:
    """The packing slip, or the labels of all packages or of one."""
    try:
        if what == "slip":
            content = packing_slip_pdf(shipment_id)
        else:
            content = package_labels_pdf(shipment_id, only=request.GET.get("package", ""))
    except DomainError as refusal:
        messages.error(request, refusal.in_words)
        return HttpResponseRedirect(reverse("admin:fulfillment_shipment_pack", args=[shipment_id]))
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{what}-{shipment_id}.pdf"'
    return answer


def _act(request: HttpRequest, shipment_id: int, sscc: str) -> str:
    """One button; the SSCC of the package that is open after it."""
    form = request.POST
    who: dict[str, Any] = {"actor": actor_of(request), "now": clock.now()}
    verb = form.get("verb", "scan")
    if verb == "scan":
        code, times = form.get("code", ""), form.get("times", "") or "1"
        asked = {"shipment": shipment_id, "code": code, "times": times, "sscc": sscc}
        claim = Claim("console.scan", f"user:{request.user.pk}", form.get("key", ""), hash_body(asked))
        beep = run_once(
            claim, scan_at_station, shipment_id=shipment_id, code=code, sscc=sscc,
            times=as_quantity(times), **who,
        ).result  # fmt: skip
        messages.success(request, beep.words)
        return str(beep.sscc)
    if verb in ("carton", "pallet"):
        return open_package(shipment_id=shipment_id, kind=PackageKind(verb), **who)
    if verb == "rest":
        if not sscc:
            sscc = open_package(shipment_id=shipment_id, kind=PackageKind.CARTON, **who)
        put_in(sscc=sscc, quantities={x.line_id: x.left for x in packable(shipment_id) if x.left}, **who)
    elif verb == "line":
        line, qty = form.get("line", ""), form.get("qty", "")
        put_in(sscc=sscc, quantities={int(line) if line.isdecimal() else 0: as_quantity(qty)}, **who)
    elif verb == "take":
        line = form.get("line", "")
        take_out(sscc=sscc, shipment_line_id=int(line) if line.isdecimal() else 0, **who)
    elif verb == "open":
        open_again(sscc=sscc, **who)
    elif verb == "seal":
        _seal(form, sscc, who)
        return ""
    elif verb == "ship-all":
        sent = _ship_all(form, shipment_id, who)
        messages.success(request, f"{', '.join(sent)} are on their way. Billing invoices them now.")
    elif verb == "ship":
        tracking, carrier = form.get("tracking_number", "").strip(), form.get("carrier", "").strip()
        number = confirm_shipment(shipment_id=shipment_id, carrier=carrier, tracking_number=tracking, **who)
        messages.success(request, f"{number} is on its way. Billing invoices it now.")
    return sscc


def _ship_all(form: Any, shipment_id: int, who: dict[str, Any]) -> list[str]:
    """The whole consignment the shipment stands in; the numbers of what left."""
    shipment = shipment_detail(shipment_id)
    return confirm_consignment(
        number=shipment.consignment if shipment else "", carrier=form.get("carrier", "").strip(),
        tracking_number=form.get("tracking_number", "").strip(), **who,
    )  # fmt: skip


def _seal(form: Any, sscc: str, who: dict[str, Any]) -> None:
    sides = [as_quantity(form[name]) if form.get(name, "").strip() else None for name in ("length", "width", "height")]
    weight = form.get("weight_kg", "").strip()
    if not weight:
        words = "A package is weighed before it is sealed."
        raise InvalidInput([FieldError("/weight_kg", "required", words, "Give its weight in kilograms.")])
    pallet = form.get("pallet", "").strip()
    seal_package(
        sscc=sscc, weight_kg=as_quantity(weight), sides_cm=(sides[0], sides[1], sides[2]),
        pallet=numbers.read(pallet) or pallet, **who,
    )  # fmt: skip


def _try(act: Callable[[], str], chosen: str) -> tuple[list[str], str]:
    try:
        return [], act()
    except BadQuantity as wrong:
        return [f"{wrong}."], chosen
    except DomainError as refusal:
        return list(refusal.each_in_words), chosen


def _chosen(packages: list[PackageView], sscc: str) -> PackageView | None:
    """The package that is open before the packer: the one asked for, else the last that is not sealed."""
    named = next((p for p in packages if p.sscc == sscc), None)
    return named or next((p for p in reversed(packages) if not p.is_sealed), None)


def _page(
    request: HttpRequest, screen: ServiceAdmin, title: str, template: str, context: dict[str, Any]
) -> HttpResponse:
    shown = {**screen.admin_site.each_context(request), "title": title, "opts": screen.opts, **context}
    return TemplateResponse(
        request, template, shown, status=422 if context["errors"] and request.method == "POST" else 200
    )
