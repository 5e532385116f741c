"""The warehouse's console: shipments to pick and ship. Each button is one service call."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.decorators import display

from accounts.states import Role
from core import clock, journal, panels, refs
from core.access import allow
from core.actors import Actor
from core.choices import counted
from core.console import LONGEST_KEY, LedgerAdmin, ReadOnlyInline, actor_of, row_id
from core.errors import DomainError, FieldError, InvalidInput
from core.explain import Explanation
from core.lists import typed
from core.quantity import BadQuantity, as_quantity, plain
from core.refs import DocumentRef
from fulfillment.admin import delivery, station
from fulfillment.delivery_queries import deliveries_of
from fulfillment.models import CarrierService, Shipment, ShipmentLine
from fulfillment.package_queries import packages_of
from fulfillment.panels import RELEASE
from fulfillment.release_queries import asked_back
from fulfillment.rules.asks import ReleaseOutcome
from fulfillment.rules.carriage import in_words
from fulfillment.rules.standing import shipment_standing
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.plan_carriage import choose_service
from fulfillment.services.record_usage import add_purchase_order, bill_usage
from fulfillment.services.release_orders import release_orders
from fulfillment.services.release_part import MAY as PART
from fulfillment.services.release_part import release_part
from fulfillment.services.take_other_lot import TakenLot, take_other_lot
from fulfillment.services.take_up_shipment import take_up_shipment
from fulfillment.states import STILL_HERE
from orders.rules.asks import Part

LOOK = {Role.CS, Role.CS_LEAD, Role.FINANCE, Role.FINANCE_APPROVER, Role.PLANNER, Role.AUDITOR, Role.OPERATOR}
SHIP = {Role.WAREHOUSE, Role.OPERATOR}


class ShipmentLineInline(ReadOnlyInline):
    model = ShipmentLine
    fields = ("product", "lot", "released", "picked", "short_reason", "shipped", "invoiced")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "lot").order_by("pk")

    @display(description="Released")
    def released(self, row: ShipmentLine) -> str:
        return plain(row.qty)

    @display(description="Picked")
    def picked(self, row: ShipmentLine) -> str:
        return "–" if row.picked_qty is None else plain(row.picked_qty)

    @display(description="Shipped")
    def shipped(self, row: ShipmentLine) -> str:
        return plain(row.shipped_qty)

    @display(description="Invoiced")
    def invoiced(self, row: ShipmentLine) -> str:
        return plain(row.invoiced_qty)


@admin.register(Shipment)
class ShipmentAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=SHIP | RELEASE)
    list_display = ("number", "order", "account", "site", "standing", "released_at", "shipped_at")
    list_filter = ("status", "site", typed("account code", "account__code"), "carrier", "released_at", "shipped_at")
    export_columns = (
        ("Shipment", "number"),
        ("Order", "order__number"),
        ("Account", "account__code"),
        ("Site", "site__code"),
        ("Status", "status"),
        ("Carrier", "carrier"),
        ("Tracking number", "tracking_number"),
        ("Released", "released_at"),
        ("Shipped", "shipped_at"),
        ("Delivered", "delivered_at"),
    )
    search_fields = ("number", "tracking_number", "order__number", "order__po_number", "account__code", "account__name")
    list_select_related = ("order", "account", "site")
    ordering = ("-pk",)
    inlines = (ShipmentLineInline,)
    fields = (
        "number", "order", "account", "site", "ship_to", "standing", "service", "why", "consignment", "carrier",
        "tracking_number", "released_at", "packed_at", "shipped_at", "delivered_at",
    )  # fmt: skip
    readonly_fields = ("standing", "why")
    change_form_template = "admin/fulfillment/shipment.html"
    change_form_outer_after_template = (
        "admin/fulfillment/shipment_after.html"  # outside of the form: panels have forms of their own
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("release/<int:order_id>/", view(self.release_view), name="fulfillment_shipment_release"),
            path(
                "release-part/<int:order_id>/", view(self.release_part_view), name="fulfillment_shipment_release_part"
            ),
            path("usage/<int:usage_id>/<slug:verb>/", view(self.usage_view), name="fulfillment_shipment_usage"),
            path("<int:shipment_id>/begin/", view(self.begin_view), name="fulfillment_shipment_begin"),
            path("<int:shipment_id>/pick/", view(self.pick_view), name="fulfillment_shipment_pick"),
            path("<int:shipment_id>/ship/", view(self.ship_view), name="fulfillment_shipment_ship"),
            path("station/", view(self.station_view), name="fulfillment_shipment_station"),
            path("<int:shipment_id>/pack/", view(self.pack_view), name="fulfillment_shipment_pack"),
            path("<int:shipment_id>/service/", view(self.service_view), name="fulfillment_shipment_service"),
            path("<int:shipment_id>/proof/", view(self.proof_view), name="fulfillment_shipment_proof"),
            path("<int:shipment_id>/paper/<slug:what>/", view(self.paper_view), name="fulfillment_shipment_paper"),
            path("<int:shipment_id>/deliver/", view(self.deliver_view), name="fulfillment_shipment_deliver"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What happened to the shipment, and what other rooms have to say of it."""
        extra, shipment_id = dict(extra_context or {}), row_id(object_id)
        if shipment_id and self.has_view_permission(request):
            ref = DocumentRef("shipment", shipment_id)
            extra |= {"timeline": journal.timeline(ref), "panels": panels.rendered(ref, request)}
            if request.method == "GET" and (asked := asked_back(shipment_id)):
                messages.warning(request, asked)
        return super().change_view(request, object_id, form_url, extra)

    def usage_view(self, request: HttpRequest, usage_id: int, verb: str) -> HttpResponse:
        """Bill a usage, or give it the purchase order that was to follow; then back to its page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request, RELEASE)
        who, now = actor_of(request), clock.now()
        try:
            if verb == "po":
                done = add_purchase_order(
                    usage_id=usage_id, po_number=request.POST.get("po_number", ""), actor=who, now=now
                )
                messages.success(request, f"{done.number} has its purchase order.")
            else:
                done = bill_usage(usage_id=usage_id, actor=who, now=now)
                for problem in done.problems:
                    messages.warning(request, problem)
                if done.order_number:
                    messages.success(request, f"{done.number} is order {done.order_number}.")
        except DomainError as refusal:
            messages.error(request, " ".join(refusal.each_in_words))
        ref = DocumentRef("field_usage", usage_id)
        return HttpResponseRedirect(refs.url_of(ref) or reverse("admin:fulfillment_shipment_changelist"))

    def release_view(self, request: HttpRequest, order_id: int) -> HttpResponse:
        """Release one order and go back to where the button was."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request, RELEASE)
        return self._released(request, lambda who, now: release_orders(order_ids=[order_id], actor=who, now=now)[0])

    def release_part_view(self, request: HttpRequest, order_id: int) -> HttpResponse:
        """Release of a held order what fits."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not allow(act=set(PART)).may_act(request.user):
            raise PermissionDenied
        return self._released(
            request,
            lambda who, now: release_part(order_id=order_id, part=_part(request.POST), actor=who, now=now),
        )

    def _released(self, request: HttpRequest, do: Callable[[Actor, datetime], ReleaseOutcome]) -> HttpResponse:
        """The verb's outcome as messages, then back to where the button was."""
        outcome: ReleaseOutcome | None = None
        try:
            outcome = do(actor_of(request), clock.now())
        except DomainError as refusal:
            messages.error(request, refusal.in_words)
        if outcome is not None:
            for refused in outcome.refused:
                messages.warning(request, f"{refused.gate}: {refused.message}")
            if outcome.is_released:
                messages.success(
                    request, f"Released {counted(len(outcome.shipment_ids), 'shipment')} to the warehouse."
                )
        back = request.POST.get("next", "")
        is_here = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(back if is_here else reverse("admin:fulfillment_shipment_changelist"))

    def begin_view(self, request: HttpRequest, shipment_id: int) -> HttpResponse:
        """A picker goes for it, or the carrier has it: whoever looks reads that it is being picked, or travels."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request, SHIP)
        who, now = actor_of(request), clock.now()
        status = "in_transit" if "in_transit" in request.POST else "picking"
        for error in self._try(take_up_shipment, shipment_id=shipment_id, status=status, actor=who, now=now):
            messages.error(request, error)
        return self._to_shipment(shipment_id)

    def pick_view(self, request: HttpRequest, shipment_id: int) -> HttpResponse:
        """Quantities found, line by line; prefilled with what was released."""
        self.require_act(request, SHIP)
        lines = ShipmentLine.objects.filter(shipment_id=shipment_id).select_related("product", "lot").order_by("pk")
        errors: list[str] = []
        rows = [(line, request.POST.get(f"qty-{line.pk}", plain(line.qty))) for line in lines]
        if other := request.POST.get("other") or _scanned(request, [line.pk for line in lines]):
            errors = self._take_other_lot(request, shipment_id, other)
            if not errors:
                return HttpResponseRedirect(request.path)
        elif request.method == "POST":
            picks, errors = _quantities(request, [line.pk for line in lines])
            reason = request.POST.get("short_reason", "")
            if not errors and not (
                errors := self._try(
                    confirm_pick,
                    shipment_id=shipment_id,
                    picks=picks,
                    short_reason=reason,
                    actor=actor_of(request),
                    now=clock.now(),
                )
            ):
                short = sum(1 for line in lines if picks[line.pk] < line.qty)
                told = f" {counted(short, 'line')} short: allocated again from elsewhere." if short else ""
                messages.success(request, f"Pick confirmed.{told}")
                return self._to_shipment(shipment_id)
        return self._page(request, "pick", shipment_id, rows=rows, errors=errors)

    def _take_other_lot(self, request: HttpRequest, shipment_id: int, line: str) -> list[str]:
        """The picker holds another lot of a line than the one released."""
        line_id = int(line) if line.isdecimal() and len(line) < LONGEST_KEY else 0
        taken: list[TakenLot] = []

        def take(**who: Any) -> None:
            typed_qty = request.POST.get(f"lot-qty-{line_id}", "").strip()
            qty = as_quantity(typed_qty) if typed_qty else None
            code = request.POST.get(f"lot-{line_id}", "")
            taken.append(take_other_lot(shipment_id=shipment_id, line_id=line_id, code=code, qty=qty, **who))

        try:
            errors = self._try(take, actor=actor_of(request), now=clock.now())
        except BadQuantity as wrong:
            return [f"{wrong}."]
        for done in taken:
            messages.success(request, f"{done.words}.")
        return errors

    def ship_view(self, request: HttpRequest, shipment_id: int) -> HttpResponse:
        self.require_act(request, SHIP)
        errors: list[str] = []
        if request.method == "POST":
            errors = self._try(
                confirm_shipment,
                shipment_id=shipment_id,
                carrier=request.POST.get("carrier", "").strip(),
                tracking_number=request.POST.get("tracking_number", "").strip(),
                actor=actor_of(request),
                now=clock.now(),
            )
            if not errors:
                messages.success(request, "Shipment confirmed. Billing invoices it now.")
                return self._to_shipment(shipment_id)
        return self._page(request, "ship", shipment_id, errors=errors)

    def deliver_view(self, request: HttpRequest, shipment_id: int) -> HttpResponse:
        self.require_act(request, SHIP | RELEASE)
        return delivery.report(request, self, shipment_id)

    def proof_view(self, request: HttpRequest, shipment_id: int) -> HttpResponse:
        self._require_view(request)
        return delivery.proof(request, shipment_id)

    def station_view(self, request: HttpRequest) -> HttpResponse:
        self.require_act(request, SHIP)
        return station.find(request, self)

    def pack_view(self, request: HttpRequest, shipment_id: int) -> HttpResponse:
        self.require_act(request, SHIP)
        return station.pack(request, self, shipment_id)

    def paper_view(self, request: HttpRequest, shipment_id: int, what: str) -> HttpResponse:
        self._require_view(request)
        return station.paper(request, shipment_id, what)

    def service_view(self, request: HttpRequest, shipment_id: int) -> HttpResponse:
        """Another carrier's service than the rules say."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request, SHIP)
        asked, reason = request.POST.get("service", ""), request.POST.get("reason", "")
        ident = int(asked) if asked.isdecimal() and len(asked) < LONGEST_KEY else 0
        who, now = actor_of(request), clock.now()
        for error in self._try(
            choose_service, shipment_id=shipment_id, service_id=ident, reason=reason, actor=who, now=now
        ):
            messages.error(request, error)
        return self._to_shipment(shipment_id)

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        extra = _carried(row, may_ship=allow(act=SHIP).may_act(request.user)) if row is not None else {}
        return super().render_change_form(request, context | extra, *args, **kwargs)

    @display(description="Status", ordering="status")
    def standing(self, row: Shipment) -> str:
        return shipment_standing(row.status, is_usage=row.usage_id is not None).words

    @display(description="why this service")
    def why(self, row: Shipment) -> str:
        """The rule that chose it, what it looked at, and why others were not taken."""
        if not row.service_why:
            return "nobody chose yet"
        return in_words(Explanation.from_json(row.service_why))

    def _try(self, verb: Any, **arguments: Any) -> list[str]:
        try:
            verb(**arguments)
        except DomainError as refusal:
            return list(refusal.each_in_words)
        return []

    def _page(self, request: HttpRequest, name: str, shipment_id: int, **extra: Any) -> HttpResponse:
        shipment = self.get_object(request, str(shipment_id))
        if shipment is None:
            return self._to_list()
        context = {
            **self.admin_site.each_context(request),
            "title": f"{'Confirm pick' if name == 'pick' else 'Confirm shipment'} · {shipment.number}",
            "opts": self.opts,
            "shipment": shipment,
            "posted": request.POST,
            **extra,
        }
        status = 422 if extra.get("errors") else 200
        return TemplateResponse(request, f"admin/fulfillment/{name}.html", context, status=status)

    def _to_list(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:fulfillment_shipment_changelist"))

    def _to_shipment(self, shipment_id: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:fulfillment_shipment_change", args=[shipment_id]))


def _carried(row: Shipment, *, may_ship: bool) -> dict[str, Any]:
    """Packages, the report from the door, and what else could carry it."""
    services = CarrierService.objects.filter(is_active=True).order_by("code")
    return {
        "may_ship": may_ship,
        "packages": packages_of([row.pk]).get(row.pk, []),
        "delivery": deliveries_of([row.pk]).get(row.pk),
        "services": services if may_ship and row.status in STILL_HERE else (),
    }


def _scanned(request: HttpRequest, line_ids: list[int]) -> str:
    """The first line beside which another lot stands: the pick is not confirmed over it."""
    return next((f"{i}" for i in line_ids if request.POST.get(f"lot-{i}", "").strip()), "")


def _quantities(request: HttpRequest, line_ids: list[int]) -> tuple[dict[int, Decimal], list[str]]:
    picks, errors = {}, []
    for line_id in line_ids:
        raw = request.POST.get(f"qty-{line_id}", "")
        try:
            picks[line_id] = as_quantity(raw)
        except BadQuantity as wrong:
            errors.append(f"{raw or 'An empty field'} is not a quantity: {wrong}.")
    return picks, errors


def _part(form: Mapping[str, str]) -> Part:
    """Lines as "1, 3", or an amount, or neither."""
    try:
        lines = frozenset(int(n) for n in form.get("lines", "").replace(",", " ").split())
        amount = Decimal(form["amount"].replace(",", "")) if form.get("amount", "").strip() else None
    except (ValueError, InvalidOperation) as error:
        words = "Lines are numbers, as 1, 3; an amount is a number."
        raise InvalidInput([FieldError("/lines", "invalid", words)]) from error
    return Part(lines or None, amount)
