"""Demand, what holds stock for it and why, and the allocation runs. To look at; the verbs are elsewhere."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from accounts.rules.asks import NO_TIER_RANK
from accounts.states import STAFF, Role
from catalog.queries import product_snapshots
from core import refs
from core.access import allow
from core.choices import counted
from core.console import LedgerAdmin, ReadOnlyInline, row_id
from core.lists import typed
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin.boards import shortage_page
from inventory.admin.reallocation import reallocation_page
from inventory.admin.scenarios import comparison_csv
from inventory.admin.stock import run_for
from inventory.admin.workbench import workbench_page
from inventory.models import AllocationChange, AllocationRun, Claim, Demand
from inventory.models.demand import UNSHIPPED
from inventory.queries import promises, reasons, site_snapshots
from inventory.rules.asks import PromiseSlice
from inventory.sourcing_queries import why_these_sites

PRODUCTS_NAMED = SHARDS_NAMED = 20  # of a run, on its page
CAUSES = {"schedule ": "schedule", "what-if ": "tried in the workbench, then applied"}  # {how a key begins: in words}
BUCKETS = ("backordered", "reserved", "allocated", "released", "picked", "shipped", "cancelled")


class ProgressFilter(admin.SimpleListFilter):
    title, parameter_name = "progress", "progress"
    lookups_by_name = {
        "short": ("Backordered", {"backordered_qty__gt": 0}),
        "reserved": ("Reserved", {"reserved_qty__gt": 0}),
        "allocated": ("Allocated", {"allocated_qty__gt": 0}),
        "warehouse": ("In the warehouse", {"released_qty__gt": 0}),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in self.lookups_by_name.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Demand]) -> QuerySet[Demand]:
        found = self.lookups_by_name.get(self.value() or "")
        return queryset.filter(UNSHIPPED, **found[1]) if found else queryset  # which has an index


@admin.register(Demand)
class DemandAdmin(LedgerAdmin):
    access = allow(view=set(STAFF), act={Role.PLANNER, Role.CS_LEAD})
    list_display = ("document", "product", "account", "quantities", "requested_date", "tier", "is_blocked")
    list_display_links = ("product",)
    list_filter = (ProgressFilter, "is_blocked", "account__tier", "site", "requested_date")
    search_fields = ("ref_number", "product__sku", "account__code", "account__name")
    search_help_text = "Document number, SKU or account"
    list_select_related = ("product", "account", "site")
    ordering = ("-id",)
    actions = ("run_allocation",)
    actions_list = ("shortages",)
    actions_detail = ("move_stock",)
    fieldsets = (
        (None, {"fields": ("document", "product", "account", "site", "requested_date", "opened_at")}),
        ("Quantities", {"fields": ("quantities", "holding")}),
        ("Promise", {"fields": ("promised",)}),
        ("Why this quantity", {"fields": ("why",)}),
        ("Why this site", {"fields": ("why_here",)}),
        (
            "Ranked by",
            {"fields": ("priority", "tier", "sla_penalty", "is_contract", "margin_band", "is_blocked")},
        ),
    )

    @display(description="Document", ordering="ref_number")
    def document(self, row: Demand) -> str:
        ref = DocumentRef(row.ref_kind, row.ref_id, row.ref_number)
        url = refs.url_of(ref)
        words = f"{ref} line {row.line_no}"
        return format_html('<a href="{}">{}</a>', url, words) if url else words

    @admin.display(description="Tier's rank", ordering="tier_rank")
    def tier(self, row: Demand) -> int | str:
        return "–" if row.tier_rank == NO_TIER_RANK else row.tier_rank

    @display(description="Quantities", ordering="backordered_qty")
    def quantities(self, row: Demand) -> str:
        parts = [(plain(getattr(row, f"{name}_qty")), name) for name in BUCKETS if getattr(row, f"{name}_qty")]
        return f"{plain(row.ordered_qty)}: " + ", ".join(f"{qty} {name}" for qty, name in parts)

    @display(description="Held by")
    def holding(self, row: Demand) -> SafeString:
        held = row.claims.select_related("balance__site", "balance__lot").order_by("id")
        return _lines((f"{c.get_kind_display()}", _claim_words(c)) for c in held)

    @display(description="Dates")
    def promised(self, row: Demand) -> SafeString:
        sites = site_snapshots()
        return _lines((plain(s.qty), _promise_words(s, sites)) for s in promises([row.pk])[row.pk])

    @display(description="Decision")
    def why(self, row: Demand) -> SafeString:
        return SafeString(escape(reasons([row.pk]).get(row.pk, "Nothing was decided yet.")))

    @display(description="Sourcing")
    def why_here(self, row: Demand) -> str:
        return why_these_sites([row.pk]).get(row.pk, "No sourcing rule decides: by the sites' rank.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reallocation_view)
        return [path("<int:demand_id>/reallocate/", view, name="inventory_demand_reallocate"), *super().get_urls()]

    def reallocation_view(self, request: HttpRequest, demand_id: int) -> HttpResponse:
        self.require_act(request, {Role.PLANNER})
        demand = Demand.objects.select_related("product").filter(pk=demand_id).first()
        if demand is None:
            raise Http404
        return reallocation_page(request, self, demand)

    def has_reallocate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return allow(act={Role.PLANNER}).may_act(request.user)

    @action(description="Move stock…", url_path="move-stock", permissions=["reallocate"])
    def move_stock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:inventory_demand_reallocate", args=[row_id(object_id)]))

    @action(description="Shortages", url_path="shortages", permissions=["view"])
    def shortages(self, request: HttpRequest) -> HttpResponse:
        return shortage_page(request, self)

    @action(description="Run allocation for the selected products", permissions=["act"])
    def run_allocation(self, request: HttpRequest, queryset: QuerySet[Demand]) -> None:
        run_for(request, set(queryset.values_list("product_id", flat=True)))


@admin.register(Claim)
class ClaimAdmin(LedgerAdmin):
    access = allow(view=set(STAFF))
    list_display = ("demand", "balance", "kind", "state", "quantity", "expires_at", "ended")
    list_filter = ("state", "kind", "ended", "balance__site")
    search_fields = ("demand__ref_number", "balance__product__sku")
    list_select_related = ("demand", "balance__product", "balance__site")
    ordering = ("-id",)

    @display(description="Quantity", ordering="qty")
    def quantity(self, row: Claim) -> str:
        return plain(row.qty)


class FinishedFilter(admin.SimpleListFilter):
    title, parameter_name = "progress", "progress"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("finished", "Finished"), ("under-way", "Under way"), ("changed", "Changed something")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AllocationRun]) -> QuerySet[AllocationRun]:
        if self.value() == "changed":
            return queryset.filter(Exists(AllocationChange.objects.filter(run=OuterRef("pk"))))
        if self.value() not in ("finished", "under-way"):
            return queryset
        return queryset.filter(finished_at__isnull=self.value() == "under-way")


class AllocationChangeInline(ReadOnlyInline):
    model = AllocationChange
    fields = readonly_fields = ("demand", "firm", "days", "margin_effect")
    verbose_name_plural = "what it changed"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("demand")

    @display(description="Firm quantity")
    def firm(self, row: AllocationChange) -> str:
        return f"{plain(row.before_qty)} → {plain(row.after_qty)}"

    @display(description="Last promised day")
    def days(self, row: AllocationChange) -> str:
        return " → ".join(f"{day.day} {day:%b %Y}" if day else "no date" for day in (row.was_date, row.now_date))


@admin.register(AllocationRun)
class AllocationRunAdmin(LedgerAdmin):
    access = allow(view=set(STAFF), act={Role.PLANNER})
    list_display = ("number", "cause", "started_at", "progress", "demands", "allocated", "still_short")
    list_filter = (FinishedFilter, typed("trigger", "trigger_key"), "started_at", "finished_at")
    search_fields = ("trigger_key",)
    search_help_text = "What started it"
    ordering = ("-id",)
    export_columns = (
        ("Run", "pk"), ("Trigger", "trigger_key"), ("Started", "started_at"), ("Finished", "finished_at"),
        ("Part of", "parent_id"), ("Open demands", "result__demands"), ("Allocated", "result__allocated"),
        ("Still short", "result__still_short"),
    )  # fmt: skip
    inlines = (AllocationChangeInline,)
    actions_list = ("open_workbench",)
    fields = readonly_fields = (
        "number", "cause", "whole", "started_at", "finished_at", "progress", "parts", "changed", "products", "demands",
        "allocated", "still_short", "failed_wins", "by_parts",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[AllocationRun]:
        done = (
            AllocationRun.objects.filter(parent=OuterRef("pk"), finished_at__isnull=False).order_by().values("parent")
        )
        return super().get_queryset(request).annotate(done=Subquery(done.annotate(n=Count("pk")).values("n")))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.workbench_view)
        table = self.admin_site.admin_view(self.comparison_view)
        return [
            path("what-if/", view, name="inventory_allocationrun_what_if"),
            path("what-if.csv", table, name="inventory_allocationrun_comparison"),
            *super().get_urls(),
        ]

    def comparison_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return comparison_csv(request)

    def workbench_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return workbench_page(request, self)

    @action(description="What-if", url_path="workbench", permissions=["view"])
    def open_workbench(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:inventory_allocationrun_what_if"))

    @display(description="Progress")
    def progress(self, row: Any) -> str:
        if shards := row.scope.get("shards"):
            return f"{row.done or 0} of {shards} shards"
        return "finished" if row.finished_at else "under way"

    @display(description="Shards that changed something")
    def parts(self, row: AllocationRun) -> str:
        """What a run over everything changed is on the pages of its shards: the largest first."""
        if not row.scope.get("shards"):
            return "–"
        changed = AllocationChange.objects.filter(run__parent=row).order_by().values("run")
        counts = list(changed.annotate(n=Count("pk")).order_by("-n", "run").values_list("run", "n")[: SHARDS_NAMED + 1])
        pairs = (
            (reverse("admin:inventory_allocationrun_change", args=[pk]), pk, counted(n, "line"))
            for pk, n in counts[:SHARDS_NAMED]
        )
        named = format_html_join(", ", '<a href="{}">run {}</a> ({})', pairs)
        return format_html("{} and more", named) if len(counts) > SHARDS_NAMED else named or "none"

    @display(description="Gained, lost, moved")
    def changed(self, row: AllocationRun) -> str:
        """Lines and quantities; of a run over everything, those of all its shards. Moved: another last promised day."""
        rows = AllocationChange.objects.filter(Q(run=row) | Q(run__parent=row)).annotate(
            delta=F("after_qty") - F("before_qty")
        )
        up, down = Q(delta__gt=0), Q(delta__lt=0)
        day_moved = Q(was_date__isnull=False) & (Q(now_date__isnull=True) | ~Q(now_date=F("was_date")))
        n = rows.aggregate(
            up=Count("pk", filter=up), gained=Sum("delta", filter=up), down=Count("pk", filter=down),
            lost=Sum("delta", filter=down), moved=Count("pk", filter=day_moved),
        )  # fmt: skip
        told = [f"{counted(n['up'], 'line')} gained {plain(n['gained'])}"] if n["up"] else []
        told += [f"{counted(n['down'], 'line')} lost {plain(-n['lost'])}"] if n["down"] else []
        told += [f"{counted(n['moved'], 'promise')} moved"] if n["moved"] else []
        return ", ".join(told) or "nothing"

    @display(description="Wins that failed")
    def failed_wins(self, row: AllocationRun) -> str:
        """Demands that had to be served in full on their day, and are not; each one's page says why."""
        return str(row.result.get("failed_wins", 0))

    @display(description="Orders judged by their parts")
    def by_parts(self, row: AllocationRun) -> str:
        """Orders that ship whole, or a least percent, of which the run looked at some lines without the others."""
        count = row.result.get("by_parts", 0)
        return f"{count}: what hangs together is more than four shards" if count else "none"

    @display(description="Run", ordering="id")
    def number(self, row: AllocationRun) -> str:
        return str(row)

    @display(description="Started by", ordering="trigger_key")
    def cause(self, row: AllocationRun) -> str:
        """A job and a whole run by their pages, the schedule by its name (when is beside it); anything else as it called
        itself."""
        job = row.trigger_key.removeprefix("job:")
        if row.trigger_key.startswith("job:") and job.isdecimal():
            return format_html('<a href="{}">job {}</a>', reverse("admin:core_job_change", args=[job]), job)
        if row.parent_id is not None:
            whole = reverse("admin:inventory_allocationrun_change", args=[row.parent_id])
            shard = row.trigger_key.rpartition(" ")[2]
            return format_html('<a href="{}">run {}</a>, shard {}', whole, row.parent_id, shard)
        return next((words for start, words in CAUSES.items() if row.trigger_key.startswith(start)), row.trigger_key)

    @display(description="Part of")
    def whole(self, row: AllocationRun) -> str:
        if row.parent_id is None:
            return "–"
        url = reverse("admin:inventory_allocationrun_change", args=[row.parent_id])
        return format_html('<a href="{}">run {}</a>', url, row.parent_id)

    @display(description="Products")
    def products(self, row: AllocationRun) -> str:
        ids = list(row.result.get("product_ids", ()))
        found = product_snapshots(ids[:PRODUCTS_NAMED])
        pairs = ((refs.url_of(DocumentRef("product", i)), p.sku) for i, p in found.items())
        named = format_html_join(", ", '<a href="{}">{}</a>', pairs)
        rest = len(ids) - len(found)
        return format_html("{} and {} more", named, rest) if rest > 0 else named or "none with anything to deal"

    @display(description="Open demands")
    def demands(self, row: AllocationRun) -> str:
        return str(row.result.get("demands", "unfinished"))

    @display(description="Allocated")
    def allocated(self, row: AllocationRun) -> str:
        return _figure(row.result.get("allocated"))

    @display(description="Still short")
    def still_short(self, row: AllocationRun) -> str:
        return _figure(row.result.get("still_short"))


