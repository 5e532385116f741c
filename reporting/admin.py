"""The orders behind a KPI, with what was measured of each."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.states import STAFF, Role
from core import clock, refs
from core.access import allow
from core.choices import words
from core.console import LedgerAdmin
from core.periods import Period
from core.refs import DocumentRef
from reporting.behind_queries import BEHIND, orders_behind
from reporting.kpi_queries import trends
from reporting.models import KpiDay, OrderMeasure
from reporting.rules.kpis import ALL, WINDOWS, window
from reporting.service_terms import Served, by_contract
from reporting.services.build_kpis import build_recent_kpis

BUILDERS = {Role.OPERATOR, Role.FINANCE, Role.FINANCE_APPROVER, Role.PLANNER, Role.CS_LEAD}
LABELS = {d.code: d.label for d in ALL}
SLOWEST_FIRST = {"cycle_time_median", "cycle_time_p90", "cycle_time_net_median"}


class BehindFilter(admin.SimpleListFilter):
    """The orders a KPI lost on in the window the address names (of the cycle time: the slowest)."""

    title, parameter_name = "lost on", "behind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(d.code, d.label) for d in ALL if d.code in BEHIND]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OrderMeasure]) -> QuerySet[OrderMeasure]:
        if not self.value():
            return queryset
        tomorrow = clock.local_date(clock.now(), "UTC") + timedelta(days=1)
        period = Period(tomorrow - window(request.GET.get("days")), tomorrow)
        behind = orders_behind(str(self.value()), period, limit=1000)
        return queryset.filter(order_id__in=[order.order_id for order in behind])


class WindowFilter(admin.SimpleListFilter):
    """How far back a KPI's orders are looked for; without a KPI, the orders received since."""

    title, parameter_name = "days back", "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(days), f"{days} days") for days in WINDOWS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OrderMeasure]) -> QuerySet[OrderMeasure]:
        if not self.value() or request.GET.get("behind"):
            return queryset
        return queryset.filter(received_at__gte=clock.now() - window(self.value()))


@admin.register(OrderMeasure)
class OrderMeasureAdmin(LedgerAdmin):
    access = allow(view=STAFF)
    list_display_links = ["channel"]  # the first column links to the order
    list_display = ["order", "channel", "received_at", "last_shipped_at", "took", "short_of", "documents"]
    list_filter = [
        BehindFilter,
        WindowFilter,
        "channel",
        "is_rep_order",
        "is_damaged",
        "received_at",
        "last_shipped_at",
    ]
    search_fields = ["^order_number"]
    search_help_text = "Order number, from its beginning"
    ordering = ["-id"]

    def get_ordering(self, request: HttpRequest) -> Any:
        """Behind a cycle time the slowest come first; the filter leaves at most a thousand."""
        if request.GET.get("behind") in SLOWEST_FIRST:
            return [(F("last_shipped_at") - F("received_at")).desc(nulls_last=True)]
        return super().get_ordering(request)

    @display(description="Order", ordering="order_number")
    def order(self, row: OrderMeasure) -> str:
        url = refs.url_of(DocumentRef("order", row.order_id))
        return format_html('<a href="{}">{}</a>', url, row) if url else str(row)

    @display(description="Took")
    def took(self, row: OrderMeasure) -> str:
        """From receipt to the last shipment, holds included."""
        if row.last_shipped_at is None:
            return "–"
        return f"{(row.last_shipped_at - row.received_at).total_seconds() / 3600:,.1f} h"

    @display(description="Short at first release")
    def short_of(self, row: OrderMeasure) -> str:
        return "–" if row.release_lines is None else f"{row.short_lines} of {row.release_lines} lines"

    @display(description="Shipments / invoices")
    def documents(self, row: OrderMeasure) -> str:
        return f"{len(row.shipment_ids)} / {len(row.invoice_ids)}"


@admin.register(KpiDay)
class KpiDayAdmin(LedgerAdmin):
    """The KPIs' raw material day by day, week by week, and the button that builds it now."""

    access = allow(view=STAFF, act=BUILDERS)
    list_display = ("day", "kpi", "numerator", "denominator", "counted")
    list_filter = ("code", "day")
    search_fields = ("code",)
    ordering = ("-day", "code")
    export_columns = (
        ("Day", "day"), ("KPI", "code"), ("Numerator", "numerator"), ("Denominator", "denominator"), ("Counted", "counted"),
    )  # fmt: skip

    @display(description="KPI")
    def kpi(self, row: KpiDay) -> str:
        """What it is called on the dashboard; money is kept by currency."""
        code, _, currency = row.code.partition(" ")
        label = LABELS.get(code) or words(code)
        return f"{label}, {currency}" if currency else label

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("trends/", view(self.trends_view), name="reporting_kpiday_trends"),
            path("service/", view(self.service_view), name="reporting_kpiday_service"),
            path("build/", view(self.build_view), name="reporting_kpiday_build"),
        ]
        return own + super().get_urls()

    def trends_view(self, request: HttpRequest) -> HttpResponse:
        """Twelve weeks of every KPI that days add up to, each leading to its orders."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        weeks, found = trends(until=clock.local_date(clock.now(), "UTC") + timedelta(days=1))
        context = {
            **self.admin_site.each_context(request),
            "title": "KPIs by week",
            "opts": self.opts,
            "weeks": weeks,
            "trends": found,
            "behind": BEHIND,
            "may_build": self.access.may_act(request.user),
        }
        return TemplateResponse(request, "admin/reporting/trends.html", context)

    def service_view(self, request: HttpRequest) -> HttpResponse:
        """What contracts promise of service, and what was kept of it: by customer and version."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        tomorrow = clock.local_date(clock.now(), "UTC") + timedelta(days=1)
        span = window(request.GET.get("days"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Service against contracts",
            "opts": self.opts,
            "rows": [_served(name, x, span.days) for name, x in by_contract(Period(tomorrow - span, tomorrow))],
            "window_days": span.days,
            "windows": [(n, n == span.days) for n in WINDOWS],
        }
        return TemplateResponse(request, "admin/reporting/service.html", context)

    def build_view(self, request: HttpRequest) -> HttpResponse:
        """Build the last 35 days now; older ones are built at night."""
        self.require_act(request)
        if request.method == "POST":
            rows = build_recent_kpis(now=clock.now())
            messages.success(request, f"The last 35 days are built: {rows} figures.")
        return HttpResponseRedirect(reverse("admin:reporting_kpiday_trends"))


def _served(name: str, x: Served, days: int) -> dict[str, Any]:
    orders = f"?behind=on_time&days={days}&account_id={x.terms.account_id}"
    return {
        "name": name,
        "served": x,
        "contract_url": reverse("admin:pricing_contract_change", args=[x.terms.contract_id]),
        "orders_url": reverse("admin:reporting_ordermeasure_changelist") + orders if x.late_lines else "",
    }
