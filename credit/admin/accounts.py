"""Credit accounts: what is owed and how it adds up; a limit changes with a reason, amounts never by hand."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from core import clock
from core.access import allow
from core.choices import choices, words
from core.console import ServiceAdmin, actor_of
from core.money import Money
from core.overrides import Reason
from credit import queries
from credit.admin.evidence import evidence_table
from credit.admin.ledgers import FINANCE, LOOK
from credit.exchange import owed_abroad
from credit.models import CreditAccount
from credit.queries import Exposure, LimitAdditionView
from credit.services.change_limit import change_limit
from credit.services.change_settings import Settings, change_settings
from credit.services.open_credit_account import open_credit_account
from credit.services.request_limit import request_limit
from credit.states import CheckPoint

REASONS = [
    ("customer_request", "Customer asked"),
    ("review", "Periodic review"),
    ("new_information", "New information (statements, agency, insurer)"),
    ("payment_behaviour", "Payment behaviour"),
]
SETTINGS = (
    "terms",
    "head",
    "risk_group",
    "horizon_days",
    "overdue_days_allowed",
    "overdue_amount_max",
    "order_value_max",
    "check_points",
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


class SettingsForm(forms.ModelForm):
    """How the account's credit is looked at, and why that changes."""

    check_points = forms.MultipleChoiceField(
        choices=choices(CheckPoint),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Where credit may hold an order; elsewhere it only notes.",
    )
    reason_code = forms.ChoiceField(label="Reason", choices=REASONS, widget=UnfoldAdminSelectWidget)
    note = forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), help_text="Why this is right.")

    class Meta:
        model = CreditAccount
        fields = SETTINGS


