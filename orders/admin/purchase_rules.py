"""A customer's own rules: which of its people's orders wait for a colleague's yes."""

from django.contrib import admin

from accounts.states import STAFF, Role
from core.access import allow
from core.console import ReferenceAdmin
from orders.models import PurchaseRule


@admin.register(PurchaseRule)
class PurchaseRuleAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act={Role.CS, Role.CS_LEAD, Role.OPERATOR})
    list_display = ("account", "kind", "amount", "product_class", "is_active")
    list_filter = ("kind", "is_active", "product_class")
    search_fields = ("account__code", "account__name", "product_class")
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    ordering = ("account__code", "kind", "pk")
