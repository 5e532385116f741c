"""What goes into kits, what may stand in for a product, what customers call it."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from accounts.states import STAFF, Role
from catalog.admin.products import KEEPERS
from catalog.models import CustomerPartNumber, KitComponent, Substitution
from catalog.services.add_customer_part import add_customer_part
from catalog.services.change_customer_part import change_customer_part
from catalog.services.end_customer_part import end_customer_part
from catalog.services.keep_kit_component import keep_kit_component
from core import clock
from core.access import allow
from core.console import ReferenceAdmin, actor_of
from core.errors import DomainError


@admin.register(KitComponent)
class KitComponentAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["kit", "component", "qty"]
    list_filter = ["kit__status", "component__status"]
    search_fields = ["kit__sku", "kit__name", "component__sku", "component__name"]
    search_help_text = "SKU or name of the kit or of a component"
    list_select_related = ["kit", "component"]
    autocomplete_fields = ["kit", "component"]
    ordering = ["kit__sku", "component__sku"]

    def save_model(self, request: HttpRequest, obj: KitComponent, form: Any, change: bool) -> None:
        keep_kit_component(row=obj, actor=actor_of(request), now=clock.now())


@admin.register(Substitution)
class SubstitutionAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["product", "substitute", "ratio", "priority", "valid_from", "valid_to", "needs_consent"]
    list_filter = ["needs_consent", "priority", "valid_from", "valid_to"]
    search_fields = ["product__sku", "substitute__sku"]
    search_help_text = "SKU of the product or of the substitute"
    list_select_related = ["product", "substitute"]
    autocomplete_fields = ["product", "substitute"]
    ordering = ["product", "priority"]


class InUseFilter(admin.SimpleListFilter):
    title = "in use"
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "In use"), ("no", "Ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CustomerPartNumber]) -> QuerySet[CustomerPartNumber]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(ended_at__isnull=self.value() == "yes")


@admin.register(CustomerPartNumber)
class CustomerPartNumberAdmin(ReferenceAdmin):
    """A number ends, it is not removed: orders placed with it stay readable."""

    access = allow(view=STAFF, act={Role.OPERATOR, Role.CS, Role.CS_LEAD})
    list_display = ["part_number", "account", "product", "use"]
    list_filter = [InUseFilter, "product__category", "ended_at"]
    search_fields = ["part_number", "account__code", "account__name", "product__sku"]
    search_help_text = "Their number, customer or SKU"
    list_select_related = ["account", "product"]
    autocomplete_fields = ["account", "product"]
    ordering = ["part_number"]
    actions = ["end"]

    @display(description="In use", label={"In use": "success", "Ended": "warning"})
    def use(self, part: CustomerPartNumber) -> str:
        return "In use" if part.ended_at is None else "Ended"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: CustomerPartNumber | None = None) -> list[str]:
        if obj is None:
            return []
        return ["account", "ended_at"] if obj.ended_at is None else ["account", "part_number", "product", "ended_at"]

    def save_model(self, request: HttpRequest, obj: CustomerPartNumber, form: Any, change: bool) -> None:
        who, now = actor_of(request), clock.now()
        theirs, ours = obj.part_number, obj.product_id
        if change:
            change_customer_part(part_id=obj.pk, part_number=theirs, product_id=ours, actor=who, now=now)
        else:
            account_id = obj.account_id
            obj.pk = add_customer_part(account_id=account_id, part_number=theirs, product_id=ours, actor=who, now=now)

    @admin.action(description="End the numbers", permissions=["act"])
    def end(self, request: HttpRequest, queryset: QuerySet[CustomerPartNumber]) -> None:
        ended = 0
        for part_id in queryset.values_list("pk", flat=True):
            try:
                end_customer_part(part_id=part_id, actor=actor_of(request), now=clock.now())
                ended += 1
            except DomainError as refusal:
                messages.error(request, refusal.in_words)
        self.message_user(request, f"{ended} number(s) name nothing from now on.")
