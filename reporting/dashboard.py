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
from reporting.seams import NO_LEAK, Leak, leaks

CHART = timedelta(days=14)
HEADLINE = ("perfect_order", "cycle_time_median", "backorder", "rep_adoption", "commission_accuracy", "fill")


@dataclass(frozen=True)
class Seam:
    """One way money leaks between systems; it must read zero. Its leaks are what `rows` (reporting.seams) counts in the
    books and the live cases of `kinds`, which have to be declared.
    """

    label: str
    kinds: tuple[str, ...]
    text: str
    rows: str = ""


SEAMS: tuple[Seam, ...] = (
    Seam(
        "Released without stock",
        ("invariant_broken",),
        "Orders released without confirmed inventory, and any ledger that drifted.",
        rows="released_without_stock",
    ),
    Seam(
        "Price changed on the way",
        (),
        "An invoice whose price is not the one the order was confirmed at.",
        rows="price_changed",
    ),
    Seam(
        "Credit after the pick",
        (),
        "Goods picked under a credit hold, or held after the pick.",
        rows="credit_after_pick",
    ),
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
        seams=seam_readings(),
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


def seam_readings() -> list[SeamReading]:
    """Each seam, counted now."""
    found = leaks()
    return [_reading(seam, found[seam.rows] if seam.rows else NO_LEAK) for seam in SEAMS]


def _reading(seam: Seam, leak: Leak) -> SeamReading:
    url = _url("admin:exceptions_app_case_changelist", f"?kind={kinds.kind(seam.kinds[0]).code}") if seam.kinds else ""
    text = f"{seam.text} Now: {', '.join(leak.first)}." if leak.count else seam.text
    return SeamReading(seam.label, text, leak.count + (live_count(seam.kinds) if seam.kinds else 0), url)


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
