"""Products, their packaging and their categories. A status changes only by its own verb."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.states import STAFF, Role
from catalog import queries
from catalog.admin.scan import scan_page
from catalog.models import Category, CustomerPartNumber, KitComponent, Product, ProductUnit, Substitution
from catalog.services.change_product_status import change_product_status
from catalog.services.keep_category import keep_category
from catalog.services.keep_product import keep_product
from catalog.services.keep_unit import keep_unit
from catalog.states import PRODUCT, ProductStatus
from core import clock, panels
from core.access import allow
from core.choices import words
from core.console import ReadOnlyInline, ReferenceAdmin, actor_of, row_id
from core.errors import DomainError
from core.refs import DocumentRef

KEEPERS = allow(view=STAFF, act={Role.OPERATOR, Role.PRICING, Role.PLANNER})
TONES = {"active": "success", "discontinued": "warning", "recalled": "danger"}
# The words of the import sheets
LABELS = {
    "manufacturer_part": "Maker's part number",
    "min_order_qty": "Smallest order",
    "max_order_qty": "Largest order",
    "shelf_life_days": "Shelf life, days",
    "weight_kg": "Weight, kg",
    "cube_m3": "Volume, m³",
}
VERBS = {
    ProductStatus.ACTIVE: "Sell again",
    ProductStatus.DISCONTINUED: "Discontinue",
    ProductStatus.RECALLED: "Recall",
}


class PartsInline(ReadOnlyInline):
    """Each row leads to its own screen, where it is changed or ended."""

    @admin.display(description="change")
    def screen(self, row: Any) -> str:
        url = reverse(f"admin:catalog_{row._meta.model_name}_change", args=[row.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-400" href="{}">Open {}</a>', url, row)


class UnitsOfProduct(PartsInline):
    model = ProductUnit
    fields = readonly_fields = ["code", "numerator", "denominator", "gtin", "screen"]
    verbose_name_plural = "units"
    ordering = ["code"]


class ComponentsOfProduct(PartsInline):
    model = KitComponent
    fk_name = "kit"
    fields = readonly_fields = ["component", "qty", "screen"]
    verbose_name_plural = "kit components"
    ordering = ["id"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("component", "kit")


class PartsOfProduct(PartsInline):
    model = CustomerPartNumber
    fields = readonly_fields = ["account", "part_number", "ended_at", "screen"]
    verbose_name_plural = "customers call it"
    ordering = ["part_number"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("account", "product")


class SubstitutesOfProduct(PartsInline):
    model = Substitution
    fk_name = "product"
    fields = readonly_fields = ["substitute", "ratio", "priority", "valid_from", "valid_to", "needs_consent", "screen"]
    verbose_name_plural = "substitutes"
    ordering = ["priority", "id"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("substitute", "product")


@admin.register(Product)
class ProductAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["sku", "name", "category", "base_unit", "gtin", "status_pill"]
    list_display_links = ["sku", "name"]
    list_filter = ["status", "category", "base_unit", "tracking", "regulated_class"]
    search_fields = ["sku", "name", "gtin", "manufacturer_part"]
    search_help_text = "SKU, name, barcode or maker's number"
    list_select_related = ["category"]
    ordering = ["sku"]
    autocomplete_fields = ["category"]
    readonly_fields = ["status"]
    inlines = [UnitsOfProduct, ComponentsOfProduct, PartsOfProduct, SubstitutesOfProduct]
    actions_list = ["scan"]
    change_form_outer_before_template = "catalog/product_status.html"
    change_form_outer_after_template = "catalog/product_panels.html"
    fieldsets = [
        (None, {"fields": [("sku", "name"), ("category", "status"), ("gtin", "manufacturer_part")]}),
        ("Quantities", {"fields": [("base_unit", "order_multiple"), ("min_order_qty", "max_order_qty")]}),
        ("Handling", {"fields": [("tracking", "shelf_life_days"), ("weight_kg", "cube_m3"), "regulated_class"]}),
        ("Cost", {"fields": ["standard_cost"]}),
    ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **{"labels": LABELS, **kwargs})

    @display(description="Status", ordering="status", label=TONES)
    def status_pill(self, product: Product) -> tuple[str, str]:
        return product.status, words(product.status)

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        only = form.changed_data if change else None
        keep_product(row=obj, actor=actor_of(request), now=clock.now(), only=only)

    @action(description="Scan a code", url_path="scan", permissions=["view"])
    def scan(self, request: HttpRequest) -> HttpResponse:
        return scan_page(request, self)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.status_view)
        return [path("<int:product_id>/status/", view, name="catalog_product_status"), *super().get_urls()]

    def status_view(self, request: HttpRequest, product_id: int) -> HttpResponse:
        """The buttons above the form: one call of change_product_status."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        wanted, reason = request.POST.get("status", ""), request.POST.get("reason", "")
        if wanted not in set(ProductStatus):
            messages.error(request, "Choose one of the buttons.")
        else:
            self._change_status(request, product_id, ProductStatus(wanted), reason)
        return HttpResponseRedirect(reverse("admin:catalog_product_change", args=[product_id]))

    def _change_status(self, request: HttpRequest, product_id: int, status: ProductStatus, reason: str) -> None:
        now, actor = clock.now(), actor_of(request)
        try:
            change_product_status(product_id=product_id, status=status, reason=reason, actor=actor, now=now)
        except DomainError as refusal:
            messages.error(request, refusal.in_words)
        else:
            messages.success(request, f"The product is {status} now.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        product = Product.objects.filter(pk=row_id(object_id)).first()
        extra = dict(extra_context or {})
        if product is not None:
            extra["product"] = product
            extra["authorizations"] = queries.authorizations_of(product.pk, on=clock.now().date())
            extra["panels"] = panels.rendered(DocumentRef("product", product.pk, product.sku), request)
            if self.access.may_act(request.user):
                following = sorted(PRODUCT.table[ProductStatus(product.status)])
                extra["following"] = [(status, VERBS[status]) for status in following]
        return super().change_view(request, object_id, form_url, extra)


@admin.register(Category)
class CategoryAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["name", "code", "parent"]
    list_filter = ["parent"]
    search_fields = ["code", "name"]
    list_select_related = ["parent"]
    autocomplete_fields = ["parent"]
    ordering = ["name"]

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        keep_category(row=obj, actor=actor_of(request), now=clock.now())


@admin.register(ProductUnit)
class ProductUnitAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["product", "code", "numerator", "denominator", "gtin"]
    list_filter = ["code"]
    search_fields = ["product__sku", "product__name", "code", "gtin"]
    search_help_text = "SKU, name, unit or barcode"
    list_select_related = ["product"]
    autocomplete_fields = ["product"]
    ordering = ["product", "code"]

    def save_model(self, request: HttpRequest, obj: ProductUnit, form: Any, change: bool) -> None:
        keep_unit(row=obj, actor=actor_of(request), now=clock.now())
