"""For whom a rep, or a buyer of several companies, orders in this session."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.queries import search_accounts
from accounts.rules.asks import Visible
from core.errors import NotFound
from portal.access import ACTING_FOR, PORTAL, ChoosingRequest, access

LISTED = 50


@dataclass(frozen=True)
class ChoicePage:
    """The customers that fit `q`, at most LISTED of `all` there are; `back` is where to go on afterwards."""

    found: list[tuple[int, str, str]]
    all: int
    q: str
    back: str

    @property
    def is_cut(self) -> bool:
        return len(self.found) >= LISTED < self.all


@access(PORTAL, may_choose=True)
def choose(request: ChoosingRequest) -> HttpResponse:
    """Whom the visitor may buy for, to choose from; nothing is chosen for them."""
    q = request.GET.get("q", "").strip()[:60]
    found = search_accounts(q, among=Visible(ids=request.seen), limit=LISTED)
    page = ChoicePage(found, len(request.seen), q, _back(request, request.GET.get("next", "")))
    return render(request, "portal/choose.html", {"page": page})


@require_POST
@access(PORTAL, may_choose=True)
def act_for(request: ChoosingRequest) -> HttpResponse:
    """Turn to another customer; one outside the visitor's view does not exist here."""
    wanted = request.POST.get("account", "")
    chosen = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
    if chosen not in request.seen:
        raise NotFound(kind="customer", ident=wanted[:20])
    request.session[ACTING_FOR] = chosen
    name = next(name for pk, _code, name in search_accounts("", among=Visible(ids=frozenset({chosen}))) if pk == chosen)
    messages.success(request, _("You now act for %(name)s.") % {"name": name})
    return redirect(_back(request, request.POST.get("next", "")) or "portal:home")


def _back(request: ChoosingRequest, to: str) -> str:
    """An address of this site, or nothing."""
    is_ours = url_has_allowed_host_and_scheme(to, allowed_hosts=None, require_https=False)
    return to[:500] if is_ours and to.startswith("/") else ""
