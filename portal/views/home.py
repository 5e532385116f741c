"""The start page: what needs the buyer, the latest orders, the credit line. Staff are shown on to the console."""

from django.http import HttpResponse
from django.shortcuts import redirect, render

from core import clock
from portal.access import START, PortalRequest, StartRequest, access, may_order
from portal.attention import attention
from portal.finding import latest
from portal.lists import order_rows
from portal.standing import headroom

RECENT = 5
LOOKED_AT = 50  # the latest orders whose holds, drafts and moved promises are told


@access(START)
def home(request: StartRequest) -> HttpResponse:
    if request.buying is None:
        return redirect("admin:index")
    return _home(request)  # type: ignore[arg-type]


def _home(request: PortalRequest) -> HttpResponse:
    account = request.buying.account
    today = clock.local_date(clock.now(), account.time_zone)
    found = latest(account, limit=LOOKED_AT)
    credit = headroom(account.id, on=today)
    page = {
        "orders": order_rows(found[:RECENT]),
        "headroom": credit,
        "todo": attention(found, account=account, credit=credit, today=today),
    }
    return render(request, "portal/home.html", {"page": page, "here": "home", "may_order": may_order(request)})
