"""Release of many orders: policies, the desk where a person chooses them, and runs with a result for each order."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.queries import names as account_names
from accounts.states import Role
from core import clock
from core.access import allow
from core.choices import counted, words
from core.console import LedgerAdmin, ReferenceAdmin, actor_of, row_id
from core.errors import InvalidInput
from fulfillment.models import ReleasePolicy, ReleaseResult, ReleaseRun
from fulfillment.panels import RELEASE
from fulfillment.release_queries import Filters, candidates
from fulfillment.rules.release_policy import Candidate
from fulfillment.services.ask_release import ask_release
from fulfillment.states import ResultState
from orders.credit_desk import bars, cash_effect
from orders.gates import evaluate_gates
from orders.rules.asks import GateResult
from orders.states import AT_RELEASE, Verdict

LOOK = {Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR}
SET = {Role.CS_LEAD, Role.PLANNER, Role.OPERATOR}
DAYS = [(n, name) for n, name in enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"))]
DAYS += [(5, "Saturday"), (6, "Sunday")]
SHOWN = 100
RESULTS = 500


class PolicyForm(forms.ModelForm):
    weekdays = forms.TypedMultipleChoiceField(
        coerce=int,
        choices=DAYS,
        initial=list(range(7)),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Days on which orders go by themselves.",
    )

    class Meta:
        model = ReleasePolicy
        fields = "__all__"  # noqa: DJ007 the table is this form


@admin.register(ReleasePolicy)
class ReleasePolicyAdmin(ReferenceAdmin):
    """Asked by rank; the first that an order fits decides. What fits none waits for a person."""

    access = allow(view=LOOK | RELEASE, act=SET)
    form = PolicyForm
    list_display = ("name", "rank", "effect", "fits", "when", "is_active")
    fieldsets = (
        (None, {"fields": ("name", ("rank", "effect"), "is_active", "note")}),
        ("When", {"fields": ("weekdays", ("from_time", "to_time"), "time_zone")}),
        ("Which orders", {"fields": ("account", "tier", "site", "currency", ("min_value", "max_value"))}),
    )
    list_filter = ("effect", "is_active", "tier", "site")
    search_fields = ("name", "account__code", "account__name", "note")
    list_select_related = ("account", "tier", "site")
    autocomplete_fields = ("account", "site")
    ordering = ("rank", "pk")

    @admin.display(description="for")
    def fits(self, row: ReleasePolicy) -> str:
        found = [str(x) for x in (row.account, row.tier, row.site) if x]
        if row.min_value is not None:
            found.append(f"from {row.min_value:,} {row.currency}")
        if row.max_value is not None:
            found.append(f"up to {row.max_value:,} {row.currency}")
        return ", ".join(found) or "every order"

    @admin.display(description="when")
    def when(self, row: ReleasePolicy) -> str:
        days = (
            "every day" if len(row.weekdays) == len(DAYS) else ", ".join(DAYS[n][1][:3] for n in sorted(row.weekdays))
        )
        hours = f" {row.from_time or '00:00':.5} to {row.to_time or '24:00':.5}" if row.from_time or row.to_time else ""
        return f"{days}{hours} {row.time_zone}"


def _choice(name: str, label: str) -> Any:
    """One of the rows a policy may name."""
    field: Any = ReleasePolicy._meta.get_field(name)
    return field.formfield(label=label, required=False, help_text="")


class FilterForm(forms.Form):
    """As it stands in the address: choose, look, release."""

    account = forms.CharField(label="Account code", max_length=40, required=False)
    tier = _choice("tier", "Service tier")
    site = _choice("site", "Stock at")
    currency = forms.CharField(label="Currency", max_length=3, required=False)
    min_value = forms.DecimalField(label="Value from", max_digits=14, decimal_places=2, required=False)
    max_value = forms.DecimalField(label="Value up to", max_digits=14, decimal_places=2, required=False)
    until = forms.DateField(
        label="Wanted until", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    held = forms.BooleanField(label="With orders on hold", required=False)

    def filters(self) -> Filters:
        given = self.cleaned_data
        return Filters(
            account_code=given["account"],
            tier_id=given["tier"].pk if given["tier"] else None,
            site_id=given["site"].pk if given["site"] else None,
            currency=given["currency"].upper(),
            min_value=given["min_value"],
            max_value=given["max_value"],
            requested_until=given["until"],
            with_held=given["held"],
        )

    def told(self) -> str:
        """ "account HARBOR, value from 100", for the run."""
        names = {name: str(field.label).lower() for name, field in self.fields.items()}
        found = [f"{names[n]} {v}" for n, v in self.cleaned_data.items() if v not in (None, "", False, True)]
        return ", ".join(found) or "every order with stock"


class _Row:
    """An order of the desk: what the gates say now."""

    def __init__(self, order: Candidate, customer: str, gates: Sequence[GateResult]) -> None:
        self.order, self.customer, self.gates = order, customer, gates
        self.refused = [g for g in gates if g.verdict != Verdict.PASS]

    @property
    def why(self) -> str:
        return " ".join(g.message for g in self.refused)


@admin.register(ReleaseRun)
class ReleaseRunAdmin(LedgerAdmin):
    access = allow(view=LOOK, act=RELEASE)
    list_display = ("page_link", "kind", "what", "asked_count", "released_count", "refused_count", "asked_by")
    list_display_links = None
    list_filter = ("kind", "asked_at")
    search_fields = ("what", "asked_by")
    ordering = ("-pk",)

    @admin.display(description="asked at", ordering="asked_at")
    def page_link(self, row: ReleaseRun) -> str:
        url = reverse("admin:fulfillment_releaserun_change", args=[row.pk])
        return format_html('<a href="{}">{}</a>', url, f"{row.asked_at:%-d %b %Y %H:%M}")

    def get_urls(self) -> list[URLPattern]:
        desk = path("desk/", self.admin_site.admin_view(self.desk_view), name="fulfillment_releaserun_desk")
        return [desk, *super().get_urls()]

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """Choose by filters, look at every gate and at the cash, release. A POST asks for a run and shows it."""
        self.require_act(request)
        form = FilterForm(request.GET if request.method == "GET" else QueryDict(request.POST.get("filters", "")))
        filters = form.filters() if form.is_valid() else Filters(with_held=False)
        if request.method == "POST":
            return self._asked(request, form, filters)
        found = candidates(filters, limit=SHOWN + 1)
        shown, now = found[:SHOWN], clock.now()
        ids = [c.order_id for c in shown]
        gates = evaluate_gates(ids, AT_RELEASE, now=now) if ids else {}
        customers = account_names({c.account_id for c in shown})
        rows = [_Row(c, customers.get(c.account_id, ""), gates.get(c.order_id, ())) for c in shown]
        cash = cash_effect(today=clock.company_day(now), order_ids=ids) if ids else {}
        context = {
            **self.admin_site.each_context(request),
            "title": "Release desk",
            "form": form,
            "filters": request.GET.urlencode(),
            "rows": rows,
            "ready": sum(not row.refused for row in rows),
            "has_more": len(found) > SHOWN,
            "shown": SHOWN,
            "cash": [(currency, bars(weeks), weeks) for currency, weeks in cash.items()],
        }
        return TemplateResponse(request, "admin/fulfillment/release_desk.html", context)

    def _asked(self, request: HttpRequest, form: FilterForm, filters: Filters) -> HttpResponse:
        is_all = "all" in request.POST
        ids = [c.order_id for c in candidates(filters)] if is_all else _chosen(request.POST)
        told = form.told() if is_all and form.is_valid() else f"{counted(len(ids), 'order')} chosen by hand"
        try:
            run_id = ask_release(order_ids=ids, what=told, actor=actor_of(request), now=clock.now())
        except InvalidInput as refusal:
            for words in refusal.each_in_words:
                messages.error(request, words)
            return HttpResponseRedirect(
                f"{reverse('admin:fulfillment_releaserun_desk')}?{request.POST.get('filters', '')}"
            )
        return HttpResponseRedirect(reverse("admin:fulfillment_releaserun_change", args=[run_id]))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A run: how far it is, and what became of each order; what was refused comes first."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        run = ReleaseRun.objects.filter(pk=row_id(object_id)).first()
        if run is None:
            raise Http404
        results = ReleaseResult.objects.filter(run=run).select_related("order", "order__account", "policy")
        context = {
            **self.admin_site.each_context(request),
            "title": str(run),
            "run": run,
            "is_running": run.finished_at is None,
            "results": [(r, words(r.state), TONES[r.state]) for r in results.order_by("-state", "pk")[:RESULTS]],
            "results_shown": RESULTS,
        }
        return TemplateResponse(request, "admin/fulfillment/release_run.html", context)


TONES: Mapping[str, str] = {
    ResultState.WAITING: "tone-neutral",
    ResultState.RELEASED: "tone-ok",
    ResultState.REFUSED: "tone-hold",
}


def _chosen(posted: QueryDict) -> list[int]:
    return [int(value) for value in posted.getlist("order") if value.isdecimal()]
