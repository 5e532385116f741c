"""A placed order is changed by its customer: looked at with money, promises and headroom, then done once."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, is_done, run_once
from orders.filters import OrderSummary
from orders.services.amend import amend
from orders.services.preview_amendment import preview_amendment
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.amending import AmendPage, amend_page, wanted
from portal.views.orders import order_seen

AMENDING = "portal.amend"
CUSTOMER = "changed by the customer in the portal"


@access(PORTAL)
def change(request: PortalRequest, number: str) -> HttpResponse:
    """Quantities, the day, lines to take out. Nothing is done before what it would do was shown."""
    if not may_order(request):
        raise PermissionDenied
    head = order_seen(request, number)
    page = amend_page(head)
    if request.method != "POST":
        return _show(request, page)
    claim = Claim(AMENDING, f"user:{request.user.pk}", request.POST.get("key", ""), "")
    if is_done(claim):
        return _changed(request, head)
    page = wanted(page, request.POST)
    if page.problems:
        return _show(request, page, status=422)
    if request.POST.get("step") == "amend" and request.POST.get("seen") == page.content:
        return _amend(request, head, page)
    seen = preview_amendment(order_id=head.order_id, wish=page.wish, actor=actor(request), now=clock.now())
    page = page.looked_at(seen)
    return _show(request, page, status=422 if page.problems else 200)


def _amend(request: PortalRequest, head: OrderSummary, page: AmendPage) -> HttpResponse:
    body = hash_body({"order": head.order_id, "wish": page.content})
    claim = Claim(AMENDING, f"user:{request.user.pk}", page.key, body)
    version = int(page.version) if page.version.isdecimal() and len(page.version) < 10 else 0
    reason = page.reason or CUSTOMER
    try:
        run_once(
            claim, amend, order_id=head.order_id, wish=page.wish, expected_version=version, reason=reason,
            actor=actor(request), now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        return _show(request, page.refused(refusal), status=422)
    return _changed(request, head)


def _changed(request: PortalRequest, head: OrderSummary) -> HttpResponse:
    messages.success(request, _("Changed as you asked. What the order now is, you see below."))
    return redirect("portal:order", number=head.number)


def _show(request: PortalRequest, page: AmendPage, *, status: int = 200) -> HttpResponse:
    return render(request, "portal/amend.html", {"page": page, "here": "orders"}, status=status)
