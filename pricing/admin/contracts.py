"""Contracts with their versions and terms."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from core.access import allow
from core.choices import counted
from core.console import ReferenceAdmin
from pricing.admin.sources import DESK, LOOK
from pricing.models import Contract


@admin.register(Contract)
class ContractAdmin(ReferenceAdmin):
    """A version over its time; a new one begins where the one before it ends."""

    access = allow(view=LOOK, act=DESK)
    list_display = ("number", "name", "with_whom", "valid_from", "valid_to", "is_active", "sla")
    list_filter = ("is_active", "renews", "valid_from", "valid_to", "account", "group")
    search_fields = ("code", "name", "account__code", "account__name", "group__code", "group__name")
    list_select_related = ("account", "group")
    autocomplete_fields = ("account", "group")
    readonly_fields = ("prices",)
    ordering = ("code", "-version")
    fieldsets = (
        (None, {"fields": (("code", "version"), ("name", "covers_children"), ("account", "group"), "prices")}),
        ("When", {"fields": (("valid_from", "valid_to"), ("notice_days", "renews"), "is_active")}),
        ("Money", {"fields": (("currency", "payment_terms"), "margin_floor_percent")}),
        (
            "Service",
            {
                "fields": (
                    ("on_time_percent", "fill_percent"),
                    ("penalty_per_late_line", "penalty_per_late_day"),
                    "note",
                )
            },
        ),
    )

    @admin.display(description="contract", ordering="code")
    def number(self, row: Contract) -> str:
        return str(row)

    @admin.display(description="with")
    def with_whom(self, row: Contract) -> str:
        return str(row.account or row.group)

    @admin.display(description="a line a day late costs")
    def sla(self, row: Contract) -> str:
        late = row.penalty_per_late_line + row.penalty_per_late_day
        return f"{late:,} {row.currency}" if late else "–"

    @admin.display(description="price lists")
    def prices(self, row: Contract) -> str:
        if row._state.adding:
            return "Save the contract, then name it on its price lists."
        url = reverse("admin:pricing_pricesource_changelist")
        return format_html(
            '<a href="{}?contract__id__exact={}">{}</a>', url, row.pk, counted(row.lists.count(), "price list")
        )
