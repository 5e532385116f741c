"""What may stand in for what the customer waits for: shown with its effect, taken only when they say so."""

from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.states import BUYERS
from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, run_once
from orders.filters import OrderSummary
from orders.services.take_substitute import take_substitute
from orders.substitutes import substitute_offers
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.views.orders import order_seen

TAKING = "portal.substitute"


@access(PORTAL)
def substitutes(request: PortalRequest, number: str) -> HttpResponse:
    """The offers for the order's backordered lines; then take one, once for the form's key."""
    if not may_order(request):
        raise PermissionDenied
    head = order_seen(request, number)
    if request.method != "POST":
        return _show(request, head)
    form, who = request.POST, actor(request)
    line_no, product_id = (_whole(form.get(name, "")) for name in ("line_no", "product_id"))
    consent = form.get("consent", "").strip()[:300]
    body = {"order": head.order_id, "line": line_no, "product": product_id, "consent": consent}
    claim = Claim(TAKING, f"user:{request.user.pk}", form.get("key", ""), hash_body(body))
    try:
        run_once(
            claim, take_substitute, order_id=head.order_id, line_no=line_no, product_id=product_id, consent=consent,
            is_customer=who.has_role(*BUYERS), actor=who, now=clock.now(),
        )  # fmt: skip
    except DomainError as refusal:
        return _show(request, head, refusal.in_words, status=422)
    messages.success(request, _("The substitute is on the order now, on a line of its own."))
    return redirect("portal:order", number=head.number)


def _whole(text: str) -> int:
    """A number a form of ours sends, 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) <= 18 else 0


def _show(request: PortalRequest, head: OrderSummary, problem: str = "", *, status: int = 200) -> HttpResponse:
    context = {
        "order": head,
        "offers": [(offer, str(uuid4())) for offer in substitute_offers(head.order_id, now=clock.now())],
        "problem": problem,
        "must_say_who": not actor(request).has_role(*BUYERS),
        "here": "orders",
    }
    return render(request, "portal/substitutes.html", context, status=status)
