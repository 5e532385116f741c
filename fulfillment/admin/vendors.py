"""What is bought of vendors that send it themselves: the list, and the three things one can say of an order."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.states import Role
from core import clock
from core.access import allow
from core.console import LedgerAdmin, actor_of, row_id
from core.errors import DomainError, FieldError, InvalidInput
from core.quantity import BadQuantity, as_quantity, plain
from fulfillment.models import VendorOrder
from fulfillment.services.confirm_vendor_order import confirm_vendor_order
from fulfillment.services.ship_vendor_order import ship_vendor_order
from fulfillment.services.withdraw_vendor_order import withdraw_vendor_order
from fulfillment.vendor_panel import ACT, COST
from fulfillment.vendor_queries import Bought, bought_for

STEPS = {
    "confirm": ("The vendor's answer", "Confirm", "The vendor's answer is kept."),
    "ship": ("What the vendor sent", "It was sent", "Sent. Billing invoices it now."),
    "withdraw": ("Withdraw", "Withdraw it", "Taken back from the vendor."),
}


@admin.register(VendorOrder)
class VendorOrderAdmin(LedgerAdmin):
    access = allow(view=COST | {Role.WAREHOUSE}, act=ACT)
    list_display = (
        "number", "site", "shipment_link", "state", "asked_at", "promised_ship_date", "confirmed_ship_date",
    )  # fmt: skip
    list_display_links = None
    list_filter = ("shipment__status", "site", "asked_at", "promised_ship_date", "confirmed_ship_date")
    search_fields = ("number", "reference", "shipment__number", "shipment__order__number")
    list_select_related = ("shipment", "shipment__order", "site")
    ordering = ("-pk",)

    @admin.display(description="shipment")
    def shipment_link(self, row: VendorOrder) -> str:
        link = '<a href="{}">{} of {}</a>'
        return format_html(link, _page(row.shipment_id), row.shipment.number, row.shipment.order)

    @admin.display(description="state")
    def state(self, row: VendorOrder) -> str:
        words = {"released": "Asked", "acknowledged": "Confirmed"}
        return words.get(row.shipment.status) or row.shipment.get_status_display()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        own = path("<int:shipment_id>/<slug:step>/do", view, name="fulfillment_vendororder_do")
        return [own, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A vendor's order has its place on its shipment's page."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        shipment_id = VendorOrder.objects.filter(pk=row_id(object_id)).values_list("shipment_id", flat=True).first()
        return HttpResponseRedirect(_page(shipment_id or 0))

    def step_view(self, request: HttpRequest, shipment_id: int, step: str) -> HttpResponse:
        """A form for one step; shown again with every problem named."""
        self.require_act(request, ACT)
        bought = bought_for([shipment_id]).get(shipment_id)
        if bought is None or step not in STEPS:
            return HttpResponseRedirect(reverse("admin:fulfillment_vendororder_changelist"))
        errors: list[str] = []
        if request.method == "POST":
            errors = _tried(request, shipment_id, step, bought)
            if not errors:
                messages.success(request, f"{bought.number}: {STEPS[step][2]}")
                return HttpResponseRedirect(_page(shipment_id))
        title, button, _ = STEPS[step]
        context = {
            **self.admin_site.each_context(request),
            "title": f"{title} · {bought.number}",
            "opts": self.opts,
            "bought": bought,
            "step": step,
            "button": button,
            "shipment_id": shipment_id,
            "rows": [] if step == "withdraw" else [(x, _typed(request, x.key, _there(x))) for x in _lines(bought)],
            "posted": request.POST,
            "day": bought.promised.isoformat() if bought.promised else "",
            "errors": errors,
        }
        status = 422 if errors else 200
        return TemplateResponse(request, "admin/fulfillment/vendor_step.html", context, status=status)


def _lines(bought: Bought) -> list[Any]:
    """Those the vendor still sends something of."""
    return [x for x in bought.lines if x.confirmed_qty is None or x.confirmed_qty > 0]


def _there(line: Any) -> Decimal:
    return line.qty if line.confirmed_qty is None else line.confirmed_qty


def _typed(request: HttpRequest, key: int, usual: Decimal) -> str:
    return request.POST.get(f"qty-{key}", plain(usual))


def _tried(request: HttpRequest, shipment_id: int, step: str, bought: Bought) -> list[str]:
    """What kept the step from being done; [] when it is."""
    common: dict[str, Any] = {"shipment_id": shipment_id, "actor": actor_of(request), "now": clock.now()}
    form = request.POST
    try:
        if step == "withdraw":
            withdraw_vendor_order(
                why=form.get("why", ""), elsewhere="elsewhere" in form, vendor_agrees="vendor_agrees" in form, **common
            )
        elif step == "ship":
            ship_vendor_order(
                quantities=_quantities(request, bought), carrier=form.get("carrier", "")[:40],
                tracking_number=form.get("tracking_number", "")[:80], **common,
            )  # fmt: skip
        else:
            confirm_vendor_order(
                quantities=_quantities(request, bought), ship_date=_day(form.get("ship_date", "")),
                reference=form.get("reference", ""), **common,
            )  # fmt: skip
    except InvalidInput as wrong:
        return [f"{e.message} {e.remedy}".strip() for e in wrong.errors]
    except DomainError as refusal:
        return [f"{refusal.message} {refusal.remedy}".strip()]
    return []


def _quantities(request: HttpRequest, bought: Bought) -> dict[int, Decimal]:
    found, wrong = {}, []
    for x in _lines(bought):
        raw = _typed(request, x.key, _there(x))
        try:
            found[x.key] = as_quantity(raw)
        except BadQuantity as bad:
            wrong.append(FieldError(f"/lines/{x.key}", "bad_quantity", f"{raw or 'An empty field'}: {bad}."))
    if wrong:
        raise InvalidInput(wrong)
    return found


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw.strip())
    except ValueError as error:
        words = "The day on which it leaves the vendor is missing."
        raise InvalidInput([FieldError("/ship_date", "invalid", words, "Enter a date.")]) from error


def _page(shipment_id: int) -> str:
    return reverse("admin:fulfillment_shipment_change", args=[shipment_id])
