"""What the console's first page shows: the KPIs, the four seams that must not leak, breached cases, the last two weeks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from core import clock, refs
from core.periods import Period
from exceptions_app import kinds, wording
from exceptions_app.queries import live_breaches, live_count, queue_counts
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.states import QUEUES, QueueCode
from reporting.queries import DayCount, days, kpis
from reporting.rules.kpis import WINDOW, Kpi

CHART = timedelta(days=14)
HEADLINE = ("perfect_order", "cycle_time_median", "backorder", "rep_adoption", "commission_accuracy", "fill")


@dataclass(frozen=True)
class Seam:
    """One way money leaks between systems. Live cases of these kinds are its leaks; it must read zero."""

    label: str
    kinds: tuple[str, ...]
    text: str


SEAMS: tuple[Seam, ...] = (
    Seam(
        "Released without stock",
        ("released_without_stock", "invariant_broken"),
        "Orders released without confirmed inventory, and any ledger that drifted.",
    ),
    Seam(
        "Price changed on the way",
        ("price_mismatch", "invoice_price_mismatch"),
        "The price on confirmation or invoice differs from the order's.",
    ),
    Seam("Credit after the pick", ("credit_hold_after_pick",), "A credit hold that came after the pick wave."),
    Seam(
        "EDI waiting for hands",
        ("edi_quarantined", "edi_new_partner", "edi_unknown_part", "edi_po_changed", "edi_not_submitted"),
        "Documents from partners that somebody would have to type again.",
    ),
)


@dataclass(frozen=True)
class SeamReading:
    label: str
    text: str
    count: int
    url: str


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK. Staff only see the console, so nothing here narrows by customer."""
    now = clock.now()
    tomorrow = clock.local_date(now, "UTC") + timedelta(days=1)
    by_code = {kpi.code: kpi for kpi in kpis(Period(tomorrow - WINDOW, tomorrow))}
    chart = days(Period(tomorrow - CHART, tomorrow))
    context.update(
        title="Dashboard",
        kpis=[_card(by_code[code]) for code in HEADLINE],
        other_kpis=[_card(kpi) for code, kpi in by_code.items() if code not in HEADLINE],
        window_days=WINDOW.days,
        seams=[_reading(seam) for seam in SEAMS],
        breaches=[_breach(case) for case in live_breaches(limit=10)],
        queues=queue_counts(now=now),
        days=chart,
        finished=sum(day.finished for day in chart),
        chart_data=json.dumps(_chart(chart)),
        cases_url=_url("admin:exceptions_app_case_changelist"),
    )
    return context


def _card(kpi: Kpi) -> Mapping[str, Any]:
    sign = "+" if kpi.trend and kpi.trend > 0 else ""
    unit = " points" if kpi.unit == "%" else f" {kpi.unit}"
    return {
        "kpi": kpi,
        "trend": None if kpi.trend is None else f"{sign}{kpi.trend}{unit}",
        "target": f"{'at least' if kpi.higher_is_better else 'at most'} {kpi.target} {kpi.unit}",
        "url": _url("admin:reporting_ordermeasure_changelist", f"?behind={kpi.code}"),
    }


def _reading(seam: Seam) -> SeamReading:
    declared = [code for code in seam.kinds if any(kind.code == code for kind in kinds.kinds())]
    url = _url("admin:exceptions_app_case_changelist", f"?kind={declared[0]}" if declared else "")
    return SeamReading(seam.label, seam.text, live_count(seam.kinds), url)


def _breach(case: CaseSnapshot) -> Mapping[str, Any]:
    now = clock.now()
    return {
        "case": case,
        "kind": kinds.label(case.kind),
        "url": _url("admin:exceptions_app_case_change", args=[case.id]),
        "queue": QUEUES[QueueCode(case.queue)][0] if case.queue in set(QueueCode) else case.queue,
        "subject": str(case.subject),
        "subject_url": refs.url_of(case.subject),
        "over": wording.duration(now - case.breached_at) if case.breached_at else "",
    }


def _chart(found: list[DayCount]) -> Mapping[str, Any]:
    return {
        "labels": [f"{day.day:%d %b}".lstrip("0") for day in found],
        "datasets": [
            {"label": "Finished", "data": [day.finished for day in found], "borderColor": "#1D4FB0"},
            {"label": "Perfect", "data": [day.perfect for day in found], "borderColor": "#025D33"},
        ],
    }


def _url(name: str, query: str = "", args: list[int] | None = None) -> str:
    try:
        return reverse(name, args=args) + query
    except NoReverseMatch:
        return ""
