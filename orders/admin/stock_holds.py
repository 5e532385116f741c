"""What drafts hold for a time, and how much they may."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from accounts.states import STAFF, Role
from core import clock
from core.access import allow
from core.console import LedgerAdmin, ReferenceAdmin, row_id
from core.lists import typed
from orders.models import StockHold, StockHoldLimit


class RunningFilter(admin.SimpleListFilter):
    """Those that hold goods now unless asked otherwise."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "Holding now"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[StockHold]) -> QuerySet[StockHold]:
        return queryset if self.value() == "all" else queryset.filter(ended="", until__gt=clock.now())


@admin.register(StockHold)
class StockHoldAdmin(LedgerAdmin):
    access = allow(view=STAFF)
    list_display = ("order_link", "account", "until", "amount", "placed_by", "placed_at", "ended")
    list_display_links = None
    list_filter = (RunningFilter, typed("account code", "account__code"), "placed_at")
    list_select_related = ("order", "account")
    search_fields = ("order__number", "account__code")
    ordering = ("-pk",)

    @admin.display(description="draft", ordering="order__number")
    def order_link(self, hold: StockHold) -> str:
        return format_html('<a href="{}">{}</a>', _page(hold.order_id), hold.order.number)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A hold's place is its draft's page."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        found = StockHold.objects.filter(pk=row_id(object_id)).values_list("order_id", flat=True)
        target = next((_page(order_id) for order_id in found), reverse("admin:orders_stockhold_changelist"))
        return HttpResponseRedirect(target)


@admin.register(StockHoldLimit)
class StockHoldLimitAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act={Role.CS_LEAD, Role.PLANNER, Role.OPERATOR})
    list_display = ("whose", "cart_minutes", "quote_hours", "most_amount", "times_a_day")
    search_fields = ("account__code", "account__name")
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    ordering = ("account__code", "pk")

    @admin.display(description="customer", ordering="account__code")
    def whose(self, row: StockHoldLimit) -> str:
        return str(row.account or "Everybody else")


def _page(order_id: int) -> str:
    return reverse("admin:orders_order_change", args=[order_id])
