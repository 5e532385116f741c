"""The customer's invoices: all of them, or what is still to be paid; on paper, disputed, and the statement of account."""

from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.papers.invoice import invoice_pdf
from billing.papers.statement import HEADER, statement_pdf, statement_rows
from billing.queries import invoice_by_number, invoices_of_account, overdue, statement, unpaid_invoices_of_account
from billing.rules.asks import InvoiceView
from billing.services.dispute_invoice import open_dispute
from billing.states import DisputeReason
from core import clock
from core.choices import words
from core.errors import DomainError
from core.quantity import BadQuantity, as_quantity
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.csv_files import csv_answer
from portal.lists import PAGE, invoice_rows

SHOWN = 200  # open invoices on the statement's page; its files have all


@access(PORTAL)
def invoice_list(request: PortalRequest) -> HttpResponse:
    """A page at a time: all, the newest first; or those to pay, the first due first."""
    account, given = request.buying.account, request.GET
    today = clock.local_date(clock.now(), account.time_zone)
    is_to_pay = given.get("show") == "to-pay"
    if is_to_pay:
        found = unpaid_invoices_of_account(account.id, limit=PAGE + 1, after=_after(given.get("after", "")))
    else:
        before = given.get("before", "")
        before_id = int(before) if before.isdecimal() and len(before) < 19 else None
        found = invoices_of_account([account.id], limit=PAGE + 1, before_id=before_id)
    page = {
        "invoices": invoice_rows(found[:PAGE], today=today),
        "is_to_pay": is_to_pay,
        "overdue": overdue(account.id, on=today),
        "older": _following(found, is_to_pay=is_to_pay),
        "is_later": bool(given.get("before") or given.get("after")),
    }
    return render(request, "portal/invoices.html", {"page": page, "here": "invoices"})


def _following(found: list[InvoiceView], *, is_to_pay: bool) -> str:
    if len(found) <= PAGE:
        return ""
    last = found[PAGE - 1]
    place = {"show": "to-pay", "after": f"{last.due_date}_{last.id}"} if is_to_pay else {"before": str(last.id)}
    return f"{reverse('portal:invoices')}?{urlencode(place)}"


def _after(text: str) -> tuple[date, int] | None:
    """The due date and id the page starts after; what cannot be read starts at the beginning."""
    day, _line, number = text.partition("_")
    try:
        return (date.fromisoformat(day), int(number)) if number.isdecimal() and len(number) < 19 else None
    except ValueError:
        return None


@require_safe
@access(PORTAL)
def pdf(request: PortalRequest, number: str) -> HttpResponse:
    answer = HttpResponse(invoice_pdf(_invoice(request, number)), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return answer


@access(PORTAL)
def dispute(request: PortalRequest, number: str) -> HttpResponse:
    """What is not right with an invoice; finance answers."""
    invoice = _invoice(request, number)
    form = {name: request.POST.get(name, "").strip() for name in ("amount", "reason", "note")}
    problems: list[str] = []
    if request.method == "POST":
        problems = _disputed(request, invoice, form)
        if not problems:
            messages.success(request, _("Thank you: we look into invoice %(number)s.") % {"number": number})
            return redirect("portal:invoices")
    page = {
        "invoice": invoice,
        "form": form,
        "problems": problems,
        "reasons": [(r.value, words(r)) for r in DisputeReason],
        "is_open": invoice.open_amount > 0 and not invoice.disputed_amount,
    }
    status = 422 if problems else 200
    return render(request, "portal/dispute.html", {"page": page, "here": "invoices"}, status=status)


def _disputed(request: PortalRequest, invoice: InvoiceView, form: dict[str, str]) -> list[str]:
    """Open the dispute; what stands in the way."""
    problems = []
    amount = Decimal(0)
    try:
        amount = as_quantity(form["amount"])
    except BadQuantity as wrong:
        problems.append(_("Amount: %(why)s.") % {"why": wrong})
    if form["reason"] not in set(DisputeReason):
        problems.append(_("Choose a reason."))
    if not form["note"]:
        problems.append(_("Say what is not right."))
    if not may_order(request):
        problems.append(_("You may look at invoices, not dispute them. Ask your administrator."))
    if problems:
        return problems
    try:
        open_dispute(
            invoice_id=invoice.id, amount=amount, reason=DisputeReason(form["reason"]), note=form["note"],
            actor=actor(request), now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        return [refusal.in_words]
    return []


@require_safe
@access(PORTAL)
def account_statement(request: PortalRequest) -> HttpResponse:
    """What is open and how old it is, what is on account; the same as PDF or CSV with ?form=."""
    account = request.buying.account
    today = clock.local_date(clock.now(), account.time_zone)
    found = statement(account.id, on=today, currency=account.currency)
    form = request.GET.get("form", "")
    if form == "csv":
        return csv_answer("statement.csv", HEADER, statement_rows(found, on=today))
    if form == "pdf":
        answer = HttpResponse(statement_pdf(found, on=today), content_type="application/pdf")
        answer["Content-Disposition"] = 'inline; filename="statement.pdf"'
        return answer
    page = {
        "found": found,
        "on": today,
        "balance": found.open_amount - found.unapplied_amount,
        "invoices": invoice_rows(found.open_invoices[:SHOWN], today=today),
        "more": max(len(found.open_invoices) - SHOWN, 0),
        "credits": found.credits[:SHOWN],
    }
    return render(request, "portal/statement.html", {"page": page, "here": "invoices"})


def _invoice(request: PortalRequest, number: str) -> InvoiceView:
    found = invoice_by_number(number, [request.buying.account.id])
    if found is None:
        raise Http404
    return found
