"""The customer's orders: find one, see how far it is, take back what has not left, export the list."""

from collections.abc import Iterator

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as __
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, is_done, run_once
from fulfillment.services.request_returns import request_returns
from orders.filters import OrderFilter, OrderSummary, find_orders
from orders.services.cancel import cancel_lines, cancel_order
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.cancelling import CancelPage, asked_quantities, cancel_page
from portal.csv_files import csv_answer
from portal.finding import find, orders_page, read_filters
from portal.order_page import order_page
from portal.returning import ReturnPage, asked_back, return_page

STATUSES = {
    "draft": __("Not placed yet"),
    "submitted": __("Open"),
    "closed": __("Complete"),
    "cancelled": __("Cancelled"),
}
MOST_EXPORTED = 10_000  # rows of one file; the page and the file say so
CANCELLING = "portal.cancel"
CUSTOMER = "cancelled by the customer in the portal"


@access(PORTAL)
def order_list(request: PortalRequest) -> HttpResponse:
    """Newest first, a page at a time."""
    page = orders_page(read_filters(request.GET), request.buying.account)
    return render(request, "portal/orders.html", {"page": page, "statuses": STATUSES.items(), "here": "orders"})


@require_safe
@access(PORTAL)
def orders_csv(request: PortalRequest) -> HttpResponse:
    """The orders that fit the filters, for a spreadsheet. What one file does not take is said in its last row."""
    account = request.buying.account
    found = find(read_filters(request.GET), account, limit=MOST_EXPORTED + 1)
    rows = _rows(found.orders[:MOST_EXPORTED], account.time_zone)
    last = found.orders[MOST_EXPORTED - 1 :][:1] if len(found.orders) > MOST_EXPORTED else []
    note = ""
    if last:
        until = clock.local_date(last[0].submitted_at or last[0].received_at, account.time_zone)
        note = _("More orders fit than one file takes (%(n)s). Export again with the last day %(day)s.") % {
            "n": f"{MOST_EXPORTED:,}",
            "day": until.isoformat(),
        }
    elif found.reached_id:
        note = _("Older orders were not searched. Give a day range that ends before the last row to export them.")
    header = ["Order", "PO number", "Placed", "State", "Total", "Currency", "Wanted on"]
    return csv_answer("orders.csv", header, rows, note)


def _rows(found: list[OrderSummary], time_zone: str) -> Iterator[list[str]]:
    for o in found:
        placed = clock.local_date(o.submitted_at, time_zone).isoformat() if o.submitted_at else ""
        wanted = o.requested_date.isoformat() if o.requested_date else ""
        state = str(STATUSES.get(o.status, o.status))
        yield [o.number, o.po_number, placed, state, str(o.owed_amount), o.currency, wanted]


@access(PORTAL)
def order(request: PortalRequest, number: str) -> HttpResponse:
    """One order; that of another customer is not there."""
    head, first = order_seen(request, number), request.GET.get("lines", "1")
    page = order_page(
        head,
        account=request.buying.account,
        now=clock.now(),
        first_line=max(int(first), 1) if first.isdecimal() and len(first) < 6 else 1,
    )
    context = {"page": page, "here": "orders", "may_order": may_order(request)}
    return render(request, "portal/order.html", context)


@access(PORTAL)
def cancel(request: PortalRequest, number: str) -> HttpResponse:
    """Which open lines to take back, and how much of each; then do it, once for the form's key."""
    if not may_order(request):
        raise PermissionDenied
    head = order_seen(request, number)
    page = cancel_page(head)
    if request.method != "POST":
        return _show_cancel(request, page.ticked(request.GET.get("line", "")))
    owner, key = f"user:{request.user.pk}", request.POST.get("key", "")
    if is_done(Claim(CANCELLING, owner, key, "")):
        return _cancelled(request, head.number)
    page = asked_quantities(page, request.POST)
    if page.problems:
        return _show_cancel(request, page, status=422)
    wanted = {line.line_no: line.asked for line in page.lines if line.asked is not None}
    body = {"order": head.order_id, "lines": {str(n): str(q) for n, q in wanted.items()}}
    claim = Claim(CANCELLING, owner, key, hash_body(body))
    try:
        run_once(
            claim,
            cancel_lines,
            order_id=head.order_id,
            quantities=wanted,
            reason=CUSTOMER,
            actor=actor(request),
            now=clock.now(),
        )
    except DomainError as refusal:
        return _show_cancel(request, page.refused(refusal), status=422)
    return _cancelled(request, head.number)


def _cancelled(request: PortalRequest, number: str) -> HttpResponse:
    messages.success(request, _("Cancelled as you asked. What the order now is, you see below."))
    return redirect("portal:order", number=number)


@access(PORTAL)
def ask_back(request: PortalRequest, number: str) -> HttpResponse:
    """Which goods are to come back, how much and why; then ask, once for the form's key."""
    if not may_order(request):
        raise PermissionDenied
    page = return_page(order_seen(request, number))
    if request.method != "POST":
        return _show_return(request, page)
    page = asked_back(page, request.POST)
    if page.problems:
        return _show_return(request, page, status=422)
    try:
        request_returns([page.spec()], actor=actor(request), now=clock.now())
    except DomainError as refusal:
        return _show_return(request, page.refused(refusal), status=422)
    messages.success(request, _("We have your request. Keep the goods until we say where to send them."))
    return redirect("portal:order", number=number)


def _show_return(request: PortalRequest, page: ReturnPage, *, status: int = 200) -> HttpResponse:
    return render(request, "portal/return.html", {"page": page, "here": "orders"}, status=status)


@require_POST
@access(PORTAL)
def discard(request: PortalRequest, number: str) -> HttpResponse:
    """Throw a draft away."""
    if not may_order(request):
        raise PermissionDenied
    head = order_seen(request, number)
    if head.status != "draft":
        messages.error(request, _("Order %(number)s is no draft any more; nothing was changed.") % {"number": number})
        return redirect("portal:order", number=number)
    cancel_order(order_id=head.order_id, reason=CUSTOMER, actor=actor(request), now=clock.now())
    messages.success(request, _("Draft %(number)s is discarded.") % {"number": number})
    return redirect("portal:orders")


def _show_cancel(request: PortalRequest, page: CancelPage, *, status: int = 200) -> HttpResponse:
    return render(request, "portal/cancel.html", {"page": page, "here": "orders"}, status=status)


def order_seen(request: PortalRequest, number: str) -> OrderSummary:
    found = find_orders(OrderFilter(frozenset({request.buying.account.id}), number=number), limit=1)
    if not found:
        raise Http404
    return found[0]
