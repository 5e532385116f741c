"""What the console's first page shows: the KPIs, the four seams that must not leak, what waits, and the days behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from core import clock, refs
from core.chart import drawing
from core.choices import words
from core.periods import Period
from exceptions_app import kinds, wording
from exceptions_app.queries import live_breaches, live_count, queue_counts
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.states import QUEUES, QueueCode
from reporting.behind_queries import BEHIND
from reporting.kpi_queries import built_days
from reporting.queries import days, kpis, live_kinds, open_holds, release_queue
from reporting.rules.kpis import WINDOWS, Kpi, window
from reporting.seams import NO_LEAK, Leak, leaks

# The five numbers the company is run by, and what each is made of.
HEADLINE: Mapping[str, tuple[str, ...]] = {
    "perfect_order": ("on_time", "in_full", "right_documents", "undamaged", "otif", "service_on_time"),
    "cycle_time_median": ("cycle_time_p90", "cycle_time_net_median", "ship_to_invoice"),
    "backorder": ("fill", "line_fill", "order_fill", "value_fill", "service_fill", "promise_slips"),
    "rep_adoption": ("case_breaches", "override_loss", "late_penalties"),
    "commission_accuracy": ("earned_to_paid", "disputed_invoices"),
}
RELEASE_SECONDS = 60  # the release queue reads every line of every open order, so it is counted once a minute


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
        "An invoice whose price is not the one the order was confirmed at, among the newest 10,000 lines.",
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
    now, span = clock.now(), window(request.GET.get("days"))
    tomorrow = clock.local_date(now, "UTC") + timedelta(days=1)
    period = Period(tomorrow - span, tomorrow)
    by_code = {kpi.code: kpi for kpi in kpis(period)}
    context.update(
        title="Dashboard",
        cards=[_card(by_code[code], span.days, [by_code[part] for part in parts]) for code, parts in HEADLINE.items()],
        window_days=span.days,
        windows=[(n, n == span.days) for n in WINDOWS],
        seams=seam_readings(),
        breaches=[_breach(case) for case in live_breaches(limit=10)],
        queues=queue_counts(now=now),
        finished=drawing(days(period)),
        too_late=drawing(built_days("case_breaches", period)),
        holds=[{"hold": hold, "reason": words(hold.reason), "url": _held(hold.reason)} for hold in open_holds()],
        release=cache.get_or_set("reporting.release_queue", release_queue, RELEASE_SECONDS),
        kinds=[_kind(k.kind, k.live, k.breached, k.money) for k in live_kinds()],
        cases_url=_url("admin:exceptions_app_case_desk"),
        holds_url=_url("admin:orders_hold_changelist"),
        orders_url=_url("admin:orders_order_changelist", "?status__exact=submitted"),
    )
    return context


def _card(kpi: Kpi, span: int, parts: Sequence[Kpi] = ()) -> Mapping[str, Any]:
    sign = "+" if kpi.trend and kpi.trend > 0 else ""
    counted_in = "" if kpi.unit == "money" else kpi.unit  # which currency, its definition says
    unit = " points" if kpi.unit == "%" else f"\u00a0{counted_in}".rstrip()
    has_list = kpi.value is not None and kpi.code in BEHIND
    return {
        "kpi": kpi,
        "unit": counted_in,
        "trend": None if kpi.trend is None else f"{sign}{kpi.trend}{unit}",
        "target": f"{'at least' if kpi.higher_is_better else 'at most'} {kpi.target}\u00a0{counted_in}".rstrip(),
        "url": _url("admin:reporting_ordermeasure_changelist", f"?behind={kpi.code}&days={span}") if has_list else "",
        "behind": "The slowest orders" if kpi.unit in ("h", "days") else "The orders it lost on",
        "parts": [_card(part, span) for part in parts],
    }


def _held(reason: str) -> str:
    return _url("admin:orders_hold_changelist", f"?reason__exact={reason}")


def _kind(kind: str, live: int, breached: int, money: Sequence[tuple[Decimal, str]]) -> Mapping[str, Any]:
    return {
        "label": kinds.label(kind),
        "live": live,
        "breached": breached,
        "money": ", ".join(f"{amount:,} {currency}".strip() for amount, currency in money) or "–",
        "url": _url("admin:exceptions_app_case_changelist", f"?kind={kind}"),
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


def _url(name: str, query: str = "", args: list[int] | None = None) -> str:
    try:
        return reverse(name, args=args) + query
    except NoReverseMatch:
        return ""
