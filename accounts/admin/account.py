"""Customers: accounts, ship-tos, groups, tiers, territories. A status changes only by its own verb."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.admin.forms import WordedForm
from accounts.admin.splits import splits_page
from accounts.models import (
    Account,
    AccountGroup,
    Buyer,
    GroupMembership,
    Rep,
    RepAssignment,
    ServiceTier,
    ShipTo,
    Territory,
)
from accounts.models.account import WEEKDAYS
from accounts.services.change_status import change_status
from accounts.services.deactivate_ship_to import deactivate_ship_to
from accounts.services.make_default import make_default
from accounts.services.save_account import save_account
from accounts.services.save_membership import save_membership
from accounts.services.save_ship_to import save_ship_to
from accounts.states import ACCOUNT, STAFF, AccountStatus, Role
from core import clock, journal, panels
from core.access import allow
from core.choices import words
from core.console import ReadOnlyInline, ReferenceAdmin, actor_of, row_id
from core.errors import DomainError
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
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("group")


class SellersOfAccount(ReadOnlyInline):
    model = RepAssignment
    fields = readonly_fields = ["rep", "kind", "split_percent", "valid_from", "valid_to"]
    verbose_name_plural = "who sells to it"
    ordering = ["-valid_from", "kind", "id"]
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("rep__user")


class BuyersOfAccount(ReadOnlyInline):
    show_change_link = True
    model = Buyer
    fields = readonly_fields = ["user", "role", "order_limit", "period_limit", "period", "is_active"]
    verbose_name_plural = "buyers"
    ordering = ["user__last_name", "id"]
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")


@admin.register(Account)
class AccountAdmin(ReferenceAdmin):
    access = KEEPERS
    form = WordedForm
    list_display = ["code", "name", "status_pill", "tier", "territory", "currency"]
    list_display_links = ["code", "name"]
    list_filter = ["status", "tier", "territory", "currency", "ship_complete"]
    search_fields = ["code", "name", "external_id"]
    search_help_text = "Code, name or the ERP's number"
    list_select_related = ["tier", "territory"]
    ordering = ["code"]
    autocomplete_fields = ["parent"]
    readonly_fields = ["status", "public_id"]
    inlines = [ShipTosOfAccount, GroupsOfAccount, SellersOfAccount, BuyersOfAccount]
    change_form_outer_before_template = "accounts/account_top.html"
    change_form_outer_after_template = "admin/panels.html"
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
                    ("short_close_percent", "over_ship_percent"),
                    "early_days_allowed",
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
        save_account(row=obj, actor=actor_of(request), now=clock.now(), only=only)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.status_view)
        splits = self.admin_site.admin_view(self.splits_view)
        return [
            path("<int:account_id>/status/", view, name="accounts_account_status"),
            path("<int:account_id>/splits/", splits, name="accounts_account_splits"),
            *super().get_urls(),
        ]

    def splits_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        self.require_act(request)
        return splits_page(request, account_id)

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
            messages.error(request, refusal.in_words)
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
            extra["timeline"] = journal.timeline(ref, limit=20)
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


class ShipToForm(WordedForm):
    delivery_days = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None: any day the receiving calendar is open.",
    )


@admin.register(ShipTo)
class ShipToAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act={Role.OPERATOR, Role.CS, Role.CS_LEAD})
    list_display = ["name", "account", "code", "city", "edi_code", "is_default", "is_active"]
    list_filter = ["is_active", "is_default", "country", "region"]
    search_fields = ["code", "name", "city", "edi_code", "gln", "account__code", "account__name"]
    list_select_related = ["account"]
    autocomplete_fields = ["account"]
    ordering = ["account", "code"]
    form = ShipToForm
    change_form_outer_before_template = "accounts/ship_to_buttons.html"
    fieldsets = [
        (None, {"fields": ["account", ("code", "name"), ("is_default", "is_active")]}),
        ("Address", {"fields": ["line1", "line2", ("city", "region", "postal_code"), ("country", "time_zone")]}),
        ("Receiving", {"fields": ["calendar", "delivery_days", ("delivery_from", "delivery_to")]}),
        ("Names in EDI", {"fields": [("gln", "edi_code")]}),
    ]

    def save_model(self, request: HttpRequest, obj: ShipTo, form: Any, change: bool) -> None:
        save_ship_to(row=obj, actor=actor_of(request), now=clock.now())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.do_view)
        return [path("<int:ship_to_id>/do/", view, name="accounts_shipto_do"), *super().get_urls()]

    def do_view(self, request: HttpRequest, ship_to_id: int) -> HttpResponse:
        """The buttons above the form: one call of a verb."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        verb = {"default": make_default, "deactivate": deactivate_ship_to}.get(request.POST.get("verb", ""))
        try:
            if verb is None:
                messages.error(request, "Choose one of the buttons.")
            else:
                verb(ship_to_id=ship_to_id, actor=actor_of(request), now=clock.now())
        except DomainError as refusal:
            messages.error(request, refusal.in_words)
        return HttpResponseRedirect(reverse("admin:accounts_shipto_change", args=[ship_to_id]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        place = ShipTo.objects.filter(pk=row_id(object_id), is_active=True).first()
        extra = dict(extra_context or {})
        if place is not None and self.access.may_act(request.user):
            default = [] if place.is_default else [("default", "Make it the default")]
            extra |= {"place": place, "buttons": [*default, ("deactivate", "Do not use it any more")]}
        return super().change_view(request, object_id, form_url, extra)


class MembersOfGroup(ReadOnlyInline):
    show_change_link = True
    model = GroupMembership
    fields = readonly_fields = ["account", "valid_from", "valid_to", "identifier_kind", "identifier"]
    verbose_name_plural = "members"
    ordering = ["account__code", "-valid_from"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("account")


@admin.register(AccountGroup)
class AccountGroupAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["name", "code", "kind"]
    list_filter = ["kind"]
    search_fields = ["code", "name"]
    ordering = ["name"]
    inlines = [MembersOfGroup]


@admin.register(GroupMembership)
class GroupMembershipAdmin(ReferenceAdmin):
    access = KEEPERS
    form = WordedForm
    list_display = ["account", "group", "valid_from", "valid_to", "identifier_kind", "identifier"]
    list_filter = ["group", "identifier_kind", "valid_from", "valid_to"]
    search_fields = ["account__code", "account__name", "group__code", "group__name", "identifier"]
    list_select_related = ["account", "group"]
    autocomplete_fields = ["account", "group"]
    ordering = ["-valid_from"]
    fields = ["account", "group", ("valid_from", "valid_to"), ("identifier_kind", "identifier")]

    def save_model(self, request: HttpRequest, obj: GroupMembership, form: Any, change: bool) -> None:
        save_membership(row=obj, actor=actor_of(request), now=clock.now())


@admin.register(ServiceTier)
class ServiceTierAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["name", "code", "rank", "fair_share_weight", "order_lock_days", "promise_slip_days"]
    list_filter = ["order_lock_days"]
    search_fields = ["code", "name"]
    ordering = ["rank"]


class RepsOfTerritory(ReadOnlyInline):
    show_change_link = True
    model = Rep
    fields = readonly_fields = ["code", "user"]
    verbose_name_plural = "reps"
    ordering = ["code"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")


@admin.register(Territory)
class TerritoryAdmin(ReferenceAdmin):
    access = KEEPERS
    inlines = [RepsOfTerritory]
    ordering = ["name"]
    list_display = ["name", "code"]
    search_fields = ["code", "name"]
