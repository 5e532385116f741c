"""Console screens of the core's tables: the override log, the journal, the outbox, calendars.

They stand on the top floor because the core knows no roles.
"""

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime
from knox.models import get_token_model
from unfold.decorators import action

from accounts.services.unlock_name import unlock_name
from accounts.states import STAFF, Role
from config import override_pages
from core import clock, overrides, refs
from core.access import allow
from core.choices import words
from core.console import LedgerAdmin, ReferenceAdmin, actor_of, row_id
from core.errors import DomainError
from core.models import (
    Calendar,
    CalendarHoliday,
    ExchangeRate,
    Job,
    JournalEntry,
    OutboxFact,
    OverrideEntry,
    OverrideReview,
)
from core.outbox import revive
from core.quantity import plain
from core.refs import DocumentRef
from core.words import of_field

FINANCE = {Role.FINANCE, Role.FINANCE_APPROVER}
MACHINE = {Role.OPERATOR}
PADDED = re.compile(r"-?\d{1,15}\.\d{3,10}")  # a quantity or a price as the database writes it


class ReviewedFilter(admin.SimpleListFilter):
    title = "reviewed"
    parameter_name = "reviewed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not reviewed"), *OverrideReview.Verdict.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OverrideEntry]) -> QuerySet[OverrideEntry]:
        if self.value() == "no":
            return queryset.filter(reviews__isnull=True)
        return queryset.filter(reviews__verdict=self.value()).distinct() if self.value() else queryset


class SampleFilter(admin.SimpleListFilter):
    """The entries named in the address: what the page of leakage drew as today's sample."""

    title = "sample"
    parameter_name = "id__in"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        drawn = self.used_parameters.get(self.parameter_name)
        return [(str(drawn), "The sample")] if drawn else []

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[OverrideEntry]) -> QuerySet[OverrideEntry]:
        ids = [int(i) for i in (self.value() or "").split(",") if i.isdecimal() and len(i) < 19]
        return queryset.filter(pk__in=ids) if self.value() else queryset


