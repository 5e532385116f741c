"""People: who signs in, what they may do, who buys and who sells. Users are kept by their own verbs."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.admin.forms import WordedForm
from accounts.models import Buyer, Rep, RepAssignment, SpendingEntry, User, UserAbsence
from accounts.queries import headrooms
from accounts.services.change_user import change_user
from accounts.services.create_user import create_user
from accounts.services.save_absence import save_absence
from accounts.services.save_buyer import save_buyer
from accounts.services.set_password import set_password
from accounts.states import STAFF, Role
from core import clock, journal, refs
from core.access import allow
from core.actors import Actor
from core.choices import choices, words
from core.console import LedgerAdmin, ReadOnlyInline, ReferenceAdmin, ServiceAdmin, actor_of, row_id
from core.errors import DomainError
from core.refs import DocumentRef

KEEPERS = allow(view=STAFF, act={Role.OPERATOR, Role.CS_LEAD})


class _RolesField(forms.MultipleChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=choices(Role), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, **kwargs
        )


class PersonForm(UserChangeForm):
    roles = _RolesField()


class NewPersonForm(UserCreationForm):
    """Checked here, stored by create_user."""

    roles = _RolesField()

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name", "roles", "time_zone", "reports_to"]

    def save(self, commit: bool = True) -> Any:
        return forms.ModelForm.save(self, commit=False)  # no password on the instance: the verb makes the user


class PasswordForm(AdminPasswordChangeForm):
    """Django's form; the verb stores. The screen leaves the actor on the user it hands over."""

    def save(self, commit: bool = True) -> Any:
        usable = self.cleaned_data.get("set_usable_password", True)
        actor: Actor = self.user.acting
        password = self.cleaned_data["password1"] if usable else None
        set_password(user_id=self.user.pk, password=password, actor=actor, now=clock.now())
        self.user.refresh_from_db()
        return self.user


class RoleFilter(admin.SimpleListFilter):
    title, parameter_name = "role", "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return choices(Role)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(roles__contains=[self.value()]) if self.value() else queryset


class AbsencesOfUser(ReadOnlyInline):
    show_change_link = True
    model = UserAbsence
    fk_name = "user"
    fields = readonly_fields = ["away_from", "back_on", "delegate", "note"]
    verbose_name_plural = "absences"
    ordering = ["-away_from"]
    per_page = 10

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("delegate")


class CompaniesOfUser(ReadOnlyInline):
    show_change_link = True
    model = Buyer
    fields = readonly_fields = ["account", "role", "order_limit", "period_limit", "is_active"]
    verbose_name_plural = "buys for"
    ordering = ["account__name"]
    per_page = 10

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("account")


