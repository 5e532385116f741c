"""Places, balances, the movement ledger, and supply on its way."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.states import STAFF, Role
from core import clock, journal
from core.access import allow
from core.console import LedgerAdmin, ReferenceAdmin, ServiceAdmin, actor_of, row_id
from core.errors import DomainError
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin.boards import ledger_page
from inventory.admin.forms import AdjustmentForm, InboundForm, ReceiptForm
from inventory.admin.status import status_page
from inventory.models import InboundSupply, Site, StockBalance, StockMovement
from inventory.movement_papers import Source, papers_of
from inventory.services.adjust_stock import adjust_stock
from inventory.services.allocate import allocate
from inventory.services.receive_stock import receive_stock
from inventory.services.record_inbound import record_inbound
from inventory.services.save_site import save_site
from inventory.states import InboundKind, MovementKind

STOCK_KEEPERS = {Role.WAREHOUSE, Role.PLANNER}
LOOKERS = set(STAFF)


@admin.register(Site)
class SiteAdmin(ReferenceAdmin):
    access = allow(view=LOOKERS, act={Role.OPERATOR, Role.PLANNER})
    list_display = ("code", "name", "kind", "region", "rank", "cutoff_time", "is_active")
    list_filter = ("kind", "region", "is_active")
    search_fields = ("code", "name")
    list_select_related = ("calendar",)
    ordering = ("rank", "code")
    raw_id_fields = ("rep", "account")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_site(row=obj, actor=actor_of(request), now=clock.now())


@admin.register(StockBalance)
class StockBalanceAdmin(ServiceAdmin):
    """What is there and what is spoken for. Saving the page books an adjustment; a step moves it to another status."""

    access = allow(view=LOOKERS, act=STOCK_KEEPERS)
    form = AdjustmentForm
    list_display = ("product", "place", "status", "on_hand", "held", "in_warehouse", "free")
    list_filter = ("site", "status")
    search_fields = ("product__sku", "product__name", "lot__code")
    search_help_text = "SKU, product name or lot"
    list_select_related = ("product", "site", "lot")
    ordering = ("product__sku", "site__rank", "id")
    actions = ("run_allocation",)
    change_form_template = "admin/inventory/page.html"
    export_columns = (
        ("SKU", "product__sku"), ("Site", "site__code"), ("Lot", "lot__code"), ("Status", "status"), ("Owner", "owner"),
        ("On hand", "on_hand_qty"), ("Reserved", "reserved_qty"), ("Allocated", "allocated_qty"),
        ("Released", "released_qty"), ("Picked", "picked_qty"),
    )  # fmt: skip
    actions_list = ("ledger",)
    figures = ("product", "site", "lot", "status", "owner", "on_hand", "reserved", "allocated", "in_warehouse", "free")
    readonly_fields = figures

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown: list[Any] = [(None, {"fields": self.figures})]
        if self.access.may_act(request.user):
            shown.append(("Adjust", {"fields": ("adjust_by", "reason")}))
        return shown

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.status_view)
        return [path("<int:balance_id>/status/", view, name="inventory_stockbalance_status"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra, pk = dict(extra_context or {}), row_id(object_id)
        extra["timeline"] = journal.timeline(DocumentRef("stock_balance", pk), limit=50)
        if self.access.may_act(request.user):
            url = reverse("admin:inventory_stockbalance_status", args=[pk])
            extra["steps"] = [(url, "Quarantine, damage, scrap…")]
        return super().change_view(request, object_id, form_url, extra)

    def status_view(self, request: HttpRequest, balance_id: int) -> HttpResponse:
        self.require_act(request)
        return status_page(self, request, balance_id)

    def save_model(self, request: HttpRequest, obj: StockBalance, form: Any, change: bool) -> None:
        adjust_stock(
            balance_id=obj.pk,
            qty=form.cleaned_data["adjust_by"],
            reason=form.cleaned_data["reason"],
            actor=actor_of(request),
            now=clock.now(),
        )

    @display(description="Place", ordering="site__code")
    def place(self, row: StockBalance) -> str:
        return f"{row.site} · lot {row.lot}" if row.lot else str(row.site)

    @display(description="On hand", ordering="on_hand_qty")
    def on_hand(self, row: StockBalance) -> str:
        return plain(row.on_hand_qty)

    @display(description="Reserved", ordering="reserved_qty")
    def reserved(self, row: StockBalance) -> str:
        return plain(row.reserved_qty)

    @display(description="Allocated", ordering="allocated_qty")
    def allocated(self, row: StockBalance) -> str:
        return plain(row.allocated_qty)

    @display(description="Reserved + allocated", ordering=F("reserved_qty") + F("allocated_qty"))
    def held(self, row: StockBalance) -> str:
        return f"{plain(row.reserved_qty)} + {plain(row.allocated_qty)}"

    @display(description="Released + picked", ordering=F("released_qty") + F("picked_qty"))
    def in_warehouse(self, row: StockBalance) -> str:
        return f"{plain(row.released_qty)} + {plain(row.picked_qty)}"

    @display(description="Free")
    def free(self, row: StockBalance) -> str:
        claimed = row.reserved_qty + row.allocated_qty + row.released_qty + row.picked_qty
        return plain(row.on_hand_qty - claimed)

    @action(description="Availability ledger", url_path="ledger", permissions=["view"])
    def ledger(self, request: HttpRequest) -> HttpResponse:
        return ledger_page(request, self)

    @action(description="Run allocation for the selected products", permissions=["act"])
    def run_allocation(self, request: HttpRequest, queryset: QuerySet[StockBalance]) -> None:
        run_for(request, set(queryset.values_list("product_id", flat=True)))


@admin.register(StockMovement)
class StockMovementAdmin(LedgerAdmin):
    """The ledger. Adding one is receiving stock; every other movement has a verb of its own."""

    access = allow(view=LOOKERS, act=STOCK_KEEPERS)
    form = ReceiptForm
    list_display = ("at", "product", "place", "kind_words", "quantity", "source", "actor_label")
    list_filter = ("kind", "balance__site", "at")
    search_fields = ("balance__product__sku", "balance__lot__code", "reason", "actor_label")
    list_select_related = ("balance__product", "balance__site", "balance__lot")
    ordering = ("-id",)
    shown = ("at", "product", "place", "kind_words", "quantity", "source", "actor_label", "reason")
    asked = ("sku", "site", "received_qty", "lot_code", "expiry_date", "inbound_reference", "key")
    readonly_fields = shown
    export_columns = (
        ("At", "at"), ("SKU", "balance__product__sku"), ("Site", "balance__site__code"), ("Lot", "balance__lot__code"),
        ("Status", "balance__status"), ("Movement", "kind"), ("Quantity", "qty"), ("Actor", "actor_label"),
        ("Reason", "reason"),
    )  # fmt: skip

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The documents of the page's movements, asked once for all of them."""
        found = super().get_changelist_instance(request)
        rows = list(found.result_list)
        for row, paper in zip(rows, papers_of([_source(row) for row in rows]), strict=True):
            row.paper = paper
        found.result_list = rows
        return found

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [(None, {"fields": self.shown})] if obj else [("Receive stock", {"fields": self.asked})]

    def save_model(self, request: HttpRequest, obj: StockMovement, form: Any, change: bool) -> None:
        typed = form.cleaned_data
        balance_id = receive_stock(
            product_id=typed["sku"],
            site_id=typed["site"].pk,
            qty=typed["received_qty"],
            lot_code=typed["lot_code"],
            expiry_date=typed["expiry_date"],
            inbound_id=typed.get("inbound_id"),
            source=DocumentRef("manual_receipt", typed["key"]),
            actor=actor_of(request),
            now=clock.now(),
        )
        made = StockMovement.objects.get(
            balance_id=balance_id, kind=MovementKind.RECEIPT, source_kind="manual_receipt", source_id=typed["key"]
        )
        obj.pk, obj.kind, obj.qty = made.pk, made.kind, made.qty

    @display(description="Product", ordering="balance__product__sku")
    def product(self, row: StockMovement) -> str:
        return str(row.balance.product)

    @display(description="Place", ordering="balance__site__code")
    def place(self, row: StockMovement) -> str:
        lot = f" · lot {row.balance.lot}" if row.balance.lot else ""
        status = "" if row.balance.status == "available" else f" · {row.balance.status}"
        return f"{row.balance.site}{lot}{status}"

    @display(description="Movement", ordering="kind")
    def kind_words(self, row: StockMovement) -> str:
        return row.get_kind_display()

    @display(description="Quantity", ordering="qty")
    def quantity(self, row: StockMovement) -> str:
        return f"+{plain(row.qty)}" if row.qty > 0 else plain(row.qty)

    @display(description="Source")
    def source(self, row: StockMovement) -> str:
        paper = getattr(row, "paper", None) or papers_of([_source(row)])[0]
        return format_html('<a href="{}">{}</a>', paper.url, paper.words) if paper.url else paper.words


