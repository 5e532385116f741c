"""Saved what-ifs, each beside what would happen now; and the comparison on the workbench as a file."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from unfold.decorators import display

from accounts.states import STAFF, Role
from catalog.queries import product_snapshots
from core import clock
from core.access import allow
from core.console import LedgerAdmin, row_id
from core.errors import DomainError
from core.exports import csv_lines
from core.lists import typed
from core.quantity import BadQuantity, plain
from inventory.admin.workbench import amounts_of, asked, parts_of, product_of, strip_of
from inventory.models import AllocationScenario
from inventory.rules.difference import Change
from inventory.services.save_scenario import Tried, is_stale, line, try_it
from inventory.services.what_if import WhatIf

MOST = 200  # lines shown
TITLES = (
    "Order", "Line", "Tier", "Region", "Segment", "Open", "Now", "What-if", "Promise was", "Promise", "Margin", "At risk",
    "Currency", "Why",
)  # fmt: skip
BESIDE = ("Beside", "Beside promise", "Beside margin", "Beside at risk")


def comparison_csv(request: HttpRequest) -> HttpResponseBase:
    """Every line of the what-if the address names, with the policy beside it; sums are for the reader's sheet to make."""
    product_id = product_of(request.GET.get("sku", "").strip())
    if product_id is None:
        raise Http404
    try:
        codes = request.GET.get("policy", ""), request.GET.get("beside", "")
        tried = asked(product_id, request.GET.get("hold_back", "").strip(), codes)
        main, beside = try_it(tried, now=clock.now())
    except (BadQuantity, DomainError) as wrong:
        messages.error(request, str(wrong))
        back = reverse("admin:inventory_allocationrun_what_if")
        return HttpResponseRedirect(f"{back}?{request.META.get('QUERY_STRING', '')}")
    titles = [*TITLES, *(BESIDE if beside else ())]
    response = StreamingHttpResponse(csv_lines(titles, _rows(main, beside)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="what-if.csv"'
    return response


def _rows(main: WhatIf, beside: WhatIf | None) -> Iterator[list[Any]]:
    other = {c.demand_id: c for c in beside.changes} if beside else {}
    for change in main.changes:
        row = [
            change.document, change.line_no, change.tier_rank, change.region, change.segment, _number(change.open_qty),
            _number(change.before), _number(change.after), change.was, change.now, change.margin, change.at_risk,
            change.currency, change.why,
        ]  # fmt: skip
        yield [*row, *(_beside(other.get(change.demand_id)) if beside else ())]


def _beside(change: Change | None) -> list[Any]:
    if change is None:
        return [""] * len(BESIDE)
    return [_number(change.after), change.now, change.margin, change.at_risk]


def _number(qty: Decimal) -> Decimal:
    """Without the noughts behind it; a number still, so that a sheet can sum it."""
    return Decimal(plain(qty))


@admin.register(AllocationScenario)
class AllocationScenarioAdmin(LedgerAdmin):
    access = allow(view=set(STAFF), act={Role.PLANNER})
    list_display = ("name", "product", "policy", "beside", "moved", "saved_at", "saved_by")
    list_filter = (typed("SKU", "product__sku"), typed("policy code", "policy_code"), "saved_at")
    search_fields = ("name", "product__sku", "saved_label")
    search_help_text = "Name, SKU or who saved it"
    list_select_related = ("product",)
    ordering = ("-id",)
    export_columns = (
        ("Name", "name"), ("SKU", "product__sku"), ("Policy", "policy_code"), ("Beside", "beside_code"),
        ("Held back", "hold_back_qty"), ("Saved", "saved_at"), ("By", "saved_label"), ("Note", "note"),
    )  # fmt: skip

    @display(description="Policy", ordering="policy_code")
    def policy(self, row: AllocationScenario) -> str:
        return row.policy_code or "the product's own"

    @display(description="Beside it", ordering="beside_code")
    def beside(self, row: AllocationScenario) -> str:
        return row.beside_code or "–"

    @display(description="Saved by")
    def saved_by(self, row: AllocationScenario) -> str:
        return row.saved_label

    @display(description="Lines moved")
    def moved(self, row: AllocationScenario) -> str:
        return str(row.figures.get("moved", "–"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was saved beside what the same what-if says now: nothing of it is changed here."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        scenario = AllocationScenario.objects.select_related("product").filter(pk=row_id(object_id)).first()
        if not self.has_view_permission(request, scenario):
            return super().change_view(request, object_id, form_url, extra_context)
        if scenario is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": scenario.name,
            "opts": self.opts,
            **_compared(scenario),
        }
        return TemplateResponse(request, "inventory/scenario.html", context)


def _compared(scenario: AllocationScenario) -> dict[str, Any]:
    tried = Tried(scenario.product_id, scenario.policy_code, scenario.beside_code, scenario.hold_back_qty)
    query = {"sku": scenario.product.sku, "policy": tried.policy, "beside": tried.beside}
    query |= {"hold_back": plain(tried.hold_back)} if tried.hold_back else {}
    found: dict[str, Any] = {
        "scenario": scenario, "product": product_snapshots([scenario.product_id])[scenario.product_id],
        "workbench": f"{reverse('admin:inventory_allocationrun_what_if')}?{urlencode(query)}", "then": scenario.figures,
    }  # fmt: skip
    try:
        now, _ = try_it(tried, now=clock.now())
    except DomainError as refusal:  # the policy is gone: what was saved is still worth reading
        return found | {"gone": refusal.message, "rows": _lines(scenario, None)[:MOST]}
    return found | {
        "is_stale": is_stale(scenario, now), "strip": strip_of(now), "parts": parts_of(now),
        "rows": _lines(scenario, now)[:MOST],
        "then_margin": _saved(scenario, "margin") or "0", "then_at_risk": _saved(scenario, "at_risk") or "none",
    }  # fmt: skip


def _saved(scenario: AllocationScenario, figure: str) -> str:
    return amounts_of({c: Decimal(v) for c, v in scenario.figures["all"][figure].items()}, signed=figure == "margin")


def _lines(scenario: AllocationScenario, now: WhatIf | None) -> list[dict[str, Any]]:
    """The saved lines, each with what it would be now; lines that came since are at the end."""
    today = {c.demand_id: line(c) for c in now.changes} if now else {}
    rows: list[tuple[Any, Any]] = [(then, today.pop(then["demand"], None)) for then in scenario.lines]
    rows += [(None, new) for new in today.values()]
    return [{"then": then, "now": new, "then_day": _day(then), "now_day": _day(new)} for then, new in rows]


def _day(saved: dict[str, Any] | None) -> date | None:
    return date.fromisoformat(saved["now"]) if saved and saved["now"] else None
