"""Who may buy what, and the licences that open it. Evidence is downloaded here by staff and has no other address."""

from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import DateField, DateTimeField, ExpressionWrapper, F, Func, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_date
from unfold.decorators import action, display

from catalog.access import GRANTERS
from catalog.admin.explain import explain_eligibility
from catalog.models import AuthorizationRule, License
from catalog.rules import evidence, licences
from catalog.services.attach_evidence import attach_evidence
from catalog.services.keep_authorization import keep_authorization
from catalog.services.keep_licence import keep_licence
from catalog.services.revoke_licence import revoke_licence
from catalog.states import LicenceState
from core import clock
from core.choices import words
from core.console import ReferenceAdmin, actor_of, row_id
from core.errors import DomainError

EFFECTS = {"allow": "success", "deny": "danger"}
STATES = {"upcoming": "info", "valid": "success", "expires_soon": "warning", "expired": "danger", "revoked": "danger"}


@admin.register(AuthorizationRule)
class AuthorizationRuleAdmin(ReferenceAdmin):
    access = GRANTERS
    list_display = ["name", "effect_pill", "whom", "what", "license_kind", "valid_from", "valid_to"]
    list_filter = ["effect", "license_kind", "regulated_class", "tier", "territory", "valid_from", "valid_to"]
    search_fields = ["name", "account__code", "account__name", "product__sku", "category__name", "group__name"]
    search_help_text = "Rule, customer, group, SKU or category"
    list_select_related = ["account", "group", "tier", "territory", "product", "category"]
    autocomplete_fields = ["account", "group", "product", "category"]
    ordering = ["name"]
    actions_list = ["explain"]
    fieldsets = [
        (None, {"fields": [("name", "effect"), ("valid_from", "valid_to"), "license_kind"]}),
        ("Whom (empty: anybody)", {"fields": [("account", "group"), ("tier", "territory")]}),
        ("What (empty: anything)", {"fields": [("product", "category"), "regulated_class"]}),
    ]

    @display(description="Effect", ordering="effect", label=EFFECTS)
    def effect_pill(self, rule: AuthorizationRule) -> tuple[str, str]:
        return rule.effect, words(rule.effect)

    @display(description="Whom")
    def whom(self, rule: AuthorizationRule) -> str:
        named = [str(who) for who in (rule.account, rule.group, rule.tier, rule.territory) if who]
        return " and ".join(named) or "Anybody"

    @display(description="What")
    def what(self, rule: AuthorizationRule) -> str:
        named = [str(thing) for thing in (rule.product, rule.category, rule.regulated_class) if thing]
        return " and ".join(named) or "Anything"

    def save_model(self, request: HttpRequest, obj: AuthorizationRule, form: Any, change: bool) -> None:
        keep_authorization(row=obj, actor=actor_of(request), now=clock.now())

    @action(description="Explain who may buy", url_path="explain", permissions=["view"])
    def explain(self, request: HttpRequest) -> HttpResponse:
        return explain_eligibility(request, self)


