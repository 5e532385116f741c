"""The exception queue: what is wrong, for whom, by when, and what mends it. Every button is one service call."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
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
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from accounts.queries import user_by_email
from accounts.states import STAFF, Role
from core import clock, idempotency, refs
from core.access import allow
from core.actors import Actor
from core.choices import counted
from core.console import LedgerAdmin, actor_of, row_id
from core.errors import DomainError
from core.lists import typed
from core.refs import DocumentRef
from exceptions_app import kinds, wording
from exceptions_app.admin.reports import report_page
from exceptions_app.models import Case, Queue
from exceptions_app.queries import snapshot, steps_of, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.assign_case import assign_case, hand_over
from exceptions_app.services.cancel_clock import cancel_clock
from exceptions_app.services.close_case import close_case
from exceptions_app.services.comment_case import comment_case
from exceptions_app.services.reopen_case import reopen_case
from exceptions_app.services.reset_clock import reset_clock
from exceptions_app.services.resolve_case import resolve_case
from exceptions_app.services.resume_case import resume_case
from exceptions_app.services.snooze_case import snooze_case
from exceptions_app.services.start_work import start_work
from exceptions_app.services.take_case import take_case
from exceptions_app.services.wait_for import wait_for
from exceptions_app.states import LIVE, CaseStatus

Verb = Callable[[int, HttpRequest, Actor], object]
NOTE = "note"
SNOOZE = timedelta(hours=4)

# Button → its one service call. The text a person typed arrives as `note`.
VERBS: dict[str, Verb] = {
    "take": lambda pk, request, actor: take_case(case_id=pk, actor=actor, now=clock.now()),
    "start": lambda pk, request, actor: start_work(case_id=pk, actor=actor, now=clock.now()),
    "wait": lambda pk, request, actor: wait_for(
        case_id=pk, waiting_for=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "resume": lambda pk, request, actor: resume_case(case_id=pk, actor=actor, now=clock.now()),
    "snooze": lambda pk, request, actor: snooze_case(
        case_id=pk, until=clock.now() + SNOOZE, actor=actor, now=clock.now()
    ),
    "comment": lambda pk, request, actor: comment_case(
        case_id=pk, text=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "resolve": lambda pk, request, actor: resolve_case(
        case_id=pk, note=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "close": lambda pk, request, actor: close_case(case_id=pk, actor=actor, now=clock.now()),
    "reopen": lambda pk, request, actor: reopen_case(
        case_id=pk, reason=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "assign": lambda pk, request, actor: assign_case(
        case_id=pk,
        user_id=user_by_email(request.POST.get("person", "")) or 0,
        note=request.POST.get(NOTE, ""),
        actor=actor,
        now=clock.now(),
    ),
    "hand_over": lambda pk, request, actor: hand_over(
        case_id=pk, queue=request.POST.get("queue", ""), note=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "reset": lambda pk, request, actor: reset_clock(
        case_id=pk, reason=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "cancel_clock": lambda pk, request, actor: cancel_clock(
        case_id=pk, reason=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "apply": lambda pk, request, actor: apply_resolution(
        case_id=pk,
        code=request.POST.get("code", ""),
        actor=actor,
        now=clock.now(),
        key=request.POST.get("key", ""),
    ),
}
DONE = {
    "take": "The case is yours.",
    "start": "Work on the case has started.",
    "wait": "The case waits; its clock is paused.",
    "resume": "The clock runs again.",
    "snooze": "The case is hidden for four hours; its clock runs on.",
    "comment": "The comment was added.",
    "resolve": "The case is resolved.",
    "close": "The case is closed.",
    "reopen": "The case is open again.",
    "assign": "The case has its owner, who is told.",
    "hand_over": "The other team has the case.",
    "reset": "The clock starts anew.",
    "cancel_clock": "The clock no longer counts.",
    "apply": "Done, and the case is resolved.",
}


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
            ("over", "Overdue"),
            ("soon", "Due within the hour"),
            ("breached", "Ever breached"),
            ("paused", "Paused"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        now = clock.now()
        running = queryset.filter(status__in=LIVE).exclude(status=CaseStatus.WAITING)
        match self.value():
            case "over":
                return running.filter(resolve_by__lt=now)
            case "soon":
                return running.filter(resolve_by__gte=now, resolve_by__lt=now + timedelta(hours=1))
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
    actions_list = ["report"]
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

    @display(description="Clock", ordering="resolve_by")
    def clock(self, case: Case) -> str:
        words, tone = wording.clock(case.status, case.resolve_by, clock.now())
        runs = SafeString("data-countdown") if case.breach_at else ""
        return format_html(
            '<time class="pill tone-{}" datetime="{}" {}>{}</time>', tone, case.resolve_by.isoformat(), runs, words
        )

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
        """One call per case; what is refused is told by its number, the others go on."""
        well = [n for pk, n in queryset.order_by("pk").values_list("pk", "number")[:200] if self._do(request, pk, verb)]
        if well:
            messages.success(request, f"{counted(len(well), 'case')} {done}: {', '.join(well[:20])}")

    def get_urls(self) -> list[URLPattern]:
        act = path(
            "<int:case_id>/do/<slug:verb>/",
            self.admin_site.admin_view(self.act_view),
            name="exceptions_app_case_do",
        )
        return [act, *super().get_urls()]

    def act_view(self, request: HttpRequest, case_id: int, verb: str) -> HttpResponse:
        """One button of the case's page."""
        if verb not in VERBS:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        if self._do(request, case_id, verb):
            messages.success(request, DONE[verb])
        return HttpResponseRedirect(reverse("admin:exceptions_app_case_change", args=[case_id]))

    def _do(self, request: HttpRequest, case_id: int, verb: str) -> bool:
        try:
            VERBS[verb](case_id, request, actor_of(request))
        except DomainError as refusal:
            messages.error(request, f"{refusal.message} {refusal.remedy}".strip())
            return False
        return True

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = Case.objects.select_related("queue").filter(pk=row_id(object_id)).first()
        extra = {**(extra_context or {}), **(self._shown(case, request) if case else {})}
        return super().change_view(request, object_id, form_url, extra)

    def _shown(self, case: Case, request: HttpRequest) -> dict[str, Any]:
        now = clock.now()
        words, tone = wording.clock(case.status, case.resolve_by, now)
        seen = snapshot(case)
        return {
            "case": case,
            "is_live": seen.is_live,
            "is_paused": seen.is_paused,
            "is_over": case.status in (CaseStatus.RESOLVED, CaseStatus.AUTO_RESOLVED),
            "may_act": self.access.may_act(request.user),
            "clock_words": words,
            "clock_tone": tone,
            "suggestions": suggested(seen, now=now),
            "apply_key": idempotency.hash_body([case.pk, case.version])[:32],
            "evidence": [(name.replace("_", " ").capitalize(), _lines(value)) for name, value in case.evidence.items()],
            "steps": steps_of(case.pk),
            "teams": Queue.objects.exclude(pk=case.queue_id).order_by("name"),
            "events": case.events.order_by("-id")[:100],
        }


def _lines(value: Any) -> list[str]:
    """A piece of evidence as lines to read."""
    listed = value if isinstance(value, list) else [value]
    return [str(piece) for piece in listed if piece not in (None, "")]
