"""Who may open a page of the portal, and for which customer. Every view carries its declaration as `access`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.access import visible_accounts
from accounts.queries import account_snapshots, buyer_of
from accounts.rules.asks import AccountSnapshot, Visible
from accounts.states import BUYERS, STAFF, BuyerRole, Role
from core import clock
from core.access import Access, allow
from core.actors import Actor
from core.console import actor_of
from core.errors import NotFound

PORTAL_ROLES: frozenset[str] = frozenset(BUYERS | {Role.REP})
PORTAL = allow(view=PORTAL_ROLES, act=PORTAL_ROLES)
START = allow(view=PORTAL_ROLES | STAFF | {Role.SERVICE}, act=PORTAL_ROLES)  # staff are shown on to the console

ACTING_FOR = "portal_account"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Place:
    """One entry of the navigation; `short` is its word under the icon on a phone."""

    name: str
    label: str
    short: str
    icon: str

    @property
    def url(self) -> str:
        return reverse(f"portal:{self.name}")


@dataclass(frozen=True)
class Buying:
    """For whom the signed-in person buys here: the customer, and the ids of all they could turn to."""

    account: AccountSnapshot
    seen: frozenset[int]
    person: str
    on_behalf: bool

    @property
    def has_choice(self) -> bool:
        return len(self.seen) > 1

    @property
    def places(self) -> tuple[Place, ...]:
        return (
            Place("home", _("Home"), _("Home"), "home"),
            Place("quick-order", _("Quick order"), _("Order"), "bolt"),
            Place("orders", _("Orders"), _("Orders"), "box"),
            Place("approvals", _("Approvals"), _("Approve"), "check-circle"),
            Place("invoices", _("Invoices"), _("Invoices"), "receipt"),
        )


class PortalRequest(HttpRequest):
    """A request whose visitor was let in: `buying` is for whom."""

    buying: Buying


class StartRequest(HttpRequest):
    """As PortalRequest, for the start page: `buying` is None for staff."""

    buying: Buying | None


class ChoosingRequest(HttpRequest):
    """A request of somebody who may still have to say for whom they buy: `seen` are the customers to choose from."""

    seen: frozenset[int]


def access(declared: Access, *, may_choose: bool = False) -> Callable[[Callable[..., HttpResponse]], Any]:
    """Let in who is declared, with the customer they buy for at `request.buying`; others sign in or get a 403.

    Who buys for several customers says first for which: nothing is shown or taken before. `may_choose` marks the pages
    where that is said; they get `request.seen` instead.
    """

    def declare(view: Callable[..., HttpResponse]) -> Any:
        @never_cache  # a shared computer keeps no page of a customer
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            reads = request.method in SAFE_METHODS
            if not (declared.may_view(request.user) if reads else declared.may_act(request.user)):
                raise PermissionDenied
            seen = visible_accounts(request.user)
            request.seen, request.buying = seen.ids, None if seen.all else buying_of(request, seen.ids)
            if request.buying is None and (refusal := _without_customer(request, declared, seen, may_choose)):
                return refusal
            try:
                return view(request, *args, **kwargs)
            except NotFound as unseen:
                raise Http404(unseen.message) from unseen

        guarded.access = declared  # type: ignore[attr-defined]
        return guarded

    return declare


def _without_customer(request: Any, declared: Access, seen: Visible, may_choose: bool) -> HttpResponse | None:
    """What somebody gets who has no customer, or has not said which; None: the view's own answer."""
    if seen.all or not PORTAL.may_view(request.user):
        if declared is START:
            return None
        raise PermissionDenied
    if not seen.ids:
        return render(request, "portal/no_company.html", status=403)
    return None if may_choose else to_choice(request)


def to_choice(request: HttpRequest) -> HttpResponse:
    """The page that asks for whom; back to where they were, unless that was a form."""
    back = request.get_full_path() if request.method in SAFE_METHODS else ""
    where = reverse("portal:choose") + (f"?{urlencode({'next': back})}" if back not in ("", "/") else "")
    if "HX-Request" not in request.headers:
        return redirect(where)
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = where
    return answer


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page, for the whole page also where only a part of it was asked for."""
    if "HX-Request" not in request.headers:
        return redirect_to_login(request.get_full_path())
    answer = HttpResponse(status=204)
    back = urlsplit(request.headers.get("HX-Current-URL", "/")).path or "/"
    answer["HX-Redirect"] = redirect_to_login(back).url
    return answer


def may_order(request: PortalRequest) -> bool:
    """A buyer who may only look places nothing; a rep orders for every customer they see."""
    buying = request.buying
    if buying.on_behalf:
        return True
    buyer = buyer_of(request.user.pk or 0, buying.account.id)
    return buyer is not None and buyer.role != BuyerRole.VIEWER


def buying_of(request: HttpRequest, seen: frozenset[int]) -> Buying | None:
    """The only customer this person sees, or the one chosen in this session; None where there is none yet."""
    chosen = request.session.get(ACTING_FOR) if len(seen) > 1 else next(iter(seen), None)
    if chosen not in seen:
        return None
    account = account_snapshots([chosen], on=clock.company_day(clock.now()))[chosen]
    is_buyer = not BUYERS.isdisjoint(request.user.roles)  # type: ignore[union-attr]
    return Buying(account, seen, person=str(request.user), on_behalf=not is_buyer)


def actor(request: HttpRequest) -> Actor:
    """The visitor as the actor of a verb; a rep acts on behalf of the customer."""
    found = actor_of(request, channel="portal")
    if not found.request_id:
        found = replace(found, request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")))
    buying: Buying | None = getattr(request, "buying", None)
    return found.acting_for(buying.account.id) if buying and buying.on_behalf else found
