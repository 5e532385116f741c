"""Console screens of the catalog: products, what customers call them, what may replace them, who may buy them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from accounts.states import STAFF, Role
from catalog.models import (
    AuthorizationRule,
    Category,
    CustomerPartNumber,
    License,
    Product,
    ProductUnit,
    Substitution,
)
from core import panels
from core.access import allow
from core.choices import words
from core.console import ReadOnlyInline, ReferenceAdmin, row_id
from core.refs import DocumentRef

KEEPERS = allow(view=STAFF, act={Role.OPERATOR, Role.PRICING, Role.PLANNER})
GRANTERS = allow(view=STAFF, act={Role.OPERATOR, Role.CS_LEAD})
TONES = {"active": "success", "discontinued": "warning", "recalled": "danger"}


class UnitsOfProduct(ReadOnlyInline):
    show_change_link = True
    model = ProductUnit
    fields = readonly_fields = ["code", "numerator", "denominator", "gtin"]
    verbose_name_plural = "units"
    ordering = ["code"]


class PartsOfProduct(ReadOnlyInline):
    show_change_link = True
    model = CustomerPartNumber
    fields = readonly_fields = ["account", "part_number"]
    verbose_name_plural = "customers call it"
    ordering = ["part_number"]


class SubstitutesOfProduct(ReadOnlyInline):
    show_change_link = True
    model = Substitution
    fk_name = "product"
    fields = readonly_fields = ["substitute", "ratio", "priority", "valid_from", "valid_to", "needs_consent"]
    verbose_name_plural = "substitutes"
    ordering = ["priority", "id"]


@admin.register(Product)
class ProductAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["sku", "name", "category", "base_unit", "gtin", "status_pill"]
    list_display_links = ["sku", "name"]
    list_filter = ["status", "tracking", "category", "regulated_class"]
    search_fields = ["sku", "name", "gtin", "manufacturer_part"]
    search_help_text = "SKU, name, barcode or maker's number"
    list_select_related = ["category"]
    ordering = ["sku"]
    autocomplete_fields = ["category"]
    inlines = [UnitsOfProduct, PartsOfProduct, SubstitutesOfProduct]
    change_form_outer_after_template = "catalog/panels.html"
    fieldsets = [
        (None, {"fields": [("sku", "name"), ("category", "status"), ("gtin", "manufacturer_part")]}),
        ("Quantities", {"fields": [("base_unit", "order_multiple"), ("min_order_qty", "max_order_qty")]}),
        ("Handling", {"fields": [("tracking", "shelf_life_days"), ("weight_kg", "cube_m3"), "regulated_class"]}),
        ("Cost", {"fields": ["standard_cost"]}),
    ]

    @display(description="Status", ordering="status", label=TONES)
    def status_pill(self, product: Product) -> tuple[str, str]:
        return product.status, words(product.status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = dict(extra_context or {})
        if product_id := row_id(object_id):
            extra["panels"] = panels.rendered(DocumentRef("product", product_id), request)
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


@admin.register(ProductUnit)
class ProductUnitAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["product", "code", "numerator", "denominator", "gtin"]
    list_filter = ["code"]
    search_fields = ["product__sku", "product__name", "code", "gtin"]
    list_select_related = ["product"]
    autocomplete_fields = ["product"]
    ordering = ["product", "code"]


@admin.register(CustomerPartNumber)
class CustomerPartNumberAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act={Role.OPERATOR, Role.CS, Role.CS_LEAD})
    list_display = ["part_number", "account", "product"]
    list_filter = ["product__category"]
    search_fields = ["part_number", "account__code", "account__name", "product__sku"]
    list_select_related = ["account", "product"]
    autocomplete_fields = ["account", "product"]
    ordering = ["part_number"]


@admin.register(Substitution)
class SubstitutionAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["product", "substitute", "ratio", "priority", "valid_from", "valid_to", "needs_consent"]
    list_filter = ["needs_consent"]
    search_fields = ["product__sku", "substitute__sku"]
    list_select_related = ["product", "substitute"]
    autocomplete_fields = ["product", "substitute"]
    ordering = ["product", "priority"]


@admin.register(AuthorizationRule)
class AuthorizationRuleAdmin(ReferenceAdmin):
    access = GRANTERS
    list_display = ["name", "effect", "whom", "what", "license_kind", "valid_from", "valid_to"]
    list_filter = ["effect", "license_kind", "regulated_class"]
    search_fields = ["name", "account__code", "account__name", "product__sku", "category__name"]
    list_select_related = ["account", "group", "tier", "territory", "product", "category"]
    autocomplete_fields = ["account", "group", "product", "category"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "effect"), ("valid_from", "valid_to"), "license_kind"]}),
        ("Whom (empty: anybody)", {"fields": [("account", "group"), ("tier", "territory")]}),
        ("What (empty: anything)", {"fields": [("product", "category"), "regulated_class"]}),
    ]

    @display(description="Whom")
    def whom(self, rule: AuthorizationRule) -> str:
        named = [str(who) for who in (rule.account, rule.group, rule.tier, rule.territory) if who]
        return " and ".join(named) or "Anybody"

    @display(description="What")
    def what(self, rule: AuthorizationRule) -> str:
        named = [str(thing) for thing in (rule.product, rule.category, rule.regulated_class) if thing]
        return " and ".join(named) or "Anything"


@admin.register(License)
class LicenseAdmin(ReferenceAdmin):
    access = GRANTERS
    list_display = ["account", "kind", "number", "valid_from", "valid_to"]
    list_filter = ["kind"]
    search_fields = ["number", "account__code", "account__name"]
    list_select_related = ["account"]
    autocomplete_fields = ["account"]
    ordering = ["-valid_from"]
