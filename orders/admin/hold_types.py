"""Hold types: what each blocks and who clears it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.states import STAFF, Role
from core.access import allow
from core.choices import choices, words
from core.console import ReferenceAdmin
from orders.models import HoldType
from orders.states import Blocks

ROLES = [(role, words(role)) for role in sorted(STAFF)]


class HoldTypeForm(forms.ModelForm):
    blocks = forms.MultipleChoiceField(choices=choices(Blocks), widget=UnfoldAdminCheckboxSelectMultipleWidget)
    clearable_by = forms.MultipleChoiceField(choices=ROLES, widget=UnfoldAdminCheckboxSelectMultipleWidget)

    class Meta:
        model = HoldType
        fields = ("code", "label", "reason", "blocks", "clearable_by", "is_by_hand", "is_active", "description")


@admin.register(HoldType)
class HoldTypeAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act={Role.CS_LEAD, Role.FINANCE_APPROVER, Role.OPERATOR})
    form = HoldTypeForm
    list_display = ("label", "code", "reason", "what", "who", "is_by_hand", "is_active")
    list_filter = ("reason", "is_by_hand", "is_active")
    search_fields = ("code", "label")
    ordering = ("label",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Switched off, not removed: without its row a type is again as the product came."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("code", "reason")

    @admin.display(description="blocks")
    def what(self, row: HoldType) -> str:
        return ", ".join(row.blocks)

    @admin.display(description="cleared by")
    def who(self, row: HoldType) -> str:
        return ", ".join(words(role) for role in row.clearable_by)
