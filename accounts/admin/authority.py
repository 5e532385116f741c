"""How much each role may approve."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from accounts.approval_queries import all_kept_limits
from accounts.models import AuthorityLimit
from accounts.rules.authority import in_force
from accounts.services.save_authority import remove_authority, save_authority
from accounts.states import STAFF, Role
from core import clock
from core.access import allow
from core.choices import words
from core.console import ReferenceAdmin, actor_of


def _kind(kind: str) -> str:
    return words(kind) if kind else "Every other kind"


@admin.register(AuthorityLimit)
class AuthorityLimitAdmin(ReferenceAdmin):
    """A kind with rows here is ruled by them alone; other kinds by what a new installation starts with (the manual)."""

    access = allow(view=STAFF, act={Role.FINANCE_APPROVER, Role.OPERATOR})
    list_display = ["kind_words", "role", "max_amount", "max_margin_points", "day_amount"]
    list_display_links = ["kind_words"]
    list_filter = ["kind", "role"]
    search_fields = ["kind", "role"]
    ordering = ["kind", "role"]
    list_after_template = "admin/authority_in_force.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Below what was set here stands what rules: whom this installation left to the limits it began with."""
        limits = [(_kind(x.kind), words(x.role), x, is_set) for x, is_set in in_force(all_kept_limits())]
        return super().changelist_view(request, {**(extra_context or {}), "limits_in_force": limits})

    @admin.display(description="what", ordering="kind")
    def kind_words(self, row: AuthorityLimit) -> str:
        return _kind(row.kind)

    def save_model(self, request: HttpRequest, obj: AuthorityLimit, form: Any, change: bool) -> None:
        save_authority(row=obj, actor=actor_of(request), now=clock.now())

    def delete_model(self, request: HttpRequest, obj: AuthorityLimit) -> None:
        remove_authority(row=obj, actor=actor_of(request), now=clock.now())
