"""Pools with what they do at this moment, safety stock, and the most one order may take."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from accounts.states import Role
from catalog.queries import product_snapshots
from core import clock, journal, refs
from core.access import allow
from core.console import ReferenceAdmin, ServiceAdmin, actor_of, row_id
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps
from inventory.admin.steps import Field, Step
from inventory.admin.stock import LOOKERS
from inventory.models import OrderCap, Pool, SafetyStock
from inventory.pool_effects import PoolEffect, effects, products_under
from inventory.rules.pool_deal import last_day
from inventory.services.retire_pool import retire_pool
from inventory.services.save_cap import save_cap
from inventory.services.save_pool import save_pool
from inventory.states import AmountKind, PoolKind, PoolState, PoolWho

PLANNERS = {Role.PLANNER, Role.OPERATOR}
STATES = {"active": "success", "neutral": "info", "inactive": "default"}
SHOWN = 50


class PoolForm(forms.ModelForm):
    """Whether it makes sense is said by the service, at the field and with what mends it: the database's own words
    would name a constraint."""

    def _post_clean(self) -> None:
        row = vars(self.instance)
        row["validate_constraints"] = lambda exclude=None: None  # of this row, while the form looks at it
        super()._post_clean()  # type: ignore[misc]
        del row["validate_constraints"]


@admin.register(Pool)
class PoolAdmin(ServiceAdmin):
    access = allow(view=LOOKERS, act=PLANNERS)
    form = PoolForm
    list_display = ("name", "whom", "what", "amount_words", "now", "state_pill", "period")
    list_filter = ("kind", "state", "site", "valid_from", "valid_to")
    search_fields = ("code", "name", "product__sku", "account__code", "group__code")
    search_help_text = "Pool, SKU, account or group"
    list_select_related = ("parent", "account", "group", "tier", "product", "category", "site")
    ordering = ("code",)
    autocomplete_fields = ("parent", "account", "group", "product", "category")
    change_form_template = "admin/inventory/pool.html"
    fieldsets = (
        (None, {"fields": ("code", "name", "kind", "state", "parent")}),
        ("For whom", {"fields": ("who", "account", "group", "tier", "region")}),
        ("Over what, where", {"fields": ("product", "category", "site", "site_region")}),
        ("How much, when", {"fields": ("amount_kind", "amount", "valid_from", "valid_to")}),
    )

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.retire_view)
        return [path("<int:pool_id>/retire/", view, name="inventory_pool_retire"), *super().get_urls()]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What the page's pools do now, asked once for all of them; of a pool over many products, on its own page."""
        found = super().get_changelist_instance(request)
        over = products_under([row.pk for row in found.result_list], most=1)
        single = {pool_id: products[0] for pool_id, (products, count) in over.items() if count == 1}
        done = effects(set(single.values()), now=clock.now())
        for row in found.result_list:
            row.products = over[row.pk][1] if row.pk in over else 0
            row.effect = done.get((row.pk, single[row.pk])) if row.pk in single else None
        return found

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra, pk = dict(extra_context or {}), row_id(object_id)
        row = Pool.objects.select_related("account", "group", "tier").filter(pk=pk).first()
        if row is not None:
            extra["timeline"] = journal.timeline(DocumentRef("pool", pk), limit=50)
            extra["effect"] = _effect(row)
            extra["below"] = [
                _below(c) for c in row.children.select_related("account", "group", "tier").order_by("code")
            ]
            if self.access.may_act(request.user) and row.state != PoolState.INACTIVE:
                extra["steps"] = [(reverse("admin:inventory_pool_retire", args=[pk]), "End it…")]
        return super().change_view(request, object_id, form_url, extra)

    def save_model(self, request: HttpRequest, obj: Pool, form: Any, change: bool) -> None:
        save_pool(row=obj, actor=actor_of(request), now=clock.now())

    def retire_view(self, request: HttpRequest, pool_id: int) -> HttpResponse:
        self.require_act(request)
        row = Pool.objects.filter(pk=pool_id).first()
        reason = request.POST.get("reason", "").strip()
        step = Step(
            f"End {row or 'the pool'}",
            "End pool",
            reverse("admin:inventory_pool_change", args=[pool_id]),
            intro=(
                "What it keeps is free at once for everybody, and what stands below it ends with it.",
                "Who waits for its products is allocated again. What is allocated stays.",
            ),
            fields=(Field("reason", "Why", reason),),
        )

        def act() -> str:
            retire_pool(pool_id=pool_id, reason=reason, actor=actor_of(request), now=clock.now())
            return f"{row} is ended."

        return steps.run(self, request, step, act)

    @display(description="State", ordering="state", label=STATES)
    def state_pill(self, row: Pool) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description="For")
    def whom(self, row: Pool) -> str:
        return whom(row)

    @display(description="Over")
    def what(self, row: Any) -> str:
        what = str(row.product or row.category or f"as {row.parent}")
        where = row.site or row.site_region
        return f"{what}, at {where}" if where else what

    @display(description="Amount")
    def amount_words(self, row: Pool) -> str:
        return f"{'keeps' if row.kind == PoolKind.PROTECTION else 'at most'} {amount_words(row)}"

    @display(description="Now")
    def now(self, row: Any) -> str:
        if row.effect is None:
            return f"{row.products} products" if row.products > 1 else "not in force"
        return _now(row.kind, row.effect)

    @display(description="In force", ordering="valid_from")
    def period(self, row: Pool) -> str:
        return period(row)