def _figure(stored: Any) -> str:
    return "–" if stored in (None, "") else plain(Decimal(str(stored)))


def _lines(pairs: Any) -> SafeString:
    return format_html_join("", "<div><strong>{}</strong> {}</div>", pairs) or SafeString("Nothing.")


def _claim_words(claim: Claim) -> str:
    lot = f", lot {claim.balance.lot}" if claim.balance.lot else ""
    until = f", until {claim.expires_at:%d %b %Y %H:%M} UTC" if claim.expires_at and not claim.ended else ""
    ended = f", {claim.get_ended_display().lower()} {claim.ended_at:%d %b %Y}" if claim.ended_at else ""
    return f"{plain(claim.qty)} at {claim.balance.site}{lot}{until}{ended}"


def _promise_words(promise: PromiseSlice, sites: Any) -> str:
    if promise.delivery_date is None:
        return "no date can be promised yet"
    site = sites[promise.site_id].code if promise.site_id in sites else "?"
    ground = "from stock" if promise.kind == "stock" else "with inbound supply"
    words = f"on {promise.delivery_date:%d %b %Y}, {ground} of {site}, ships {promise.ship_date:%d %b %Y}"
    if promise.first_delivery_date and promise.first_delivery_date != promise.delivery_date:
        cause = f" ({promise.slip_cause})" if promise.slip_cause else ""
        words += f"; first promised for {promise.first_delivery_date:%d %b %Y}{cause}"
    return words
