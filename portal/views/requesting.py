"""A customer asks the house to let an order go, for other terms, for a higher limit: the house decides, under Approvals."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError
from core.idempotency import Claim, hash_body, is_done, run_once
from portal.access import PORTAL, PortalRequest, access, actor, may_order
from portal.requesting import KINDS, RequestPage, request_page, requested
from portal.views.orders import order_seen

ASKING = "portal.request"


@access(PORTAL)
def ask(request: PortalRequest, about: str) -> HttpResponse:
    """How it stands, and what is asked for; then ask, once for the form's key. `?order=` names the order."""
    kind = KINDS.get(about)
    if kind is None:
        raise Http404
    if not may_order(request):
        raise PermissionDenied
    order = order_seen(request, request.GET.get("order", "")) if kind.of_order else None
    page = request_page(about, kind, request.buying.account, order)
    if request.method != "POST" or page.why_not:
        return _show(request, page)
    owner, key = f"user:{request.user.pk}", request.POST.get("key", "")
    if is_done(Claim(ASKING, owner, key, "")):
        return _asked(request)
    page = requested(page, request.POST)
    if page.problems:
        return _show(request, page, status=422)
    claim = Claim(ASKING, owner, key, hash_body({"about": about, **{k: str(v) for k, v in page.what.items()}}))
    try:
        run_once(claim, kind.verb, actor=actor(request), now=clock.now(), **page.what)
    except DomainError as refusal:
        return _show(request, page.refused(refusal), status=422)
    return _asked(request)


def _asked(request: PortalRequest) -> HttpResponse:
    messages.success(request, _("We have your request. Until it is decided, all stays as it is."))
    return redirect("portal:approvals")


def _show(request: PortalRequest, page: RequestPage, *, status: int = 200) -> HttpResponse:
    return render(request, "portal/request.html", {"page": page, "here": "approvals"}, status=status)
