"""The customer's orders: find one, see how far it is."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import clock
from orders.filters import OrderFilter, find_orders
from orders.states import OrderStatus
from portal.access import PORTAL, PortalRequest, access
from portal.lists import PAGE, order_rows
from portal.order_page import order_page

STATUSES = {"draft": _("Not placed yet"), "submitted": _("Open"), "closed": _("Complete"), "cancelled": _("Cancelled")}


@access(PORTAL)
def order_list(request: PortalRequest) -> HttpResponse:
    """Newest first, a page at a time."""
    given = request.GET
    status = given.get("status", "") if given.get("status", "") in set(OrderStatus) else ""
    text, before = given.get("q", "").strip()[:60], given.get("before", "")
    wanted = OrderFilter(
        frozenset({request.buying.account.id}),
        text=text,
        status=status,
        before_id=int(before) if before.isdecimal() and len(before) < 19 else None,
    )
    found = find_orders(wanted, limit=PAGE + 1)
    here = reverse("portal:orders")
    kept = {k: v for k, v in (("q", text), ("status", status)) if v}
    page = {
        "orders": order_rows(found[:PAGE]),
        "q": text,
        "status": status,
        "statuses": STATUSES.items(),
        "is_later": bool(before),
        "first_url": f"{here}?{urlencode(kept)}",
        "older": f"{here}?{urlencode({**kept, 'before': found[PAGE - 1].order_id})}" if len(found) > PAGE else "",
    }
    return render(request, "portal/orders.html", {"page": page, "here": "orders"})


@access(PORTAL)
def order(request: PortalRequest, number: str) -> HttpResponse:
    """One order; that of another customer is not there."""
    account = request.buying.account
    found = find_orders(OrderFilter(frozenset({account.id}), number=number), limit=1)
    if not found:
        raise Http404
    first = request.GET.get("lines", "1")
    page = order_page(
        found[0],
        account=account,
        now=clock.now(),
        first_line=max(int(first), 1) if first.isdecimal() and len(first) < 6 else 1,
    )
    return render(request, "portal/order.html", {"page": page, "here": "orders"})
