"""An account's statement in the console: by age, and as PDF or CSV."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.queries import names
from billing.papers.statement import HEADER, statement_pdf, statement_rows
from billing.queries import statement
from core import clock
from core.console import ServiceAdmin, row_id
from core.exports import csv_lines

SHOWN = 200  # rows on the page; the files have all
ALL = 1_000_000


def pdf_answer(name: str, content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


def statement_page(screen: ServiceAdmin, request: HttpRequest) -> HttpResponseBase:
    account_id, today = row_id(request.GET.get("account", "")), clock.company_day(clock.now())
    currency = request.GET.get("currency", "USD")[:3].upper()
    name = names([account_id]).get(account_id, "")
    found = statement(account_id, on=today, currency=currency)
    form = request.GET.get("form", "")
    if name and form == "pdf":
        return pdf_answer("statement.pdf", statement_pdf(found, on=today))
    if name and form == "csv":
        lines = csv_lines(HEADER, statement_rows(found, on=today), cap=ALL)
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="statement.csv"'
        return answer
    query = f"?account={account_id}&currency={currency}"
    context = {
        **screen.admin_site.each_context(request),
        "title": f"Statement of {name}" if name else "No such account",
        "opts": screen.opts,
        "name": name,
        "found": found,
        "shown": found.open_invoices[:SHOWN],
        "more": max(len(found.open_invoices) - SHOWN, 0),
        "balance": found.open_amount - found.unapplied_amount,
        "today": today,
        "files": [
            (reverse("admin:billing_invoice_statement") + f"{query}&form={f}", f.upper()) for f in ("pdf", "csv")
        ],
    }
    return TemplateResponse(request, "admin/billing/statement.html", context)