def _is_settings(request: HttpRequest) -> bool:
    """The page has two forms, one at a time: each decision has its own reason in the log."""
    return "settings" in request.GET


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
            kwargs["form"] = SettingsForm if _is_settings(request) else LimitForm
        return super().get_form(request, obj, change=change, **kwargs)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        shown = (
            "account",
            "currency",
            "exposure_build_up",
            "ageing",
            "families",
            "additions",
            "evidence",
            "add_to_limit",
            "other_form",
        )
        if not self.has_change_permission(request, obj):
            return (*shown, *SETTINGS)
        return (*shown, "limit_amount", "limit_valid_to") if _is_settings(request) else (*shown, *SETTINGS)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            fields = ("account", "currency", "limit_amount", "limit_valid_to", "terms")
            return [(None, {"fields": fields}), ("Rules", {"fields": ("horizon_days", "order_value_max")})]
        limit: tuple[str, ...] = ("limit_amount", "limit_valid_to")
        rules: tuple[str, ...] = SETTINGS
        if self.has_change_permission(request, obj) and _is_settings(request):
            rules += ("reason_code", "note")
        elif self.has_change_permission(request, obj):
            limit += ("reason_code", "note", "ask_approval", "approval_id")
            rules += ("other_form",)
        told = ("account", "currency", "exposure_build_up", "ageing", "families", "additions", "evidence")
        return [
            (None, {"fields": (*told, "add_to_limit") if self.has_change_permission(request, obj) else told}),
            ("Limit", {"fields": limit}),
            ("Terms and rules", {"fields": rules}),
        ]

    def save_model(self, request: HttpRequest, obj: CreditAccount, form: Any, change: bool) -> None:
        if not change:
            obj.pk = self._open(request, form.cleaned_data)
            return
        given = form.cleaned_data
        if _is_settings(request):
            self._change_settings(request, obj.account_id, given)
            return
        asked: dict[str, Any] = {
            "account_id": obj.account_id,
            "limit_amount": given["limit_amount"],
            "actor": actor_of(request),
            "now": clock.now(),
        }
        if given["ask_approval"]:
            approval_id = request_limit(**asked, reason=given["note"], valid_to=given["limit_valid_to"])
            told = f"Approval {approval_id} is asked for. The limit is unchanged until somebody approves it."
            self.message_user(request, told, messages.WARNING)
            return
        reason = Reason(given["reason_code"], given["note"])
        more = {"valid_to": given["limit_valid_to"], "approval_id": given["approval_id"]}
        changed = change_limit(**asked, reason=reason, **more)
        self.message_user(request, f"The limit is {changed.after:,} {obj.currency}; it was {changed.before:,}.")

    def _change_settings(self, request: HttpRequest, account_id: int, given: dict[str, Any]) -> None:
        names = ("horizon_days", "check_points", "risk_group", "overdue_days_allowed")
        amounts = ("overdue_amount_max", "order_value_max")
        head: CreditAccount | None = given["head"]
        settings = Settings(
            terms_code=given["terms"].code,
            head_account_id=head.account_id if head else None,
            **{name: given[name] for name in (*names, *amounts)},
        )
        reason = Reason(given["reason_code"], given["note"])
        changed = change_settings(
            account_id=account_id, settings=settings, reason=reason, actor=actor_of(request), now=clock.now()
        )
        self.message_user(request, f"Changed: {', '.join(words(name).lower() for name in changed)}.")

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
        lines = [*_build_up(_exposure_of(row), row.horizon_days), *_abroad(row)]
        postings = reverse("admin:credit_posting_changelist")
        return format_html(
            '{}<p><a href="{}?credit_account__id__exact={}">Postings</a></p>', _table(lines), postings, row.pk
        )

    @admin.display(description="to change these")
    def other_form(self, row: CreditAccount) -> str:
        return format_html('<a href="{}">Change terms and rules</a>', "?settings=1")

    @admin.display(description="open items by age")
    def ageing(self, row: CreditAccount) -> str:
        found = queries.ageing([row.account_id], on=clock.company_day(clock.now()))[row.account_id]
        figures = [
            ("Not due", found.not_due),
            ("1 to 30 days late", found.days_1_30),
            ("31 to 60 days", found.days_31_60),
            ("61 to 90 days", found.days_61_90),
            ("Over 90 days", found.days_over_90),
        ]
        return _table((label, str(Money(amount, row.currency))) for label, amount in figures)

    @admin.display(description="limits of families it is in")
    def families(self, row: CreditAccount) -> str:
        """What all below each head owe together, beside that head's limit."""
        today = clock.company_day(clock.now())
        return _table(
            (
                family.name,
                f"{Money(family.parts.total, row.currency)} of {Money(family.limits.total(today), row.currency)}",
            )
            for family in queries.heads_above(row.account_id, on=today)
        )

    @admin.display(description="evidence for limits")
    def evidence(self, row: CreditAccount) -> str:
        """What the next request for a limit is shown with."""
        return evidence_table(row)

    @admin.display(description="beside the limit")
    def additions(self, row: CreditAccount) -> str:
        found = queries.additions_of(row.account_id)
        return _table((_addition_words(x), str(Money(x.amount, row.currency))) for x in found)

    @admin.display(description="more")
    def add_to_limit(self, row: CreditAccount) -> str:
        """Shown to whoever may do it."""
        return format_html(
            '<p><a href="{}">Attach a document or a note</a></p><p><a href="{}">Add a temporary or insured amount</a></p>',
            reverse("admin:credit_limitevidence_attach", args=[row.pk]),
            reverse("admin:credit_limitaddition_add"),
        )


def _addition_words(view: LimitAdditionView) -> str:
    until = f" until {view.valid_to}" if view.valid_to else ""
    return f"{words(view.kind)} from {view.valid_from}{until}, by {view.granted_by}: {view.note}"


def _table(lines: Iterable[tuple[str, str]]) -> str:
    cells = format_html_join(
        "", '<tr><td class="pr-6 is-words">{}</td><td class="text-right whitespace-nowrap">{}</td></tr>', lines
    )
    return format_html('<table class="tabular-nums">{}</table>', cells) if cells else "None"


def _with_exposure(rows: QuerySet[CreditAccount] | list[CreditAccount]) -> None:
    found = queries.exposure([row.account_id for row in rows], on=clock.company_day(clock.now()))
    for row in rows:
        row.known_exposure = found[row.account_id]  # type: ignore[attr-defined]


def _exposure_of(row: CreditAccount) -> Exposure:
    known: Exposure | None = getattr(row, "known_exposure", None)
    return known or queries.exposure([row.account_id], on=clock.company_day(clock.now()))[row.account_id]


def _abroad(row: CreditAccount) -> Iterator[tuple[str, str]]:
    for owed in owed_abroad(row.account_id):
        yield f"Of it in {owed.currency}", f"{Money(owed.own, owed.currency)} = {Money(owed.counted, row.currency)}"
        if owed.waiting:
            yield "Not counted: no exchange rate", str(Money(owed.waiting, owed.currency))


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
