"""The exception queue: what is wrong, for whom, by when, and what mends it. Every button is one service call."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from accounts.states import STAFF, Role
from core import clock, refs
from core.access import allow
from core.choices import counted
from core.console import LedgerAdmin, actor_of, row_id
from core.lists import typed
from core.refs import DocumentRef
from exceptions_app import kinds
from exceptions_app.admin.case_page import shown
from exceptions_app.admin.desk import desk_address, desk_page
from exceptions_app.admin.reports import report_page
from exceptions_app.admin.verbs import VERBS, done, run
from exceptions_app.models import Case
from exceptions_app.panels import case_url
from exceptions_app.queries import clock_of
from exceptions_app.states import LIVE, CaseStatus


class KindFilter(admin.SimpleListFilter):
    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.code, kind.label) for kind in kinds.kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ProgressFilter(admin.SimpleListFilter):
    """Live and not snoozed unless asked otherwise: the list is what there is to do."""

    title, parameter_name = "progress", "progress"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All"), ("snoozed", "Snoozed"), ("over", "Resolved and closed")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "To do"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        if self.value() == "all":
            return queryset
        if self.value() == "over":
            return queryset.exclude(status__in=LIVE)
        live = queryset.filter(status__in=LIVE)
        if self.value() == "snoozed":
            return live.filter(snoozed_until__gt=clock.now())
        return live.exclude(snoozed_until__gt=clock.now())


class ClockFilter(admin.SimpleListFilter):
    title, parameter_name = "clock", "clock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("over", "Out of time"),
            ("soon", "Due within the hour"),
            ("breached", "Ever breached"),
            ("paused", "Paused"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        now = clock.now()
        match self.value():
            case "over":
                return queryset.filter(breach_at__lt=now)
            case "soon":
                return queryset.filter(breach_at__gte=now, breach_at__lt=now + timedelta(hours=1))
            case "breached":
                return queryset.filter(breached_at__isnull=False)
            case "paused":
                return queryset.filter(status=CaseStatus.WAITING)
        return queryset


class OwnerFilter(admin.SimpleListFilter):
    title, parameter_name = "owner", "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "Mine"), ("mine", "My teams'"), ("nobody", "Nobody's"), ("breaching", "Out of time or nearly")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        match self.value():
            case "me":
                return queryset.filter(assignee_id=request.user.pk)
            case "mine":
                return queryset.filter(queue__roles__overlap=list(getattr(request.user, "roles", [])))
            case "nobody":
                return queryset.filter(assignee__isnull=True)
            case "breaching":
                return queryset.filter(breach_at__lt=clock.now() + timedelta(hours=1))
        return queryset


@admin.register(Case)
class CaseAdmin(LedgerAdmin):
    access = allow(view=STAFF, act=STAFF - {Role.AUDITOR})
    list_display = ["number", "clock", "kind_label", "subject_link", "account", "risk_amount", "owner"]
    list_filter = [
        ProgressFilter,
        ClockFilter,
        KindFilter,
        "queue",
        OwnerFilter,
        typed("account code", "account__code"),
        "severity",
        "status",
    ]
    export_columns = [
        ("Case", "number"),
        ("Kind", "kind"),
        ("Subject", "subject_number"),
        ("Account", "account__code"),
        ("Queue", "queue__name"),
        ("Status", "status"),
        ("Severity", "severity"),
        ("Why so severe", "severity_why"),
        ("Money at risk", "money_at_risk"),
        ("Currency", "currency"),
        ("Opened", "opened_at"),
        ("Resolve by", "resolve_by"),
        ("Breached", "breached_at"),
        ("Summary", "summary"),
    ]
    search_fields = ["number", "subject_number", "account__code", "account__name"]
    search_help_text = "Case, order or shipment number, account"
    list_select_related = ["queue", "account", "assignee"]
    ordering = ["resolve_by", "id"]
    actions = ["take_selected", "snooze_selected"]
    actions_list = ["work_through", "report"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("kind_label", "severity", "status"),
                    ("subject_link", "account", "risk_amount"),
                    ("queue", "assignee"),
                    ("opened_at", "times_seen"),
                    ("respond_by", "responded_at"),
                    ("resolve_by", "resolved_at"),
                    ("waiting_since", "waiting_for"),
                    "breached_at",
                ]
            },
        )
    ]
    change_form_outer_before_template = "exceptions_app/case_actions.html"
    change_form_outer_after_template = "exceptions_app/case_history.html"

    class Media:
        css = {"all": ["exceptions_app/case.css"]}
        js = ["exceptions_app/countdown.js"]

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """What there is to do as on the desk: whose clock runs out first, those without one last."""
        is_of_all = request.GET.get("progress") in ("all", "over")
        return ("resolve_by", "id") if is_of_all else ("breach_at", "id")

    @display(description="Clock", ordering="breach_at")
    def clock(self, case: Case) -> str:
        shown = clock_of(case, clock.now())
        if shown.at is None:
            return format_html('<span class="pill tone-{}">{}</span>', shown.tone, shown.words)
        counts = '<time class="pill tone-{}" datetime="{}" data-countdown>{}</time> to {}'
        return format_html(counts, shown.tone, shown.at.isoformat(), shown.words, shown.to)

    @display(description="Kind", ordering="kind")
    def kind_label(self, case: Case) -> str:
        return kinds.label(case.kind)

    @display(description="Subject", ordering="subject_number")
    def subject_link(self, case: Case) -> str:
        ref = DocumentRef(case.subject_kind, case.subject_id, case.subject_number)
        url = refs.url_of(ref)
        return format_html('<a href="{}">{}</a>', url, ref) if url else str(ref)

    @display(description="At risk", ordering="money_at_risk")
    def risk_amount(self, case: Case) -> str:
        return f"{case.money_at_risk:,} {case.currency}".strip() if case.money_at_risk else "–"

    @display(description="Owner", ordering="queue__name")
    def owner(self, case: Case) -> str:
        return f"{case.assignee} ({case.queue})" if case.assignee else str(case.queue)

    @action(description="Work through the queue", url_path="work-through", permissions=["view"])
    def work_through(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:exceptions_app_case_desk"))

    @action(description="Report on cases", url_path="report", permissions=["view"])
    def report(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        return report_page(request, self)

    @action(description="Take the selected cases", permissions=["act"])
    def take_selected(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        self._each(request, queryset, "take", "taken")

    @action(description="Snooze the selected cases for four hours", permissions=["act"])
    def snooze_selected(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        self._each(request, queryset, "snooze", "snoozed")

    def _each(self, request: HttpRequest, queryset: QuerySet[Case], verb: str, done: str) -> None:
        """One call per case; what is refused is told with its number, the others go on."""
        well, actor = [], actor_of(request)
        for pk, number in queryset.order_by("pk").values_list("pk", "number")[:200]:
            if refusal := run(verb, pk, request, actor):
                messages.error(request, f"{number}: {refusal}")
            else:
                well.append(number)
        if well:
            messages.success(request, f"{counted(len(well), 'case')} {done}: {', '.join(well[:20])}")

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act_view)
        desk = self.admin_site.admin_view(self.desk_view)
        return [
            path("<int:case_id>/do/<slug:verb>/", act, name="exceptions_app_case_do"),
            path("desk/", desk, name="exceptions_app_case_desk"),
            *super().get_urls(),
        ]

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """The queue beside the case one looks at."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self.require_act(request)
        return desk_page(request, self)

    def act_view(self, request: HttpRequest, case_id: int, verb: str) -> HttpResponse:
        """One button of the case's page; back to the desk when it was pressed there."""
        if verb not in VERBS:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        if refusal := run(verb, case_id, request, actor_of(request)):
            messages.error(request, refusal)
        else:
            messages.success(request, done(verb, case_id))
        return HttpResponseRedirect(desk_address(request, case_id) or case_url(case_id))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = Case.objects.select_related("queue").filter(pk=row_id(object_id)).first()
        known = shown(case, may_act=self.access.may_act(request.user), now=clock.now()) if case else {}
        extra = {**(extra_context or {}), **known}
        return super().change_view(request, object_id, form_url, extra)
