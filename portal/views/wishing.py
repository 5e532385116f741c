"""A customer asks for an earlier day or for a product that is not open to them; the house decides, and the page of approvals
says what became of it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, is_done, run_once
from orders.services.ask_allowance import ask_allowance
from orders.services.ask_promise import ask_promise
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.views.orders import order_seen
from portal.wishes import WishPage, wish_page, wished

ASKING = "portal.wish"


@access(PORTAL)
def wish(request: PortalRequest, number: str) -> HttpResponse:
    """Which lines, by which day, and why; then ask, once for the form's key."""
    if not may_order(request):
        raise PermissionDenied
    head = order_seen(request, number)
    page = wish_page(head)
    if request.method != "POST":
        return _show(request, page)
    owner, key = f"user:{request.user.pk}", request.POST.get("key", "")
    if is_done(Claim(ASKING, owner, key, "")):
        return _asked(request, head.number)
    page = wished(page, request.POST)
    if page.problems:
        return _show(request, page, status=422)
    days = {str(n): day.isoformat() for n, day in page.asked_days.items()}
    body = {"order": head.order_id, "why": page.reason, "days": days, "lines": page.asked_lines}
    claim = Claim(ASKING, owner, key, hash_body(body))
    what: dict[str, Any] = {"order_id": head.order_id, "reason": page.reason}
    what |= {"actor": actor(request), "now": clock.now()}
    try:
        if page.is_draft:
            run_once(claim, ask_allowance, line_nos=page.asked_lines, **what)
        else:
            run_once(claim, ask_promise, days=page.asked_days, **what)
    except DomainError as refusal:
        return _show(request, page.refused(refusal), status=422)
    return _asked(request, head.number)


def _asked(request: PortalRequest, number: str) -> HttpResponse:
    messages.success(request, _("We have your request. Until it is decided, the order stays as it is; see Approvals."))
    return redirect("portal:order", number=number)


def _show(request: PortalRequest, page: WishPage, *, status: int = 200) -> HttpResponse:
    return render(request, "portal/wish.html", {"page": page, "here": "orders"}, status=status)
