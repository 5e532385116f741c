"""Rules of credit as rows, and what is added to limits for a while or by an insurer."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminDateWidget, UnfoldAdminTextareaWidget

from core import clock
from core.access import allow
from core.choices import choices
from core.console import ServiceAdmin, actor_of
from core.overrides import Reason
from credit.admin.ledgers import FINANCE, LOOK
from credit.models import CreditAccount, CreditRule, LimitAddition
from credit.models.rule import MEASURES
from credit.services.end_addition import end_addition
from credit.services.grant_addition import AdditionSpec, grant_addition
from credit.services.keep_rule import keep_rule
from credit.states import AdditionKind, CheckPoint, RuleKind


class RuleForm(forms.ModelForm):
    points = forms.MultipleChoiceField(
        label="Check points",
        choices=choices(CheckPoint),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Where it is asked; none chosen: everywhere.",
    )

    class Meta:
        model = CreditRule
        fields = ("kind", "effect", "value", "account", "group", "risk_group", "points", "is_active", "note")


@admin.register(CreditRule)
class CreditRuleAdmin(ServiceAdmin):
    """A rule is switched off, never removed: its history says since when."""

    access = allow(view=LOOK, act=FINANCE)
    form = RuleForm
    list_display = ("__str__", "effect", "figure", "where", "is_active", "note")
    list_filter = ("kind", "effect", "risk_group", "is_active")
    search_fields = ("account__code", "account__name", "group__code", "group__name", "note")
    list_select_related = ("account", "group")
    autocomplete_fields = ("account", "group")
    ordering = ("kind", "account__code", "group__code", "risk_group", "pk")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    @admin.display(description="figure", ordering="value")
    def figure(self, row: CreditRule) -> str:
        return "–" if row.value is None else f"{row.value:,} {MEASURES.get(RuleKind(row.kind), '')}"

    @admin.display(description="asked at")
    def where(self, row: CreditRule) -> str:
        return ", ".join(row.points) or "every check point"

    def save_model(self, request: HttpRequest, obj: CreditRule, form: Any, change: bool) -> None:
        obj.pk = keep_rule(row=obj, actor=actor_of(request), now=clock.now())


class AdditionForm(forms.ModelForm):
    """A grant and why."""

    account_code = forms.CharField(label="Account code", max_length=40)
    note = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), help_text="Who asked, and why it is right."
    )
    approval = forms.IntegerField(required=False, help_text="The approval's number, where it is above your authority.")

    class Meta:
        model = LimitAddition
        fields = ("kind", "amount", "valid_from", "valid_to", "reference")


class EndForm(forms.ModelForm):
    """An end before its time."""

    end_on = forms.DateField(
        label="Ends on", widget=UnfoldAdminDateWidget, help_text="The first day without it.", required=False
    )
    why = forms.CharField(label="Why", widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))

    class Meta:
        model = LimitAddition
        fields = ()


@admin.register(LimitAddition)
class LimitAdditionAdmin(ServiceAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("account", "kind", "amount", "valid_from", "valid_to", "taken_back", "granted_by")
    list_filter = ("kind", "valid_from", "valid_to")
    search_fields = ("credit_account__account__code", "credit_account__account__name", "reference")
    list_select_related = ("credit_account__account", "end")
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None or self.has_change_permission(request, obj):
            kwargs["form"] = EndForm if change else AdditionForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = ("account", "kind", "amount", "valid_from", "valid_to", "reference", "granted_by", "taken_back")
        if obj is None:
            return ("account_code", "kind", "amount", "valid_from", "valid_to", "reference", "note", "approval")
        may_end = self.has_change_permission(request, obj) and not hasattr(obj, "end")
        return (*shown, "note", "end_on", "why") if may_end else (*shown, "note")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in self.get_fields(request, obj) if obj is not None and name not in ("end_on", "why")]

    def save_model(self, request: HttpRequest, obj: LimitAddition, form: Any, change: bool) -> None:
        given, actor, now = form.cleaned_data, actor_of(request), clock.now()
        if change:
            day = end_addition(addition_id=obj.pk, note=given["why"], end_date=given["end_on"], actor=actor, now=now)
            self.message_user(request, f"It ends on {day}. What was released under it stays released.")
            return
        code = given["account_code"].strip()
        found = CreditAccount.objects.filter(account__code__iexact=code).values_list("account_id", flat=True).first()
        kind = AdditionKind(given["kind"])
        spec = AdditionSpec(kind, given["amount"], given["valid_from"], given["valid_to"], given["reference"])
        obj.pk = grant_addition(
            account_id=found or 0,
            addition=spec,
            reason=Reason("limit_added", given["note"]),
            approval_id=given["approval"],
            actor=actor,
            now=now,
        )
        self.message_user(request, f"{given['amount']:,} more may be owed by {code}.", messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:credit_limitaddition_change", args=[obj.pk]))

    @admin.display(description="account", ordering="credit_account__account__code")
    def account(self, row: LimitAddition) -> str:
        return str(row.credit_account.account)

    @admin.display(description="taken back")
    def taken_back(self, row: LimitAddition) -> str:
        end = getattr(row, "end", None)
        return f"on {end.end_date} by {end.ended_by}: {end.note}" if end else "–"