@admin.register(User)
class UserAdmin(ServiceAdmin, DjangoUserAdmin):
    access = allow(view={Role.OPERATOR, Role.AUDITOR, Role.CS_LEAD}, act={Role.OPERATOR})
    form, add_form, change_password_form = PersonForm, NewPersonForm, PasswordForm
    list_display = ["email", "full_name", "role_list", "is_staff", "is_active", "last_login"]
    list_filter = [RoleFilter, "is_staff", "is_active", "is_superuser", "last_login"]
    search_fields = ["email", "first_name", "last_name", "username"]
    list_select_related = ["reports_to"]
    ordering = ["email"]
    filter_horizontal = []
    autocomplete_fields = ["reports_to"]
    inlines = [AbsencesOfUser, CompaniesOfUser]
    change_form_outer_after_template = "admin/panels.html"
    readonly_fields = ["username", "is_superuser", "last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": [("first_name", "last_name"), "email", "password"]}),
        ("What they may do", {"fields": ["roles", "is_staff", "is_active", "is_superuser"]}),
        ("Desk", {"fields": [("reports_to", "time_zone"), "username", ("last_login", "date_joined")]}),
    ]
    add_fieldsets = [
        (None, {"fields": [("first_name", "last_name"), "email", "usable_password", "password1", "password2"]}),
        ("What they may do", {"fields": ["roles"]}),
        ("Desk", {"fields": [("reports_to", "time_zone")]}),
    ]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return [] if obj is None else list(self.inlines)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        timeline = journal.timeline(DocumentRef("user", row_id(object_id)), limit=20)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "timeline": timeline})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else list(self.readonly_fields)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._add_view(request, form_url, extra_context)  # Django's add_view without its transaction

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        user = super().get_object(request, object_id, from_field)
        if user is not None:
            user.acting = actor_of(request)  # for PasswordForm, which sees the user and not the request
        return user

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        try:
            return super().user_change_password(request, id, form_url)
        except DomainError as refusal:
            messages.error(request, refusal.in_words)
            return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[id]))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        given, actor, now = form.cleaned_data, actor_of(request), clock.now()
        boss = given.get("reports_to")
        person: dict[str, Any] = {name: given.get(name) or "" for name in ("email", "first_name", "last_name")}
        person |= {"roles": given.get("roles", []), "reports_to_id": boss.pk if boss else None}
        person["time_zone"] = given.get("time_zone") or "UTC"
        if change:
            flags: dict[str, Any] = {name: bool(given.get(name)) for name in ("is_staff", "is_active")}
            change_user(user_id=obj.pk, **person, **flags, actor=actor, now=now)
            return
        password = given.get("password1") if given.get("set_usable_password", True) else None
        obj.pk = create_user(**person, password=password or None, actor=actor, now=now)

    @display(description="Name", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "–"

    @display(description="Roles")
    def role_list(self, user: User) -> str:
        return ", ".join(words(role) for role in user.roles) or "–"


class AccountsOfRep(ReadOnlyInline):
    model = RepAssignment
    fields = readonly_fields = ["account", "kind", "split_percent", "valid_from", "valid_to"]
    verbose_name_plural = "sells to"
    ordering = ["-valid_from", "account__code"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("account")


@admin.register(Rep)
class RepAdmin(ReferenceAdmin):
    access = KEEPERS
    list_display = ["code", "user", "territory", "promise_mail"]
    list_filter = ["territory", "promise_mail"]
    search_fields = ["code", "user__email", "user__first_name", "user__last_name"]
    list_select_related = ["user", "territory"]
    autocomplete_fields = ["user"]
    ordering = ["code"]
    inlines = [AccountsOfRep]


@admin.register(RepAssignment)
class RepAssignmentAdmin(LedgerAdmin):
    """Shown here, set on the account's page: shares only make sense as the whole table of an account."""

    access = KEEPERS
    list_display = ["account", "rep", "kind", "split_percent", "valid_from", "valid_to", "splits_link"]
    list_filter = ["kind", "rep__territory", "valid_from", "valid_to"]
    search_fields = ["account__code", "account__name", "rep__code"]
    list_select_related = ["account", "rep__user"]
    ordering = ["-valid_from", "account", "id"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Who may not set them is not shown the link."""
        shown = list(super().get_list_display(request))
        return shown if self.access.may_act(request.user) else [name for name in shown if name != "splits_link"]

    @display(description="Splits")
    def splits_link(self, assignment: RepAssignment) -> str:
        url = reverse("admin:accounts_account_splits", args=[assignment.account_id])
        return format_html('<a href="{}">Set</a>', url)


class SpendingOfBuyer(ReadOnlyInline):
    model = SpendingEntry
    fields = readonly_fields = ["spent_date", "document_number", "amount", "currency", "actor_label"]
    verbose_name_plural = "spending"
    ordering = ["-id"]


@admin.register(Buyer)
class BuyerAdmin(ReferenceAdmin):
    access = KEEPERS
    form = WordedForm
    list_display = ["user", "account", "role", "order_limit", "period_limit", "period", "is_active"]
    list_filter = ["role", "period", "is_active", "includes_children", "promise_mail"]
    search_fields = ["user__email", "user__last_name", "account__code", "account__name"]
    list_select_related = ["user", "account"]
    autocomplete_fields = ["user", "account"]
    ordering = ["account", "user"]
    inlines = [SpendingOfBuyer]
    change_form_outer_before_template = "accounts/headroom.html"
    fields = [
        "user", "account", ("role", "includes_children"), ("order_limit", "period_limit", "period"), "promise_mail",
        "is_active",
    ]  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Buyer, form: Any, change: bool) -> None:
        save_buyer(row=obj, actor=actor_of(request), now=clock.now())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        buyer = Buyer.objects.filter(pk=row_id(object_id)).first()
        extra = dict(extra_context or {})
        if buyer is not None:
            room = headrooms([buyer.pk], now=clock.now())[buyer.pk]
            extra |= {"buyer": buyer, "headroom": room, "last_day": (room.period.end or date.max) - timedelta(days=1)}
        return super().change_view(request, object_id, form_url, extra)


@admin.register(SpendingEntry)
class SpendingEntryAdmin(LedgerAdmin):
    access = allow(view=STAFF)
    list_display = ["buyer", "document", "amount", "currency", "spent_date", "at", "actor_label"]
    list_filter = ["spent_date", "currency", "at"]
    search_fields = ["document_number", "actor_label", "buyer__account__code", "buyer__user__email"]
    list_select_related = ["buyer__user", "buyer__account"]
    ordering = ["-id"]

    @display(description="Document", ordering="document_number")
    def document(self, entry: SpendingEntry) -> str:
        ref = DocumentRef(entry.document_kind, entry.document_id, entry.document_number)
        url = refs.url_of(ref)
        return format_html('<a href="{}">{}</a>', url, ref) if url else str(ref)


@admin.register(UserAbsence)
class UserAbsenceAdmin(ReferenceAdmin):
    access = KEEPERS
    form = WordedForm
    list_display = ["user", "away_from", "back_on", "delegate", "note"]
    list_filter = ["away_from", "back_on"]
    search_fields = ["user__email", "user__last_name", "delegate__email", "delegate__last_name", "note"]
    list_select_related = ["user", "delegate"]
    autocomplete_fields = ["user", "delegate"]
    ordering = ["-away_from"]
    fields = ["user", ("away_from", "back_on"), "delegate", "note"]

    def save_model(self, request: HttpRequest, obj: UserAbsence, form: Any, change: bool) -> None:
        save_absence(row=obj, actor=actor_of(request), now=clock.now())
