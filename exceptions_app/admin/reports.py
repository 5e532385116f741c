"""The report on cases: what was opened in the window, by kind, cause, owner or team; as a page with its breach
rate day by day, and as CSV."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from core import clock
from core.chart import drawing
from core.console import ServiceAdmin
from core.exports import csv_lines
from core.periods import Period
from exceptions_app.case_reports import BY, bounds, breaches_by_day, case_report

WINDOWS = (7, 30, 90, 365)
COLUMNS = (
    *("What", "Currency", "Opened", "Live", "By themselves", "Minutes to respond", "Minutes to resolve", "Breached"),
    *("Breached, percent", "Reopened", "At risk", "Saved", "Lost"),
)
FIELDS = (
    *("what", "currency", "opened", "live", "by_themselves", "respond_minutes", "resolve_minutes", "breached"),
    *("breach_percent", "reopened", "at_risk", "saved", "lost"),
)


def report_page(request: HttpRequest, model_admin: ServiceAdmin) -> HttpResponse | StreamingHttpResponse:
    by = request.GET.get("by", "kind")
    by = by if by in BY else "kind"
    days = next((n for n in WINDOWS if str(n) == request.GET.get("days")), 30)
    tomorrow = clock.local_date(clock.now(), "UTC") + timedelta(days=1)
    period = Period(tomorrow - timedelta(days=days), tomorrow)  # whole days, as on the dashboard
    since, until = bounds(period)
    rows = case_report(by, since=since, until=until)
    if request.GET.get("form") == "csv":
        lines = csv_lines(COLUMNS, ([getattr(row, name) for name in FIELDS] for row in rows))
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="cases-by-{by}.csv"'
        return response
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": "Report on cases",
        "rows": rows,
        "drawn": drawing(breaches_by_day(period)),
        "by": by,
        "days": days,
        "ways": list(BY),
        "windows": WINDOWS,
        "cases_url": reverse("admin:exceptions_app_case_changelist"),
    }
    return TemplateResponse(request, "exceptions_app/case_report.html", context)
