"""Credit accounts: what is owed and how it adds up; a limit changes with a reason, amounts never by hand."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from core import clock
from core.access import allow
from core.console import ServiceAdmin, actor_of
from core.money import Money
from core.overrides import Reason
from credit import queries
from credit.admin.ledgers import FINANCE, LOOK
from credit.models import CreditAccount
from credit.queries import Exposure
from credit.services.change_limit import change_limit
from credit.services.open_credit_account import open_credit_account
from credit.services.request_limit import request_limit

REASONS = [
    ("customer_request", "Customer asked"),
    ("review", "Periodic review"),
    ("new_information", "New information (statements, agency, insurer)"),
    ("payment_behaviour", "Payment behaviour"),
]
SETTINGS = (
    "risk_group",
    "horizon_days",
    "overdue_days_allowed",
    "overdue_amount_max",
    "order_value_max",
    "check_at_release",
)


class LimitForm(forms.ModelForm):
    """A new limit, and why."""

    limit_valid_to = forms.DateField(
        required=False, widget=UnfoldAdminDateWidget, help_text="The first day without the limit; empty: no end."
    )
    reason_code = forms.ChoiceField(label="Reason", choices=REASONS, widget=UnfoldAdminSelectWidget)
    note = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), help_text="What was asked, by whom and why it is right."
    )
    ask_approval = forms.BooleanField(
        label="Ask for approval",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Above your authority: nothing changes until somebody with a higher one approves.",
    )
    approval_id = forms.IntegerField(
        label="Approval", required=False, widget=UnfoldAdminIntegerFieldWidget, help_text="Its number, once approved."
    )

    class Meta:
        model = CreditAccount
        fields = ("limit_amount",)


@admin.register(CreditAccount)
class CreditAccountAdmin(ServiceAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("account", "limit", "exposure", "available", "overdue", "terms", "limit_valid_to")
    list_filter = ("terms", "currency", "risk_group", "limit_valid_to")
    search_fields = ("account__code", "account__name")
    list_select_related = ("account", "terms")
    autocomplete_fields = ("account",)
    ordering = ("account__code",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.access.may_act(request.user)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Exposure of the page's accounts, asked once for all of them."""
        changelist = super().get_changelist_instance(request)
        _with_exposure(changelist.result_list)
        return changelist

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if change and self.has_change_permission(request, obj):
            kwargs["form"] = LimitForm
        return super().get_form(request, obj, change=change, **kwargs)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("account", "currency", "terms", "exposure_build_up", *SETTINGS)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            fields = ("account", "currency", "limit_amount", "limit_valid_to", "terms")
            return [(None, {"fields": fields}), ("Rules", {"fields": ("horizon_days", "order_value_max")})]
        limit: tuple[str, ...] = ("limit_amount", "limit_valid_to")
        if self.has_change_permission(request, obj):
            limit += ("reason_code", "note", "ask_approval", "approval_id")
        return [
            (None, {"fields": ("account", "currency", "terms", "exposure_build_up")}),
            ("Limit", {"fields": limit}),
            ("Rules", {"fields": SETTINGS}),
        ]

    def save_model(self, request: HttpRequest, obj: CreditAccount, form: Any, change: bool) -> None:
        if not change:
            obj.pk = self._open(request, form.cleaned_data)
            return
        given = form.cleaned_data
        asked: dict[str, Any] = {
            "account_id": obj.account_id,
            "limit_amount": given["limit_amount"],
            "actor": actor_of(request),
            "now": clock.now(),
        }
        if given["ask_approval"]:
            approval_id = request_limit(**asked, reason=given["note"])
            self.message_user(
                request, f"Approval {approval_id} is asked for. The limit is unchanged.", messages.WARNING
            )
            return
        reason = Reason(given["reason_code"], given["note"])
        more = {"valid_to": given["limit_valid_to"], "approval_id": given["approval_id"]}
        changed = change_limit(**asked, reason=reason, **more)
        self.message_user(request, f"The limit is {changed.after:,} {obj.currency}; it was {changed.before:,}.")

    def _open(self, request: HttpRequest, given: dict[str, Any]) -> int:
        return open_credit_account(
            account_id=given["account"].pk,
            currency=given["currency"],
            limit_amount=given["limit_amount"],
            limit_valid_to=given["limit_valid_to"],
            terms_code=given["terms"].code,
            horizon_days=given["horizon_days"],
            order_value_max=given["order_value_max"],
            actor=actor_of(request),
            now=clock.now(),
        )

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """What happened was said by save_model; Django's "was changed" would be wrong for a mere request."""
        return HttpResponseRedirect(reverse("admin:credit_creditaccount_change", args=[obj.pk]))

    @admin.display(description="limit")
    def limit(self, row: CreditAccount) -> str:
        return f"{row.limit_amount:,} {row.currency}"

    @admin.display(description="exposure")
    def exposure(self, row: CreditAccount) -> str:
        return f"{_exposure_of(row).parts.total:,}"

    @admin.display(description="available")
    def available(self, row: CreditAccount) -> str:
        available = _exposure_of(row).available
        tone = "tone-bad" if available < 0 else "tone-ok"
        return format_html('<span class="pill {}">{}</span>', tone, f"{available:,}")

    @admin.display(description="overdue")
    def overdue(self, row: CreditAccount) -> str:
        overdue = _exposure_of(row).overdue
        return f"{overdue.amount:,} · {overdue.oldest_days} days" if overdue.oldest_days else "–"

    @admin.display(description="exposure build-up")
    def exposure_build_up(self, row: CreditAccount) -> str:
        """The sum as a column of figures, and the limit beside it."""
        lines = _build_up(_exposure_of(row), row.horizon_days)
        postings = reverse("admin:credit_posting_changelist")
        return format_html(
            '<table class="tabular-nums">{}</table><p><a href="{}?credit_account__id__exact={}">Postings</a></p>',
            format_html_join("", '<tr><td class="pr-6">{}</td><td class="text-right">{}</td></tr>', lines),
            postings,
            row.pk,
        )


def _with_exposure(rows: QuerySet[CreditAccount] | list[CreditAccount]) -> None:
    found = queries.exposure([row.account_id for row in rows], on=clock.now().date())
    for row in rows:
        row.known_exposure = found[row.account_id]  # type: ignore[attr-defined]


def _exposure_of(row: CreditAccount) -> Exposure:
    known: Exposure | None = getattr(row, "known_exposure", None)
    return known or queries.exposure([row.account_id], on=clock.now().date())[row.account_id]


def _build_up(exposure: Exposure, horizon_days: int) -> list[tuple[str, str]]:
    parts = exposure.parts
    figures: list[tuple[str, Decimal]] = [
        ("Open receivables", parts.receivable),
        ("Shipped, not invoiced", parts.shipped),
        ("Released, not shipped", parts.released),
        (f"Open orders shipping within {horizon_days} days", parts.open_orders),
        ("Cash on account", -parts.unapplied),
        ("Exposure", parts.total),
        ("Limit, temporary and insured", exposure.limit + exposure.temporary + exposure.insured),
        ("Available", exposure.available),
    ]
    return [(label, str(Money(amount, exposure.currency))) for label, amount in figures]
