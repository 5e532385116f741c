"""Counts: started, written down blind, looked at, posted."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from core import clock, journal
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, actor_of, row_id
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps
from inventory.admin.steps import Cell, Field, Head, Step, Table
from inventory.admin.stock import LOOKERS, STOCK_KEEPERS
from inventory.count_queries import counted_lines
from inventory.models import CountLine, Site, StockBalance, StockCount
from inventory.rules.counts import FoundStock, worth
from inventory.services.open_count import cancel_count, open_count
from inventory.services.post_count import post_count
from inventory.services.record_counts import record_counts
from inventory.states import CountStatus

FOUND_ROWS = 3
PER_PAGE = 500
UNDER_WAY = {CountStatus.OPEN, CountStatus.APPROVAL}
TONES = {"open": "info", "approval": "warning", "posted": "success", "cancelled": "default"}
STEPS = {"enter": "Write down what was found…", "post": "Review and post…", "cancel": "Cancel…"}


class CountLineInline(ReadOnlyInline):
    """What was found; what the books said is told when it is posted."""

    model = CountLine
    fields = readonly_fields = ("product", "lot", "status", "counted", "counted_by", "variance", "pending")
    verbose_name_plural = "lines"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("balance__product", "balance__lot")

    @display(description="Product")
    def product(self, row: CountLine) -> str:
        return str(row.balance.product)

    @display(description="Lot")
    def lot(self, row: CountLine) -> str:
        return str(row.balance.lot or "–")

    @display(description="Status")
    def status(self, row: CountLine) -> str:
        return row.balance.get_status_display()

    @display(description="Counted")
    def counted(self, row: CountLine) -> str:
        return "not yet" if row.counted_qty is None else plain(row.counted_qty)

    @display(description="Variance")
    def variance(self, row: CountLine) -> str:
        return "–" if row.variance_qty is None else _signed(row.variance_qty)

    @display(description="Waits")
    def pending(self, row: CountLine) -> str:
        return plain(row.pending_qty) if row.pending_qty else "–"


@admin.register(StockCount)
class StockCountAdmin(LedgerAdmin):
    access = allow(view=LOOKERS, act=STOCK_KEEPERS)
    list_display = ("number", "site", "status_pill", "progress", "opened_at", "opened_by", "posted_at")
    list_filter = ("status", "site", "is_whole_site", "opened_at", "posted_at")
    search_fields = ("number", "lines__balance__product__sku")
    search_help_text = "Number or SKU"
    list_select_related = ("site",)
    ordering = ("-id",)
    inlines = (CountLineInline,)
    fields = readonly_fields = (
        "number", "site", "status", "is_whole_site", "opened_at", "opened_by", "approval", "posted_at", "posted_by",
        "end_reason",
    )  # fmt: skip
    export_columns = (
        ("Count", "number"), ("Site", "site__code"), ("Status", "status"), ("Product", "lines__balance__product__sku"),
        ("Lot", "lines__balance__lot__code"), ("Stock status", "lines__balance__status"),
        ("Counted", "lines__counted_qty"), ("Variance", "lines__variance_qty"), ("Posted", "posted_at"),
    )  # fmt: skip
    change_form_template = "admin/inventory/page.html"

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def get_queryset(self, request: HttpRequest) -> Any:
        lines = CountLine.objects.filter(count=OuterRef("pk")).order_by().values("count")
        counts = {
            "all_lines": Subquery(lines.annotate(n=Count("pk")).values("n")),
            "counted_lines": Subquery(lines.annotate(n=Count("counted_qty")).values("n")),
        }
        return super().get_queryset(request).annotate(**counts)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        return [path("<int:count_id>/step/<slug:verb>/", view, name="inventory_stockcount_step"), *super().get_urls()]

    @display(description="Status", ordering="status", label=TONES)
    def status_pill(self, row: StockCount) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description="Counted lines")
    def progress(self, row: Any) -> str:
        return f"{row.counted_lines} of {row.all_lines}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = StockCount.objects.filter(pk=row_id(object_id)).first()
        extra = dict(extra_context or {})
        if row is not None:
            extra["timeline"] = journal.timeline(DocumentRef("stock_count", row.pk))
            if row.status in UNDER_WAY and self.access.may_act(request.user):
                url = "admin:inventory_stockcount_step"
                extra["steps"] = [(reverse(url, args=[row.pk, verb]), label) for verb, label in STEPS.items()]
        return super().change_view(request, object_id, form_url, extra)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require_act(request)
        wrong: list[str] = []
        sites = [(str(s.pk), f"{s.code} · {s.name}") for s in Site.objects.order_by("code")]
        site, named = request.POST.get("site", ""), request.POST.get("skus", "")
        skus = [word for word in named.replace(",", "\n").split() if word]
        step = Step(
            "Start a count",
            "Start count",
            reverse("admin:inventory_stockcount_changelist"),
            intro=(
                "Whoever counts does not see what the books say. Count what is packed and picked but not shipped too.",
            ),
            fields=(
                Field("site", "Site", site, "select", options=sites),
                Field("skus", "Products", named, "textarea", help="SKUs, one a line. Empty: everything at the site."),
                steps.key_field(request),
            ),
        )
        products = steps.products_called(skus, wrong)

        def act() -> str:
            made = open_count(
                site_id=row_id(site), product_ids=set(products.values()) if skus else None,
                key=f"console {steps.key_of(request)}", actor=actor_of(request), now=clock.now(),
            )  # fmt: skip
            return f"Count {StockCount.objects.get(pk=made)} is started. Write down what is found."

        return steps.run(self, request, step, act, wrong=wrong)

    def step_view(self, request: HttpRequest, count_id: int, verb: str) -> HttpResponse:
        self.require_act(request)
        row = StockCount.objects.select_related("site").filter(pk=count_id).first()
        if row is None or verb not in STEPS:
            messages.error(request, "There is no such count or step.")
            return HttpResponseRedirect(reverse("admin:inventory_stockcount_changelist"))
        made: Callable[[HttpRequest, StockCount, str], HttpResponse] = getattr(self, f"_{verb}")
        return made(request, row, reverse("admin:inventory_stockcount_change", args=[row.pk]))

    def _enter(self, request: HttpRequest, row: StockCount, back: str) -> HttpResponse:
        lines = row.lines.select_related("balance__product", "balance__lot").order_by("pk")[:PER_PAGE]
        wrong: list[str] = []
        counted = {x.pk: steps.quantity(request, f"qty-{x.pk}", str(x.balance.product), wrong) for x in lines}
        rows = []
        for x in lines:
            name = f"qty-{x.pk}"
            text = request.POST.get(name, steps.words(x.counted_qty))
            label = f"Found of {x.balance.product}"
            rows.append((*_place(x.balance), Cell(text, True, name=name, label=label)))
        heads = (Head("Product"), Head("Lot"), Head("Status"), Head("Found", True))
        typed = [{n: request.POST.get(f"{n}-new-{i}", "").strip() for n in ("sku", "lot")} for i in range(FOUND_ROWS)]
        products = steps.products_called([t["sku"] for t in typed], wrong)
        found = [
            FoundStock(products.get(t["sku"].upper(), 0), qty, t["lot"])
            for i, t in enumerate(typed)
            if (qty := steps.quantity(request, f"qty-new-{i}", t["sku"], wrong)) is not None and t["sku"]
        ]
        other = Table(
            (Head("SKU"), Head("Lot"), Head("Found", True)),
            [
                (
                    Cell(t["sku"], name=f"sku-new-{i}", label=f"SKU of other goods {i + 1}"),
                    Cell(t["lot"], name=f"lot-new-{i}", label=f"Lot of other goods {i + 1}"),
                    _other(request, i),
                )
                for i, t in enumerate(typed)
            ],
            title="Other goods that are there",
        )  # fmt: skip
        intro = ("Leave a line empty that is not counted yet: it stays as it is. Write 0 where nothing is.",)
        step = Step(
            f"Count {row.number} at {row.site}", "Save what was found", back, intro, (Table(heads, rows), other)
        )

        def act() -> str:
            figures = {i: qty for i, qty in counted.items() if qty is not None}
            record_counts(count_id=row.pk, counted=figures, found=found, actor=actor_of(request), now=clock.now())
            return f"{len(figures) + len(found)} line(s) are written down."

        return steps.run(self, request, step, act, wrong=wrong)

    def _post(self, request: HttpRequest, row: StockCount, back: str) -> HttpResponse:
        lines = counted_lines(row.pk)
        balances = StockBalance.objects.select_related("product", "lot").in_bulk([x.balance_id for x in lines])
        rows = [
            (
                *_place(balances[x.balance_id]), steps.number(x.counted), steps.number(x.on_hand - x.moved_since),
                Cell(_signed(x.variance), True), Cell(f"{x.worth:,.2f}" if x.cost is not None else "no cost", True),
            )
            for x in lines
            if x.variance
        ]  # fmt: skip
        heads = [Head("Product"), Head("Lot"), Head("Status")]
        heads += [Head(h, True) for h in ("Counted", "By the books then", "Variance", "Worth at standard cost")]
        left = row.lines.filter(counted_qty__isnull=True).count()
        intro = [f"{len(lines)} line(s) are counted, {len(rows)} differ, worth {worth(lines):,.2f}."]
        intro += [f"{left} line(s) are not counted: they stay as they are."] if left else []
        intro += ["Claims on what is not there give way, with a case; a large sum waits for an approval first."]
        step = Step(f"Post {row.number}", "Post count", back, intro, (Table(heads, rows, empty="Everything agrees."),))

        def act() -> str:
            done = post_count(count_id=row.pk, actor=actor_of(request), now=clock.now())
            if not done.is_posted:
                return f"Variances worth {done.worth:,.2f} wait for an approval: see Approvals, then post again."
            return f"Posted: {done.variances} variance(s), {done.gave_way} claim(s) gave way, {done.pending} wait."

        return steps.run(self, request, step, act)

    def _cancel(self, request: HttpRequest, row: StockCount, back: str) -> HttpResponse:
        reason = Field("reason", "Why", request.POST.get("reason", ""))
        step = Step(f"Cancel {row.number}", "Cancel count", back, ("Nothing is posted.",), fields=(reason,))

        def act() -> str:
            cancel_count(count_id=row.pk, reason=reason.value, actor=actor_of(request), now=clock.now())
            return f"{row.number} is cancelled."

        return steps.run(self, request, step, act)


def _other(request: HttpRequest, i: int) -> Cell:
    name = f"qty-new-{i}"
    return Cell(request.POST.get(name, ""), True, name=name, label=f"Found of other goods {i + 1}")


def _place(balance: Any) -> tuple[Cell, Cell, Cell]:
    return Cell(str(balance.product)), Cell(str(balance.lot or "")), Cell(balance.get_status_display())


def _signed(qty: Decimal) -> str:
    return f"+{plain(qty)}" if qty > 0 else plain(qty)