class StateFilter(admin.SimpleListFilter):
    """The states of rules/licences.py as conditions, on each account's own day (`today` of LicenseAdmin's rows)."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, words(state)) for state in LicenceState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[License]) -> QuerySet[License]:
        revoked, begun = Q(revoked_date__lte=F("today")), Q(valid_from__lte=F("today"))
        near = ExpressionWrapper(F("today") + Value(licences.SOON_DAYS), output_field=DateField())
        ended, soon = Q(valid_to__lte=F("today")), Q(valid_to__lte=near)
        conditions = {
            LicenceState.REVOKED: revoked,
            LicenceState.UPCOMING: ~revoked & ~begun,
            LicenceState.EXPIRED: ~revoked & begun & ended,
            LicenceState.EXPIRES_SOON: ~revoked & begun & ~ended & soon,
            LicenceState.VALID: ~revoked & begun & ~soon,
        }
        wanted = self.value()
        return queryset.filter(conditions[LicenceState(wanted)]) if wanted in set(LicenceState) else queryset


@admin.register(License)
class LicenseAdmin(ReferenceAdmin):
    access = GRANTERS
    list_display = ["account", "kind", "number", "state_pill", "valid_from", "valid_to", "proven"]
    list_display_links = ["account", "number"]
    list_filter = [StateFilter, "kind", "valid_from", "valid_to"]
    search_fields = ["number", "account__code", "account__name"]
    search_help_text = "Number or customer"
    list_select_related = ["account"]
    autocomplete_fields = ["account"]
    ordering = ["-valid_from"]
    change_form_outer_after_template = "catalog/licence_panels.html"
    fields = [("account", "kind"), ("number",), ("valid_from", "valid_to")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[License]:
        local = Func(F("account__time_zone"), Value(clock.now()), function="timezone", output_field=DateTimeField())
        return super().get_queryset(request).annotate(today=Cast(local, DateField()))

    @display(description="State", label=STATES)
    def state_pill(self, licence: License) -> tuple[str, str]:
        found = _state(licence)
        return str(found), words(found)

    @display(description="Evidence", boolean=True)
    def proven(self, licence: License) -> bool:
        return bool(licence.evidence)

    def has_change_permission(self, request: HttpRequest, obj: License | None = None) -> bool:
        is_final = obj is not None and obj.revoked_date is not None
        return super().has_change_permission(request, obj) and not is_final

    def get_readonly_fields(self, request: HttpRequest, obj: License | None = None) -> list[str]:
        return [] if obj is None else ["account"]

    def save_model(self, request: HttpRequest, obj: License, form: Any, change: bool) -> None:
        keep_licence(row=obj, actor=actor_of(request), now=clock.now())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = dict(extra_context or {})
        licence = self.get_queryset(request).select_related("account").filter(pk=row_id(object_id)).first()
        if licence is not None:
            state = _state(licence)
            extra |= {"licence": licence, "state": state, "state_words": words(state), "today": _today(licence)}
            extra |= {"may_act": self.access.may_act(request.user), "largest": evidence.LARGEST}
        return super().change_view(request, object_id, form_url, extra)

    def get_urls(self) -> list[URLPattern]:
        views = {"attach": self.attach_view, "evidence": self.evidence_view, "revoke": self.revoke_view}
        own = [
            path(f"<int:licence_id>/{name}/", self.admin_site.admin_view(view), name=f"catalog_license_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def attach_view(self, request: HttpRequest, licence_id: int) -> HttpResponse:
        """The evidence file: one call of attach_evidence. Not read further than one byte past what is taken."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        sent = request.FILES.get("evidence")
        if sent is None:
            messages.error(request, "Choose a file first.")
            return self._back(licence_id)
        content, name = sent.read(evidence.LARGEST + 1), sent.name or ""
        return self._told(
            request,
            licence_id,
            lambda who, now: attach_evidence(licence_id=licence_id, name=name, content=content, actor=who, now=now),
            "The evidence is attached.",
        )

    def revoke_view(self, request: HttpRequest, licence_id: int) -> HttpResponse:
        """One call of revoke_licence."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.require_act(request)
        day, reason = _day(request.POST.get("revoked_date", "")), request.POST.get("reason", "")
        if day is None:
            messages.error(request, "Give the day from which it counts no more, like 2026-11-25.")
            return self._back(licence_id)
        return self._told(
            request,
            licence_id,
            lambda who, now: revoke_licence(licence_id=licence_id, revoked_date=day, reason=reason, actor=who, now=now),
            "The licence is revoked.",
        )

    def evidence_view(self, request: HttpRequest, licence_id: int) -> HttpResponse | FileResponse:
        """The file, to be saved and never shown in place, for whoever may look at licences."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        licence = License.objects.filter(pk=licence_id).first()
        if licence is None or not licence.evidence or not licence.evidence.storage.exists(str(licence.evidence.name)):
            raise Http404("This licence has no evidence file.")
        answer = FileResponse(licence.evidence.open("rb"), as_attachment=True, filename=licence.evidence_name)
        answer["Content-Type"] = licence.evidence_type or "application/octet-stream"
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Cache-Control"] = "private, no-store"
        return answer

    def _told(self, request: HttpRequest, licence_id: int, verb: Any, done: str) -> HttpResponse:
        try:
            verb(actor_of(request), clock.now())
        except DomainError as refusal:
            messages.error(request, refusal.in_words)
        else:
            messages.success(request, done)
        return self._back(licence_id)

    def _back(self, licence_id: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:catalog_license_change", args=[licence_id]))


def _today(licence: Any) -> date:
    """The account's day, which get_queryset wrote on the row."""
    day: date = licence.today
    return day


def _state(licence: License) -> LicenceState:
    return licences.state(
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        revoked_date=licence.revoked_date,
        on=_today(licence),
    )


def _day(text: str) -> date | None:
    try:
        return parse_date(text.strip())
    except ValueError:  # well written, but no day: 2026-02-31
        return None
