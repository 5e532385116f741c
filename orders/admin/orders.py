"""The order list and the order workbench. Every button is one service call."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.decorators import action

from accounts.states import STAFF, Role
from core.access import allow
from core.console import LedgerAdmin, actor_of, row_id
from core.errors import DomainError
from core.links import with_open_links
from core.lists import typed
from orders.admin import wording
from orders.admin.amending import amend_page
from orders.admin.price_page import price_page
from orders.admin.reprice import reprice
from orders.admin.verbs import VERBS
from orders.admin.workbench import workbench
from orders.models import Hold, Order
from orders.queries import progress
from orders.rules.standing import how_much, order_standing
from orders.states import OrderStatus


class HeldFilter(admin.SimpleListFilter):
    title, parameter_name = "holds", "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        reasons = ("credit", "price", "eligibility", "data", "approval", "manual")
        return [("any", "On hold"), *((r, f"{r.capitalize()} hold") for r in reasons), ("none", "Not on hold")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        wanted = self.value()
        if not wanted:
            return queryset
        holds = Hold.objects.filter(order=OuterRef("pk"), cleared_at__isnull=True)
        if wanted not in ("any", "none"):
            holds = holds.filter(reason=wanted)
        return queryset.filter(~Exists(holds) if wanted == "none" else Exists(holds))


@admin.register(Order)
class OrderAdmin(LedgerAdmin):
    access = allow(view=STAFF, act={Role.CS, Role.CS_LEAD, Role.FINANCE, Role.FINANCE_APPROVER, Role.PRICING})
    list_display = ("number", "account", "po_number", "state", "how_far", "total", "received_at")
    list_filter = ("status", HeldFilter, typed("account code", "account__code"), "channel", "currency", "received_at")
    export_columns = (
        ("Order", "number"),
        ("Account", "account__code"),
        ("Account name", "account__name"),
        ("PO number", "po_number"),
        ("Status", "status"),
        ("Channel", "channel"),
        ("Received", "received_at"),
        ("Requested", "requested_date"),
        ("Total, net", "total_amount"),
        ("Tax", "tax_amount"),
        ("Freight", "freight_amount"),
        ("Currency", "currency"),
    )
    actions_list = ("reprice",)
    search_fields = ("number", "po_number", "account__code", "account__name", "=lines__product__sku")
    search_help_text = "Order or PO number, customer, SKU"
    list_select_related = ("account",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        held = Hold.objects.filter(order=OuterRef("pk"), cleared_at__isnull=True)
        return super().get_queryset(request).annotate(is_held=Exists(held))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """How far the page's orders are, asked once for all of them."""
        changelist = super().get_changelist_instance(request)
        rows = list(changelist.result_list)
        found = progress([row.pk for row in rows])
        for row in rows:
            row.known_progress = found[row.pk]
        changelist.result_list = rows
        return changelist

    @admin.display(description="state", ordering="status")
    def state(self, row: Order) -> str:
        held = getattr(row, "is_held", False) and row.status == OrderStatus.SUBMITTED
        return wording.standing_pill(order_standing(row.status, getattr(row, "known_progress", None), is_held=held))

    @admin.display(description="progress")
    def how_far(self, row: Order) -> str:
        return how_much(getattr(row, "known_progress", None)) or "–"

    @admin.display(description="total, net", ordering="total_amount")
    def total(self, row: Order) -> str:
        """What its goods come to at the locked prices, before tax and freight; a draft has none yet."""
        return "–" if row.status == OrderStatus.DRAFT else f"{row.total_amount:,} {row.currency}"

    @action(description="Propose repricing", url_path="reprice", permissions=["act"])
    def reprice(self, request: HttpRequest) -> HttpResponse:
        return reprice(request, self)

    def get_urls(self) -> list[URLPattern]:
        act = path("<int:order_id>/do/<slug:verb>/", self.admin_site.admin_view(self.act_view), name="orders_order_do")
        change = path("<int:order_id>/amend/", self.admin_site.admin_view(self.amend_view), name="orders_order_amend")
        prices = path("<int:order_id>/price/", self.admin_site.admin_view(self.price_view), name="orders_order_price")
        return [act, change, prices, *super().get_urls()]

    def price_view(self, request: HttpRequest, order_id: int) -> HttpResponse:
        return price_page(request, order_id, self)

    def amend_view(self, request: HttpRequest, order_id: int) -> HttpResponse:
        return amend_page(request, order_id, self)

    def act_view(self, request: HttpRequest, order_id: int, verb: str) -> HttpResponse:
        """One button of the workbench."""
        if verb not in VERBS:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        self._do(request, order_id, verb)
        return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order_id]))

    def _do(self, request: HttpRequest, order_id: int, verb: str) -> None:
        try:
            messages.success(request, VERBS[verb](order_id, request.POST, actor_of(request)))
        except DomainError as refusal:
            for words in refusal.each_in_words[:10]:
                messages.error(request, words)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The workbench stands in the place of a form: state, price and quantities are never typed in."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        order = Order.objects.select_related("account", "ship_to").filter(pk=row_id(object_id)).first()
        if order is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            **workbench(order, request, may_act=self.access.may_act(request.user)),
            "title": order.number,
            "original": order,
            "opts": self.model._meta,
        }
        return with_open_links(TemplateResponse(request, "admin/orders/workbench.html", context), request)
