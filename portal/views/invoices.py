"""The customer's invoices: all of them, or what is still to be paid."""

from datetime import date
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from billing.queries import invoices_of_account, overdue, unpaid_invoices_of_account
from billing.rules.asks import InvoiceView
from core import clock
from portal.access import PORTAL, PortalRequest, access
from portal.lists import PAGE, invoice_rows


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