@admin.register(SafetyStock)
class SafetyStockAdmin(ReferenceAdmin):
    access = allow(view=LOOKERS, act=PLANNERS)
    list_display = ("product", "site", "quantity", "open_to")
    list_filter = ("site", "tier")
    search_fields = ("product__sku", "product__name")
    search_help_text = "SKU or product name"
    list_select_related = ("product", "site", "tier")
    ordering = ("product__sku", "site__code")
    autocomplete_fields = ("product",)

    @display(description="Safety stock", ordering="qty")
    def quantity(self, row: SafetyStock) -> str:
        return plain(row.qty)

    @display(description="Open to", ordering="tier")
    def open_to(self, row: SafetyStock) -> str:
        return f"{row.tier} and better" if row.tier else "nobody"


@admin.register(OrderCap)
class OrderCapAdmin(ReferenceAdmin):
    access = allow(view=LOOKERS, act=PLANNERS)
    form = PoolForm
    list_display = ("what", "for_whom", "most", "period")
    list_filter = ("who", "valid_from", "valid_to")
    search_fields = ("product__sku", "account__code", "group__code")
    search_help_text = "SKU, account or group"
    list_select_related = ("product", "category", "account", "group", "tier")
    ordering = ("id",)
    autocomplete_fields = ("product", "category", "account", "group")
    fields = ("product", "category", "who", "account", "group", "tier", "max_qty", "valid_from", "valid_to")

    def save_model(self, request: HttpRequest, obj: OrderCap, form: Any, change: bool) -> None:
        save_cap(row=obj, actor=actor_of(request), now=clock.now())

    @display(description="Of")
    def what(self, row: OrderCap) -> str:
        return str(row.product or row.category)

    @display(description="For")
    def for_whom(self, row: OrderCap) -> str:
        return str(row.account or row.group or row.tier or "everybody")

    @display(description="An order takes at most", ordering="max_qty")
    def most(self, row: OrderCap) -> str:
        return plain(row.max_qty)

    @display(description="In force", ordering="valid_from")
    def period(self, row: OrderCap) -> str:
        return period(row)


def whom(row: Pool) -> str:
    named = row.account or row.group or row.tier or row.region
    if named:
        return f"{named}" if row.who != PoolWho.REGION else f"region {named}"
    return "everybody" if row.who == PoolWho.EVERYBODY else "the pools below"


def amount_words(row: Pool) -> str:
    if row.amount_kind == AmountKind.NUMBER:
        return plain(row.amount)
    if row.amount_kind == AmountKind.PERCENT:
        return f"{plain(row.amount)} %"
    return f"share of {plain(row.amount)}"


def period(row: Any) -> str:
    begins = f"{row.valid_from.day} {row.valid_from:%b %Y}"
    return f"{begins} to {last_day(row.valid_to)} {row.valid_to:%Y}" if row.valid_to else f"from {begins}"


def _now(kind: str, effect: PoolEffect) -> str:
    return f"{plain(effect.used)} used, {plain(effect.now)} {'protected' if kind == PoolKind.PROTECTION else 'left'}"


def _effect(row: Pool) -> dict[str, Any]:
    """Product by product, the first fifty: what it comes to, what members use, what is protected or left now."""
    products, count = products_under([row.pk], most=SHOWN).get(row.pk, ([], 0))
    done = effects(products, now=clock.now())
    known = product_snapshots(products)
    rows = []
    for product_id in products:
        found = done.get((row.pk, product_id))
        if found is not None and product_id in known:
            url = refs.url_of(DocumentRef("product", product_id))
            name = known[product_id].sku
            link = format_html('<a href="{}">{}</a>', url, name) if url else name
            numbers = [plain(n) for n in (found.on_hand, found.amount, found.used, found.now, found.for_others)]
            rows.append((link, numbers))
    heads = (
        "On hand",
        "Comes to",
        "Used",
        "Protected now" if row.kind == PoolKind.PROTECTION else "Left",
        "Open to others",
    )
    from_whom = "everybody else" if row.kind == PoolKind.PROTECTION else ""
    return {"heads": heads, "rows": rows, "count": count, "whom": whom(row), "from_whom": from_whom, "shown": SHOWN}


def _below(row: Pool) -> dict[str, str]:
    return {
        "name": row.name,
        "url": reverse("admin:inventory_pool_change", args=[row.pk]),
        "whom": whom(row),
        "amount": amount_words(row),
        "state": row.get_state_display(),
        "period": period(row),
    }
