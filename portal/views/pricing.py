"""A customer asks for lower prices on an order; the house decides, and the page of approvals says what became of it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, is_done, run_once
from orders.services.ask_price import ask_price
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.asking import AskPage, ask_page, asked_prices
from portal.views.orders import order_seen

ASKING = "portal.price"


@access(PORTAL)
def ask(request: PortalRequest, number: str) -> HttpResponse:
    """Which lines, at which price, and why; then ask, once for the form's key."""
    if not may_order(request):
        raise PermissionDenied
    head = order_seen(request, number)
    page = ask_page(head)
    if request.method != "POST":
        return _show(request, page)
    owner, key = f"user:{request.user.pk}", request.POST.get("key", "")
    if is_done(Claim(ASKING, owner, key, "")):
        return _asked(request, head.number)
    page = asked_prices(page, request.POST)
    if page.problems:
        return _show(request, page, status=422)
    body = {"order": head.order_id, "why": page.reason, "prices": {str(n): str(p) for n, p in page.prices.items()}}
    try:
        run_once(
            Claim(ASKING, owner, key, hash_body(body)),
            ask_price,
            order_id=head.order_id,
            prices=page.prices,
            reason=page.reason,
            actor=actor(request),
            now=clock.now(),
        )
    except DomainError as refusal:
        return _show(request, page.refused(refusal), status=422)
    return _asked(request, head.number)


def _asked(request: PortalRequest, number: str) -> HttpResponse:
    messages.success(request, _("We have your request. Until it is decided, the prices below stand."))
    return redirect("portal:order", number=number)


def _show(request: PortalRequest, page: AskPage, *, status: int = 200) -> HttpResponse:
    return render(request, "portal/ask_price.html", {"page": page, "here": "orders"}, status=status)
