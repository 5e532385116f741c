"""The orders behind a KPI, with what was measured of each."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import display

from accounts.states import STAFF
from core import clock, refs
from core.access import allow
from core.console import LedgerAdmin
from core.periods import Period
from core.refs import DocumentRef
from reporting.models import OrderMeasure
from reporting.queries import orders_behind
from reporting.rules.kpis import DEFINITIONS, WINDOW


class BehindFilter(admin.SimpleListFilter):
    """The orders a KPI lost on in the dashboard's window."""

    title, parameter_name = "lost on", "behind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(d.code, d.label) for d in DEFINITIONS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OrderMeasure]) -> QuerySet[OrderMeasure]:
        if not self.value():
            return queryset
        tomorrow = clock.local_date(clock.now(), "UTC") + timedelta(days=1)
        behind = orders_behind(str(self.value()), Period(tomorrow - WINDOW, tomorrow), limit=1000)
        return queryset.filter(order_id__in=[order.order_id for order in behind])


@admin.register(OrderMeasure)
class OrderMeasureAdmin(LedgerAdmin):
    access = allow(view=STAFF)
    list_display = ["order", "channel", "received_at", "first_released_at", "short_of", "last_shipped_at", "documents"]
    list_filter = [BehindFilter, "channel", "is_rep_order", "is_damaged", "last_shipped_at"]
    search_fields = ["order_number"]
    ordering = ["-received_at", "-id"]

    @display(description="Order", ordering="order_number")
    def order(self, row: OrderMeasure) -> str:
        url = refs.url_of(DocumentRef("order", row.order_id))
        return format_html('<a href="{}">{}</a>', url, row) if url else str(row)

    @display(description="Short at first release")
    def short_of(self, row: OrderMeasure) -> str:
        return "–" if row.release_lines is None else f"{row.short_lines} of {row.release_lines} lines"

    @display(description="Shipments / invoices")
    def documents(self, row: OrderMeasure) -> str:
        return f"{len(row.shipment_ids)} / {len(row.invoice_ids)}"
