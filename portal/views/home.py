"""The start page: what waits, the latest orders, the credit line. Staff are shown on to the console."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from orders.filters import OrderFilter, OrderSummary, find_orders
from orders.queries import holds_of
from portal.access import START, StartRequest, access
from portal.lists import invoice_rows, order_rows
from portal.rules.words import hold_words
from portal.standing import headroom

RECENT = 5
LOOKED_AT = 50  # the latest orders whose holds are told


@dataclass(frozen=True)
class Todo:
    symbol: str
    title: str
    text: str
    url: str
    verb: str


@access(START)
def home(request: StartRequest) -> HttpResponse:
    if request.buying is None:
        return redirect("admin:index")
    account = request.buying.account
    today = clock.local_date(clock.now(), account.time_zone)
    found = find_orders(OrderFilter(frozenset({account.id})), limit=LOOKED_AT)
    page = {
        "orders": order_rows(found[:RECENT]),
        "headroom": headroom(account.id, on=today),
        "todo": [*_held(found), *_overdue(account.id, today)],
    }
    return render(request, "portal/home.html", {"page": page, "here": "home"})


def _held(found: list[OrderSummary]) -> list[Todo]:
    holds = holds_of([o.order_id for o in found if o.status == "submitted"])
    return [
        Todo(
            "hold",
            _("Order %(number)s is on hold") % {"number": o.number},
            hold_words(holds[o.order_id][0].reason),
            reverse("portal:order", args=[o.number]),
            _("See order"),
        )
        for o in found
        if o.order_id in holds
    ]


def _overdue(account_id: int, today: date) -> list[Todo]:
    late = [i for i in invoice_rows(account_id, today=today) if i.state.tone == "bad"]
    if not late:
        return []
    title = _("%(n)s invoices are overdue") % {"n": len(late)} if len(late) > 1 else _("One invoice is overdue")
    text = _("Overdue invoices can put new orders on hold.")
    return [Todo("receipt", title, text, reverse("portal:invoices"), _("See invoices"))]
