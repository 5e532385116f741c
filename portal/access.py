"""Who may open a page of the portal, and for which customer. Every view carries its declaration as `access`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.access import visible_accounts
from accounts.queries import account_snapshots, buyer_of
from accounts.rules.asks import AccountSnapshot
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
    """For whom the signed-in person buys here: the customer, and the others they could turn to."""

    account: AccountSnapshot
    choices: tuple[AccountSnapshot, ...]
    person: str
    on_behalf: bool

    @property
    def places(self) -> tuple[Place, ...]:
        return (
            Place("home", _("Home"), _("Home"), "home"),
            Place("quick-order", _("Quick order"), _("Order"), "bolt"),
            Place("orders", _("Orders"), _("Orders"), "box"),
            Place("invoices", _("Invoices"), _("Invoices"), "receipt"),
        )


class PortalRequest(HttpRequest):
    """A request whose visitor was let in: `buying` is for whom."""

    buying: Buying


class StartRequest(HttpRequest):
    """As PortalRequest, for the start page: `buying` is None for staff."""

    buying: Buying | None


def access(declared: Access) -> Callable[[Callable[..., HttpResponse]], Any]:
    """Let in who is declared, with the customer they buy for at `request.buying`; others sign in or get a 403."""

    def declare(view: Callable[..., HttpResponse]) -> Any:
        @never_cache  # a shared computer keeps no page of a customer
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            reads = request.method in SAFE_METHODS
            if not (declared.may_view(request.user) if reads else declared.may_act(request.user)):
                raise PermissionDenied
            request.buying = buying_of(request)
            if request.buying is None and declared is not START:
                raise PermissionDenied
            try:
                return view(request, *args, **kwargs)
            except NotFound as unseen:
                raise Http404(unseen.message) from unseen

        guarded.access = declared  # type: ignore[attr-defined]
        return guarded

    return declare


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


def buying_of(request: HttpRequest) -> Buying | None:
    """The customer chosen in this session, or the first this person may see; None where there is none."""
    seen = visible_accounts(request.user)
    if seen.all or not seen.ids:
        return None
    accounts = account_snapshots(sorted(seen.ids), on=clock.now().date())
    chosen = accounts.get(request.session.get(ACTING_FOR, 0)) or accounts[min(accounts)]
    is_buyer = not BUYERS.isdisjoint(request.user.roles)  # type: ignore[union-attr]
    return Buying(
        account=chosen,
        choices=tuple(sorted(accounts.values(), key=lambda a: a.name)),
        person=str(request.user),
        on_behalf=not is_buyer,
    )


def actor(request: HttpRequest) -> Actor:
    """The visitor as the actor of a verb; a rep acts on behalf of the customer."""
    found = actor_of(request, channel="portal")
    if not found.request_id:
        found = replace(found, request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")))
    buying: Buying | None = getattr(request, "buying", None)
    return found.acting_for(buying.account.id) if buying and buying.on_behalf else found