@admin.register(OverrideEntry)
class OverrideAdmin(LedgerAdmin):
    """Who set which rule aside: unreviewed first. Rows are never changed; a review is a row of its own."""

    access = allow(view={Role.AUDITOR, Role.CS_LEAD, Role.PRICING}, act=FINANCE)
    list_display = ("kind_words", "document", "when", "who", "reason", "money", "review")
    list_filter = (
        ReviewedFilter,
        "kind",
        "reason_code",
        "at",
        "actor_label",
        "approver_label",
        "account_id",
        SampleFilter,
    )
    actions_list = ("leakage", "audit")
    search_fields = ("subject_number", "reason", "actor_label", "approver_label")
    change_form_template = "admin/override.html"
    fieldsets = (
        (None, {"fields": (("kind_words", "document"), ("when", "money"), ("who", "as_whom"))}),
        ("Why", {"fields": (("reason_words", "approver"), "reason", ("was", "is_now"), "until")}),
        ("Where from", {"fields": (("address", "request_id"),)}),
    )
    readonly_fields = (
        *("kind_words", "document", "when", "money", "who", "as_whom", "reason_words", "approver"),
        *("was", "is_now", "until", "address", "request_id"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OverrideEntry]:
        reviewed = OverrideReview.objects.filter(entry=OuterRef("pk"))
        rows = super().get_queryset(request).annotate(is_reviewed=Exists(reviewed))
        return rows.prefetch_related("reviews").order_by("is_reviewed", "-pk")

    @admin.display(description="kind", ordering="kind")
    def kind_words(self, row: OverrideEntry) -> str:
        return words(row.kind)

    @admin.display(description="document")
    def document(self, row: OverrideEntry) -> str:
        ref = DocumentRef(row.subject_kind, row.subject_id, row.subject_number)
        url = refs.url_of(ref)
        return format_html('<a href="{}">{}</a>', url, ref) if url else str(ref)

    @admin.display(description="when", ordering="at")
    def when(self, row: OverrideEntry) -> str:
        return _moment(row.at)

    @admin.display(description="who")
    def who(self, row: OverrideEntry) -> str:
        return row.actor_label

    @admin.display(description="as")
    def as_whom(self, row: OverrideEntry) -> str:
        return ", ".join(words(role) for role in row.actor_roles.split(",") if role) or "–"

    @admin.display(description="kind of reason")
    def reason_words(self, row: OverrideEntry) -> str:
        return words(row.reason_code)

    @admin.display(description="approved by")
    def approver(self, row: OverrideEntry) -> str:
        return row.approver_label or "–"

    @admin.display(description="before")
    def was(self, row: OverrideEntry) -> SafeString:
        return _facts(row.before)

    @admin.display(description="after")
    def is_now(self, row: OverrideEntry) -> SafeString:
        return _facts(row.after)

    @admin.display(description="good until")
    def until(self, row: OverrideEntry) -> str:
        return _moment(row.expires_at) if row.expires_at else "no end"

    @admin.display(description="IP address")
    def address(self, row: OverrideEntry) -> str:
        return row.ip or "–"

    @admin.display(description="money effect", ordering="money_effect")
    def money(self, row: OverrideEntry) -> str:
        return "–" if row.money_effect is None else f"{row.money_effect:,} {row.currency}"

    @admin.display(description="review")
    def review(self, row: OverrideEntry) -> str:
        last = max(row.reviews.all(), key=lambda r: r.pk, default=None)
        return "not reviewed" if last is None else f"{last.get_verdict_display()} · {last.reviewer_label}"

    def get_urls(self) -> list[URLPattern]:
        view, proof = self.admin_site.admin_view(self.review_view), self.admin_site.admin_view(self.proof_view)
        return [
            path("<int:entry_id>/review/", view, name="core_overrideentry_review"),
            path("proof.csv", proof, name="core_overrideentry_proof"),
            *super().get_urls(),
        ]

    @action(description="What overrides cost", url_path="leakage", permissions=["view"])
    def leakage(self, request: HttpRequest) -> HttpResponse:
        return override_pages.leakage(request, self.admin_site)

    @action(description="Auditor's views", url_path="audit", permissions=["view"])
    def audit(self, request: HttpRequest) -> HttpResponse:
        return override_pages.audit_views(request, self.admin_site)

    def proof_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """What the list shows with this address's filters, with the seal of each."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return override_pages.proof_csv(self.get_changelist_instance(request).get_queryset(request))

    def review_view(self, request: HttpRequest, entry_id: int) -> HttpResponse:
        """OK or follow up, with a note."""
        back = HttpResponseRedirect(reverse("admin:core_overrideentry_change", args=[entry_id]))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        verdict, note = request.POST.get("verdict", ""), request.POST.get("note", "").strip()
        try:
            overrides.review(entry_id=entry_id, verdict=verdict, note=note, actor=actor_of(request), now=clock.now())
        except DomainError as refusal:
            messages.error(request, refusal.in_words)
        else:
            messages.success(request, "The review is recorded.")
        return back

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        mine = Q(actor_id=request.user.pk) | Q(approver_id=request.user.pk)
        is_own = OverrideEntry.objects.filter(mine, pk=row_id(object_id)).exists()
        may_review = self.access.may_act(request.user) and not is_own
        context = {"may_review": may_review, "is_own": is_own, "chain": overrides.verify()}
        kwargs["extra_context"] = {**(kwargs.get("extra_context") or {}), **context}
        return super().change_view(request, object_id, *args, **kwargs)


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "DATETIME_FORMAT")


def _facts(state: dict[str, Any]) -> SafeString:
    """What stood on a side of the override, a line for each thing; the log itself keeps it as it was written."""
    told = ((capfirst(of_field(name)), _told(value)) for name, value in state.items())
    lines = format_html_join("", "<dt>{}</dt><dd>{}</dd>", told)
    return format_html('<dl class="hf-facts">{}</dl>', lines) if lines else SafeString("–")


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and PADDED.fullmatch(value):
        return plain(Decimal(value))
    return "–" if value is None or value == "" else str(value)


# The libraries' own screens write past every service; nothing here needs them.
for library_row in (Group, EmailAddress, Authenticator, get_token_model()):
    admin.site.unregister(library_row)


@admin.register(AccessAttempt)
class LockedNameAdmin(LedgerAdmin):
    """Wrong passwords by name: five lock the name for a while; unlocking is journalled."""

    access = allow(view={Role.AUDITOR}, act=MACHINE)
    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    list_filter = ("attempt_time",)
    search_fields = ("username", "ip_address")
    fields = list_display
    ordering = ("-attempt_time",)
    actions = ("unlock",)

    @admin.action(description="Unlock the names", permissions=["act"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        names = sorted(set(queryset.values_list("username", flat=True)))
        for name in names:
            unlock_name(name=name, actor=actor_of(request), now=clock.now())
        self.message_user(request, f"{len(names)} name(s) may sign in again.")


@admin.register(JournalEntry)
class JournalAdmin(LedgerAdmin):
    access = allow(view={Role.AUDITOR, Role.CS, Role.CS_LEAD, Role.OPERATOR} | FINANCE)
    list_display = ("at", "summary", "verb", "actor_label", "subject_kind", "request_id")
    list_filter = ("subject_kind", "verb", "at", "actor_label")
    search_fields = ("summary", "request_id", "actor_label")
    ordering = ("-pk",)


@admin.register(Job)
class JobAdmin(LedgerAdmin):
    """Owed effects: what waits, what was done, what died and may be revived."""

    access = allow(view={Role.AUDITOR}, act=MACHINE)
    list_display = ("reaction", "stream", "seq", "state", "attempts", "next_at", "outcome")
    list_filter = ("state", "reaction", "outcome", "next_at")
    search_fields = ("reaction", "stream", "last_error")
    ordering = ("-pk",)
    actions = ("revive_dead",)

    @admin.action(description="Revive dead jobs", permissions=["act"])
    def revive_dead(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        now = clock.db_now()
        revived = [pk for pk in queryset.values_list("pk", flat=True) if revive(pk, now=now)]
        self.message_user(request, f"{len(revived)} job(s) will run again.")


@admin.register(OutboxFact)
class FactAdmin(LedgerAdmin):
    access = allow(view={Role.AUDITOR} | MACHINE)
    list_display = ("kind", "stream", "seq", "at", "request_id")
    list_filter = ("kind", "at")
    search_fields = ("stream", "request_id")
    ordering = ("-pk",)


@admin.register(Calendar)
class CalendarAdmin(ReferenceAdmin):
    access = allow(view=STAFF, act=MACHINE)  # who sees a team or a site sees by which hours it works
    list_display = ("code", "name", "time_zone")
    list_filter = ("time_zone",)
    search_fields = ("code", "name")


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ReferenceAdmin):
    """A rate holds until the next of its pair, and no longer than a month."""

    access = allow(view={Role.CS_LEAD, Role.AUDITOR, Role.OPERATOR, Role.PRICING}, act=FINANCE)
    list_display = ("base", "quote", "rate", "valid_from")
    list_filter = ("base", "quote", "valid_from")
    search_fields = ("base", "quote")
    ordering = ("base", "quote", "-valid_from")


@admin.register(CalendarHoliday)
class HolidayAdmin(ReferenceAdmin):
    access = allow(view={Role.CS_LEAD, Role.PLANNER, Role.WAREHOUSE}, act=MACHINE)
    list_display = ("date", "name", "calendar")
    list_filter = ("calendar", "date")
    search_fields = ("name",)
    list_select_related = ("calendar",)
