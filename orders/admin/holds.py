"""Open holds across orders: finance's and pricing's daily list. A hold is cleared on its order's page."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.states import STAFF, Role
from core import clock
from core.access import allow
from core.choices import counted
from core.console import LedgerAdmin, actor_of, row_id
from core.errors import DomainError
from core.lists import typed
from orders.admin import desk
from orders.credit_desk import MOST, bars, cash_effect, held_orders
from orders.models import Hold
from orders.services.reevaluate_credit_holds import reevaluate_all

FINANCE = {Role.FINANCE, Role.FINANCE_APPROVER}
DESK = allow(view={Role.CS, Role.CS_LEAD, Role.AUDITOR, Role.OPERATOR} | FINANCE)


class OpenFilter(admin.SimpleListFilter):
    """Open holds unless asked otherwise."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("cleared", "Cleared"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "Open"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hold]) -> QuerySet[Hold]:
        if self.value() == "all":
            return queryset
        return queryset.filter(cleared_at__isnull=self.value() != "cleared")


@admin.register(Hold)
class HoldAdmin(LedgerAdmin):
    access = allow(view=STAFF)
    list_display = ("order_link", "account", "reason", "message", "amount", "placed_at", "placed_by")
    list_display_links = None
    list_filter = (
        OpenFilter,
        "reason",
        typed("account code", "order__account__code"),
        "rule",
        "is_forced",
        "placed_at",
    )
    search_fields = ("order__number", "order__po_number", "order__account__code", "order__account__name")
    list_select_related = ("order", "order__account")
    ordering = ("placed_at",)

    @admin.display(description="order", ordering="order__number")
    def order_link(self, hold: Hold) -> str:
        return format_html('<a href="{}">{}</a>', _page(hold.order_id), hold.order.number)

    @admin.display(description="account", ordering="order__account__code")
    def account(self, hold: Hold) -> str:
        return str(hold.order.account)

    @admin.display(description="why")
    def message(self, hold: Hold) -> str:
        return str(hold.explanation.get("outcome", ""))[:160]

    @admin.display(description="order value", ordering="order__total_amount")
    def amount(self, hold: Hold) -> str:
        return f"{hold.order.total_amount:,} {hold.order.currency}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("credit-desk/", view(self.desk_view), name="orders_hold_credit_desk"),
            path("credit-desk/<int:hold_id>/<slug:verb>/", view(self.do_view), name="orders_hold_credit_desk_do"),
        ]
        return own + super().get_urls()

    def do_view(self, request: HttpRequest, hold_id: int, verb: str) -> HttpResponse:
        """One button beside a held order; the service asks for authority and for a second person."""
        if verb not in desk.VERBS:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request, FINANCE)
        try:
            messages.success(request, desk.do(verb, hold_id, request.POST, actor_of(request)))
        except DomainError as refusal:
            for words in refusal.each_in_words:
                messages.error(request, words)
        return HttpResponseRedirect(reverse("admin:orders_hold_credit_desk"))

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """Finance's desk: held orders with why then and now, and the cash that releasing would bring, by week. A POST
        looks at all of them again."""
        if not DESK.may_view(request.user):
            raise PermissionDenied
        now = clock.now()
        if request.method == "POST":
            self.require_act(request, FINANCE)
            outcomes = reevaluate_all(actor=actor_of(request), now=now).values()
            gone, left = (sum(len(getattr(o, name)) for o in outcomes) for name in ("cleared", "still_held"))
            messages.success(request, f"Credit looked again: {counted(gone, 'order')} let go, {left} still held.")
            return HttpResponseRedirect(reverse("admin:orders_hold_credit_desk"))
        cash = [(currency, bars(weeks), weeks) for currency, weeks in cash_effect(today=clock.company_day(now)).items()]
        context = {
            **self.admin_site.each_context(request),
            "title": "Credit desk",
            "held": held_orders(now=now),
            "cash": cash,
            "may_act": allow(act=FINANCE).may_act(request.user),
            "most": MOST,
        }
        return TemplateResponse(request, "admin/orders/credit_desk.html", context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A hold's place is its order's page."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        found = Hold.objects.filter(pk=row_id(object_id)).values_list("order_id", flat=True)
        target = next((_page(order_id) for order_id in found), reverse("admin:orders_hold_changelist"))
        return HttpResponseRedirect(target)


def _page(order_id: int) -> str:
    return reverse("admin:orders_order_change", args=[order_id])