@admin.register(InboundSupply)
class InboundSupplyAdmin(ServiceAdmin):
    access = allow(view=LOOKERS, act={Role.PLANNER})
    form = InboundForm
    list_display = ("reference", "product", "site", "kind", "open_quantity", "eta_date", "is_closed")
    list_filter = ("is_closed", "kind", "site", "eta_date")
    search_fields = ("reference", "product__sku")
    list_select_related = ("product", "site")
    ordering = ("is_closed", "eta_date", "id")
    identity = ("product", "site", "kind", "reference")
    news = ("ordered_qty", "eta_date", "confidence_percent")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A transfer's supply is what travels: it changes with the transfer."""
        is_transfer = obj is not None and obj.kind == InboundKind.TRANSFER
        return self.access.may_act(request.user) and not is_transfer

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.identity, "received_qty", "is_closed", "past_due_cutoff_days") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            return [(None, {"fields": (*self.identity, *self.news, "received_qty", "is_closed")})]
        return [(None, {"fields": ("sku", *self.identity[1:], *self.news)})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj:
            form.base_fields.pop("sku", None)
        return form

    def save_model(self, request: HttpRequest, obj: InboundSupply, form: Any, change: bool) -> None:
        obj.pk = record_inbound(
            product_id=obj.product_id if change else form.cleaned_data["sku"],
            site_id=obj.site_id,
            kind=InboundKind(obj.kind),
            reference=obj.reference,
            qty=obj.ordered_qty,
            eta_date=obj.eta_date,
            confidence_percent=obj.confidence_percent,
            actor=actor_of(request),
            now=clock.now(),
        )

    @display(description="Still to come", ordering="ordered_qty")
    def open_quantity(self, row: InboundSupply) -> str:
        return f"{plain(max(row.ordered_qty - row.received_qty, Decimal(0)))} of {plain(row.ordered_qty)}"


def _source(row: StockMovement) -> Source:
    return Source(row.kind, row.source_kind, row.source_id, row.reason)


def run_for(request: HttpRequest, product_ids: set[int]) -> None:
    """The action behind "Run allocation": one run over the products, its outcome told."""
    now, actor = clock.now(), actor_of(request)
    key = f"console {actor.user_id} {now.isoformat()}"
    try:
        outcome = allocate(trigger_key=key, product_ids=product_ids, actor=actor, now=now)
    except DomainError as refusal:
        messages.error(request, refusal.in_words)
        return
    messages.success(
        request,
        f"{plain(outcome.allocated)} allocated to {outcome.demands} open demand(s); "
        f"{plain(outcome.still_short)} still short.",
    )
