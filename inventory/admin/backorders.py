"""What waits for stock, by its age: who, how much, since when, and what is promised."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, Min, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.states import STAFF, Role
from core import clock, refs
from core.access import allow
from core.choices import counted
from core.console import LedgerAdmin, actor_of
from core.lists import typed
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin.stock import run_for
from inventory.models import Backorder, Promise
from inventory.models.demand import UNSHIPPED
from inventory.services.source_again import source_again

WEEK = 7
BUCKETS = {
    "week": ("Up to a week", None, WEEK),
    "two": ("One to two weeks", WEEK, 2 * WEEK),
    "four": ("Two to four weeks", 2 * WEEK, 4 * WEEK),
    "older": ("Over four weeks", 4 * WEEK, None),
}


class AgeFilter(admin.SimpleListFilter):
    title, parameter_name = "age", "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _, _) in BUCKETS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Backorder]) -> QuerySet[Backorder]:
        bucket = BUCKETS.get(self.value() or "")
        if bucket is None:
            return queryset
        _, older_than, up_to = bucket
        now = clock.now()
        if older_than is not None:
            queryset = queryset.filter(opened_at__lt=now - timedelta(days=older_than))
        return queryset if up_to is None else queryset.filter(opened_at__gte=now - timedelta(days=up_to))


class PromisedFilter(admin.SimpleListFilter):
    title, parameter_name = "promise", "promised"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("dated", "Has a date"), ("none", "No date yet")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in ("dated", "none"):
            return queryset
        return queryset.filter(promised_date__isnull=self.value() == "none")


@admin.register(Backorder)
class BackorderAdmin(LedgerAdmin):
    access = allow(view=set(STAFF), act={Role.PLANNER, Role.CS_LEAD})
    list_display = ("document", "product", "account", "waiting", "age", "requested_date", "promised")
    list_display_links = ("product",)
    list_filter = (
        AgeFilter, PromisedFilter, typed("account code", "account__code"), typed("SKU", "product__sku"), "is_blocked",
        "backorder_allowed", "requested_date",
    )  # fmt: skip
    search_fields = ("ref_number", "product__sku", "account__code", "account__name")
    search_help_text = "Document number, SKU or account"
    list_select_related = ("product", "account")
    ordering = ("-id",)
    actions = ("run_allocation", "source_again")
    export_columns = (
        ("Document", "ref_number"), ("Line", "line_no"), ("SKU", "product__sku"), ("Account", "account__code"),
        ("Account name", "account__name"), ("Ordered", "ordered_qty"), ("Backordered", "backordered_qty"),
        ("Since", "opened_at"), ("Wanted", "requested_date"), ("Promised", "promised_date"), ("Tier", "tier_rank"),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Backorder]:
        waits = Promise.objects.filter(demand_id=OuterRef("pk"), is_current=True, inbound__isnull=False)
        first = waits.values("demand_id").annotate(day=Min("delivery_date")).values("day")
        found = super().get_queryset(request).filter(UNSHIPPED, backordered_qty__gt=0)
        return found.annotate(promised_date=Subquery(first))

    @display(description="Document", ordering="ref_number")
    def document(self, row: Backorder) -> str:
        ref = DocumentRef(row.ref_kind, row.ref_id, row.ref_number)
        url = refs.url_of(ref)
        words = f"{ref} line {row.line_no}"
        return format_html('<a href="{}">{}</a>', url, words) if url else words

    @display(description="Waiting", ordering="backordered_qty")
    def waiting(self, row: Backorder) -> str:
        return f"{plain(row.backordered_qty)} of {plain(row.ordered_qty)}"

    @display(description="Age", ordering=F("opened_at").desc())
    def age(self, row: Backorder) -> str:
        days = (clock.now() - row.opened_at).days
        return "today" if days == 0 else f"{days} day{'' if days == 1 else 's'}"

    @display(description="Promised")
    def promised(self, row: Any) -> str:
        day = row.promised_date
        return "no date yet" if day is None else f"{day.day} {day:%b %Y}"

    @action(description="Run allocation for the selected products", permissions=["act"])
    def run_allocation(self, request: HttpRequest, queryset: QuerySet[Backorder]) -> None:
        run_for(request, set(queryset.values_list("product_id", flat=True)))

    @action(description="Source the selected lines again", permissions=["act"])
    def source_again(self, request: HttpRequest, queryset: QuerySet[Backorder]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        decided = source_again(demand_ids=ids, actor=actor_of(request), now=clock.now())
        messages.success(
            request, f"{decided} of {counted(len(ids), 'line')} follow a sourcing rule; allocation runs now."
        )
