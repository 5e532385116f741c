"""What the company decides about cases: its teams, how fast, and who gets what."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.states import STAFF, Role
from core.access import allow
from core.console import ReferenceAdmin
from core.lists import typed
from exceptions_app import kinds
from exceptions_app.models import Queue, RoutingRule, SlaPolicy

LEADS = {Role.OPERATOR, Role.CS_LEAD}


@admin.register(Queue)
class QueueAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act=LEADS)
    list_display = ["name", "code", "calendar", "lead", "escalation_role"]
    list_filter = ["escalation_role"]
    search_fields = ["name", "code"]
    list_select_related = ["calendar", "lead"]
    autocomplete_fields = ["lead"]

    def get_readonly_fields(self, request: HttpRequest, obj: Queue | None = None) -> list[str]:
        return ["code"] if obj else []


class _ScopedAdmin(ReferenceAdmin):
    """Rows that say which cases they are about; an empty field fits every case."""

    access = allow(view=STAFF, act=LEADS)
    list_filter = ["kind", "is_active", typed("account code", "account__code")]
    search_fields = ["kind", "account__code", "account__name"]
    ordering = ["kind", "pk"]

    def formfield_for_dbfield(self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            offered = [("", "Every kind"), *((spec.code, spec.label) for spec in kinds.kinds())]
            return forms.ChoiceField(choices=offered, required=False, widget=UnfoldAdminSelectWidget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description="About")
    def about(self, row: SlaPolicy | RoutingRule) -> str:
        return str(row)


@admin.register(SlaPolicy)
class SlaPolicyAdmin(_ScopedAdmin):
    """How fast, in business minutes, and how grave; the most particular row that fits holds."""

    list_display = [
        "about", "respond_minutes", "resolve_minutes", "severity", "graver_from", "milder_below", "is_active",
    ]  # fmt: skip
    list_select_related = ["account", "tier"]
    autocomplete_fields = ["account"]
    fieldsets = [
        ("Which cases", {"fields": ["kind", "account", "tier", ("min_amount", "currency")]}),
        ("How fast", {"fields": [("respond_minutes", "resolve_minutes"), "is_active"]}),
        ("How grave", {"fields": ["severity", ("graver_from", "milder_below")]}),
    ]


@admin.register(RoutingRule)
class RoutingRuleAdmin(_ScopedAdmin):
    """Who owns what: a team, a person, or whoever of the team is there and has the fewest live cases."""

    list_display = ["about", "queue", "person", "spreads", "is_active"]
    list_select_related = ["account", "tier", "territory", "queue", "person"]
    autocomplete_fields = ["account", "person"]
    fieldsets = [
        ("Which cases", {"fields": ["kind", "account", ("territory", "tier"), ("min_amount", "currency")]}),
        ("Who owns them", {"fields": ["queue", "person", "spreads", "is_active"]}),
    ]
