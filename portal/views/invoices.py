"""The customer's invoices."""

from django.http import HttpResponse
from django.shortcuts import render

from core import clock
from portal.access import PORTAL, PortalRequest, access
from portal.lists import invoice_rows


@access(PORTAL)
def invoice_list(request: PortalRequest) -> HttpResponse:
    """The latest 200, newest first."""
    account = request.buying.account
    today = clock.local_date(clock.now(), account.time_zone)
    page = {"invoices": invoice_rows(account.id, today=today)}
    return render(request, "portal/invoices.html", {"page": page, "here": "invoices"})
