"""Customers: accounts, ship-tos, groups, tiers, territories. A status changes only by its own verb."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import display

from accounts.models import Account, AccountGroup, GroupMembership, ServiceTier, ShipTo, Territory
from accounts.services.change_status import change_status
from accounts.states import ACCOUNT, STAFF, AccountStatus, Role
from core import clock, panels
from core.access import allow
from core.choices import words
from core.console import ReadOnlyInline, ReferenceAdmin, actor_of, row_id
from core.errors import DomainError
from core.reference import save_reference
from core.refs import DocumentRef

KEEPERS = allow(view=STAFF, act={Role.OPERATOR, Role.CS_LEAD})
TONES = {"prospect": "info", "active": "success", "suspended": "warning", "closed": "danger"}


class ShipTosOfAccount(ReadOnlyInline):
    show_change_link = True
    model = ShipTo
    fields = readonly_fields = ["code", "name", "city", "edi_code", "gln", "is_default"]
    verbose_name_plural = "ship-to addresses"
    ordering = ["code"]
    per_page = 20


class GroupsOfAccount(ReadOnlyInline):
    show_change_link = True
    model = GroupMembership
    fields = readonly_fields = ["group", "valid_from", "valid_to", "identifier"]
    verbose_name_plural = "groups"
    ordering = ["-valid_from"]


@admin.register(Account)
class AccountAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["code", "name", "status_pill", "tier", "territory", "currency"]
    list_display_links = ["code", "name"]
    list_filter = ["status", "tier", "territory", "currency", "ship_complete"]
    search_fields = ["code", "name", "external_id"]
    search_help_text = "Code, name or the ERP's number"
    list_select_related = ["tier", "territory"]
    ordering = ["code"]
    autocomplete_fields = ["parent"]
    readonly_fields = ["status", "public_id"]
    inlines = [ShipTosOfAccount, GroupsOfAccount]
    change_form_outer_before_template = "accounts/account_status.html"
    change_form_outer_after_template = "accounts/panels.html"
    fieldsets = [
        (None, {"fields": [("code", "name"), ("status", "external_id"), ("parent", "tier"), ("territory", "region")]}),
        ("Buying", {"fields": [("currency", "time_zone"), ("po_number_required", "is_tax_exempt")]}),
        (
            "Shipping",
            {
                "fields": [
                    ("ship_complete", "max_shipments"),
                    ("min_line_percent", "min_order_percent"),
                    ("backorders_allowed", "substitution_allowed"),
                    "min_shelf_life_days",
                ]
            },
        ),
    ]

    @display(description="Status", ordering="status", label=TONES)
    def status_pill(self, account: Account) -> tuple[str, str]:
        return account.status, words(account.status)

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        only = form.changed_data if change else None
        save_reference(row=obj, actor=actor_of(request), now=clock.now(), only=only)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.status_view)
        return [path("<int:account_id>/status/", view, name="accounts_account_status"), *super().get_urls()]

    def status_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """The buttons above the form: one call of change_status."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        wanted, reason = request.POST.get("status", ""), request.POST.get("reason", "")
        if wanted not in set(AccountStatus):
            messages.error(request, "Choose one of the buttons.")
        else:
            self._change_status(request, account_id, AccountStatus(wanted), reason)
        return HttpResponseRedirect(reverse("admin:accounts_account_change", args=[account_id]))

    def _change_status(self, request: HttpRequest, account_id: int, status: AccountStatus, reason: str) -> None:
        try:
            change_status(account_id=account_id, status=status, reason=reason, actor=actor_of(request), now=clock.now())
        except DomainError as refusal:
            messages.error(request, f"{refusal.message} {refusal.remedy}".strip())
        else:
            messages.success(request, f"The account is {status} now.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        account = Account.objects.filter(pk=row_id(object_id)).first()
        extra = dict(extra_context or {})
        if account is not None:
            ref = DocumentRef("account", account.pk, account.code)
            extra["panels"] = panels.rendered(ref, request)
            extra["account"] = account
            if self.access.may_act(request.user):
                following = sorted(ACCOUNT.table[AccountStatus(account.status)])
                extra["following"] = [(status, VERBS[status]) for status in following]
        return super().change_view(request, object_id, form_url, extra)


VERBS = {
    AccountStatus.ACTIVE: "Activate",
    AccountStatus.SUSPENDED: "Suspend",
    AccountStatus.CLOSED: "Close for good",
    AccountStatus.PROSPECT: "Make a prospect",
}


@admin.register(ShipTo)
class ShipToAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act={Role.OPERATOR, Role.CS, Role.CS_LEAD})
    list_display = ["name", "account", "code", "city", "edi_code", "is_default", "is_active"]
    list_filter = ["is_active", "is_default", "country", "region"]
    search_fields = ["code", "name", "city", "edi_code", "gln", "account__code", "account__name"]
    list_select_related = ["account"]
    autocomplete_fields = ["account"]
    ordering = ["account", "code"]


@admin.register(AccountGroup)
class AccountGroupAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["name", "code", "kind"]
    list_filter = ["kind"]
    search_fields = ["code", "name"]


@admin.register(GroupMembership)
class GroupMembershipAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["account", "group", "valid_from", "valid_to", "identifier_kind", "identifier"]
    list_filter = ["group", "identifier_kind"]
    search_fields = ["account__code", "account__name", "group__code", "group__name", "identifier"]
    list_select_related = ["account", "group"]
    autocomplete_fields = ["account", "group"]
    ordering = ["-valid_from"]


@admin.register(ServiceTier)
class ServiceTierAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["name", "code", "rank", "fair_share_weight", "order_lock_days", "promise_slip_days"]
    list_filter = ["order_lock_days"]
    search_fields = ["code", "name"]
    ordering = ["rank"]


@admin.register(Territory)
class TerritoryAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["name", "code"]
    search_fields = ["code", "name"]
