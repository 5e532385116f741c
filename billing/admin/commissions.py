"""Commissions in the console: plans and their rates, what moved, statements."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from accounts.queries import rep_names
from accounts.states import Role
from billing.admin.inlines import FINANCE
from billing.commission_queries import reps_with_earnings
from billing.models import (
    CommissionEntry,
    CommissionPlan,
    CommissionRate,
    CommissionStatement,
    CommissionStatementLine,
    PlanMember,
    PlanVersion,
)
from billing.services.commission_statements import answer_line, close_statement, dispute_line, pay_statement
from billing.services.keep_rate import refuse_used_version
from billing.services.settle_commissions import recompute_commissions
from billing.states import LineState, StatementStatus
from core import clock, journal
from core.access import allow
from core.console import LedgerAdmin, ReadOnlyInline, ReferenceAdmin, actor_of, row_id
from core.quantity import plain
from core.refs import DocumentRef
from inventory.admin import steps
from inventory.admin.steps import Field, Step

LOOK = {Role.CS_LEAD, Role.PRICING, Role.AUDITOR, Role.OPERATOR}
MOST = 500


@admin.register(CommissionPlan)
class CommissionPlanAdmin(ReferenceAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("code", "name")
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(PlanVersion)
class PlanVersionAdmin(ReferenceAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("plan", "number", "valid_from", "valid_to", "note")
    list_filter = ("plan",)
    list_select_related = ("plan",)
    search_fields = ("plan__code", "plan__name")
    ordering = ("plan__code", "-number")


@admin.register(CommissionRate)
class CommissionRateAdmin(ReferenceAdmin):
    """Rates of a version that paid somebody stay as they are: a new version changes them, from a day on."""

    access = allow(view=LOOK, act=FINANCE)
    list_display = ("version", "kind", "product", "category", "tier", "min_margin_percent", "percent")
    list_filter = ("kind", "version__plan")
    list_select_related = ("version__plan", "product", "category", "tier")
    autocomplete_fields = ("product", "category", "tier")
    search_fields = ("version__plan__code", "product__sku")
    ordering = ("pk",)

    def save_model(self, request: HttpRequest, obj: CommissionRate, form: Any, change: bool) -> None:
        """Refused for a version somebody was paid by."""
        refuse_used_version(obj.version_id)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: CommissionRate) -> None:
        """Refused for a version somebody was paid by."""
        refuse_used_version(obj.version_id)
        super().delete_model(request, obj)


@admin.register(PlanMember)
class PlanMemberAdmin(ReferenceAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("rep", "plan", "valid_from", "valid_to")
    list_filter = ("plan",)
    list_select_related = ("rep__user", "plan")
    search_fields = ("rep__code", "plan__code")
    ordering = ("rep__code", "-valid_from")


@admin.register(CommissionEntry)
class CommissionEntryAdmin(LedgerAdmin):
    access = allow(view=LOOK | FINANCE)
    list_display = ("at", "rep", "invoice", "step", "accrued_delta", "earned_delta", "why")
    list_filter = ("step", "kind", "at")
    list_select_related = ("rep__user", "invoice")
    search_fields = ("invoice__number", "rep__code")
    ordering = ("-pk",)
    export_columns = (
        ("At", "at"), ("Rep", "rep__code"), ("Invoice", "invoice__number"), ("Kind", "kind"), ("Step", "step"),
        ("Base", "base_amount"), ("Rate %", "rate_percent"), ("Accrued", "accrued_delta"), ("Earned", "earned_delta"),
        ("Paid", "paid_delta"), ("Why", "why"),
    )  # fmt: skip


class StatementLineInline(ReadOnlyInline):
    model = CommissionStatementLine
    verbose_name_plural = "lines"
    fields = readonly_fields = ("invoice", "kind", "amount", "why", "state", "note", "answer")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("invoice").order_by("pk")


@admin.register(CommissionStatement)
class CommissionStatementAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=FINANCE)
    list_display = ("number", "rep", "period_end", "status", "amount", "currency", "paid_at")
    list_filter = ("status", "period_end")
    list_select_related = ("rep__user",)
    search_fields = ("number", "rep__code")
    ordering = ("-pk",)
    inlines = (StatementLineInline,)
    change_form_template = "admin/inventory/page.html"
    export_columns = (
        ("Statement", "number"), ("Rep", "rep__code"), ("Period end", "period_end"), ("Status", "status"),
        ("Invoice", "lines__invoice__number"), ("Kind", "lines__kind"), ("Amount", "lines__amount"),
        ("Why", "lines__why"), ("State", "lines__state"),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("close/", view(self.close_view), name="billing_commissionstatement_close"),
            path("recompute/", view(self.recompute_view), name="billing_commissionstatement_recompute"),
            path("<int:statement_id>/step/<slug:verb>/", view(self.step_view), name="billing_commissionstatement_step"),
        ]
        return own + super().get_urls()

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.access.may_act(request.user)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A statement is closed, not typed in."""
        return self.close_view(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row, extra = CommissionStatement.objects.filter(pk=row_id(object_id)).first(), dict(extra_context or {})
        if row is not None:
            extra["timeline"] = journal.timeline(DocumentRef("commission_statement", row.pk))
            if self.access.may_act(request.user):
                url = "admin:billing_commissionstatement_step"
                extra["steps"] = [(reverse(url, args=[row.pk, v]), label) for v, label in _verbs(row)]
        return super().change_view(request, object_id, form_url, extra)

    def close_view(self, request: HttpRequest) -> HttpResponse:
        self.require_act(request)
        wrong: list[str] = []
        names = rep_names(reps_with_earnings())
        chosen = request.POST.get("rep", "")
        yesterday = (clock.company_day(clock.now()) - timedelta(days=1)).isoformat()
        until = steps.day(request, "until", "Up to", wrong) if request.method == "POST" else None
        currency = request.POST.get("currency", "USD").strip().upper()[:3]
        if request.method == "POST" and row_id(chosen) not in names:
            wrong.append("Choose a rep with something earned.")
        step = Step(
            "Close a commission statement", "Close", reverse("admin:billing_commissionstatement_changelist"),
            intro=("What was earned or clawed back up to the end of the day, and was on no statement before.",),
            fields=(
                Field("rep", "Rep", chosen, "select", options=[("", "Choose"), *((str(k), v) for k, v in names.items())]),
                Field("until", "Up to", request.POST.get("until", yesterday), "date"),
                Field("currency", "Currency", currency),
            ),
        )  # fmt: skip

        def act() -> str:
            made = close_statement(
                rep_id=row_id(chosen), currency=currency, period_end=until or clock.company_day(clock.now()),
                actor=actor_of(request), now=clock.now(),
            )  # fmt: skip
            return f"Statement {CommissionStatement.objects.get(pk=made)} is closed."

        return steps.run(self, request, step, act, wrong=wrong)

    def recompute_view(self, request: HttpRequest) -> HttpResponse:
        self.require_act(request)
        wrong: list[str] = []
        today = clock.company_day(clock.now())
        days = {n: request.POST.get(n, d.isoformat()) for n, d in (("from", today.replace(day=1)), ("to", today))}
        first, last = (
            (steps.day(request, name, name.capitalize(), wrong) for name in ("from", "to"))
            if request.method == "POST"
            else (today, today)
        )
        step = Step(
            "Recompute commissions", "Recompute", reverse("admin:billing_commissionstatement_changelist"),
            intro=("From the plan versions now in force for those days. Differences are on the next statement.",),
            fields=(
                Field("from", "Invoices from", days["from"], "date"),
                Field("to", "to", days["to"], "date"),
            ),
        )  # fmt: skip

        def act() -> str:
            done = recompute_commissions(from_date=first, to_date=last, now=clock.now())
            return f"{done} movement(s) of commission."

        return steps.run(self, request, step, act, wrong=wrong)

    def step_view(self, request: HttpRequest, statement_id: int, verb: str) -> HttpResponse:
        self.require_act(request)
        row = CommissionStatement.objects.filter(pk=statement_id).first()
        if row is None or verb not in dict(_verbs(row)):
            messages.error(request, "There is no such statement, or it is past this step.")
            return HttpResponseRedirect(reverse("admin:billing_commissionstatement_changelist"))
        step, act, wrong = _page(request, row, verb)
        return steps.run(self, request, step, act, wrong=wrong)


def _verbs(row: CommissionStatement) -> list[tuple[str, str]]:
    pay = [("pay", "Pay…")] if row.status != StatementStatus.PAID else []
    return [*pay, ("dispute", "Dispute a line…"), ("answer", "Answer a dispute…")]


def _page(request: HttpRequest, row: CommissionStatement, verb: str) -> tuple[Step, Callable[[], str], list[str]]:
    back = reverse("admin:billing_commissionstatement_change", args=[row.pk])
    actor, now = actor_of(request), clock.now()
    if verb == "pay":

        def pay() -> str:
            pay_statement(statement_id=row.pk, actor=actor, now=now)
            return f"{row.number} is paid."

        return Step(f"Pay {row.number}", "Pay", back, intro=(f"{row.amount:,} {row.currency}",)), pay, []
    is_answer = verb == "answer"
    lines = row.lines.select_related("invoice").order_by("pk")
    lines = lines.filter(state=LineState.DISPUTED) if is_answer else lines.exclude(state=LineState.DISPUTED)
    options = [(str(x.pk), f"{x.invoice}: {plain(x.amount)} {x.note}".strip()) for x in lines[:MOST]]
    chosen, words = request.POST.get("line", ""), request.POST.get("words", "").strip()
    wrong = ["Choose a line."] if request.method == "POST" and chosen not in dict(options) else []
    step = Step(
        f"{'Answer a dispute of' if is_answer else 'Dispute a line of'} {row.number}", "Save", back,
        fields=(
            Field("line", "Line", chosen, "select", options=[("", "Choose"), *options]),
            Field("words", "Answer" if is_answer else "What is wrong", words, "textarea"),
        ),
    )  # fmt: skip

    def act() -> str:
        if is_answer:
            answer_line(line_id=int(chosen), answer=words, actor=actor, now=now)
            return "Answered."
        dispute_line(line_id=int(chosen), note=words, rep_id=None, actor=actor, now=now)
        return "Finance has a case."

    return step, act, wrong
