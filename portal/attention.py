"""What needs the buyer: promises that moved, orders that stand still, drafts, overdue invoices, a used-up credit line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.rules.asks import AccountSnapshot
from billing.queries import overdue
from core import clock
from inventory.queries import moved_promises
from orders import queries as orders
from orders.filters import OrderSummary
from orders.states import Channel
from orders.stock_hold_queries import goods_held
from portal.rules.words import hold_words, short
from portal.standing import Headroom
from portal.templatetags.portal import money

MOST_OF_A_KIND = 5  # the rest is counted in one line


@dataclass(frozen=True)
class Todo:
    tone: str
    symbol: str
    title: str
    text: str
    url: str
    verb: str


def attention(
    found: Sequence[OrderSummary], *, account: AccountSnapshot, credit: Headroom | None, today: date
) -> list[Todo]:
    """The most urgent first, from the latest orders `found`: 6 statements at most."""
    return [
        *_overdue(account, today),
        *_used_up(credit),
        *_few(_held(found), "submitted"),
        *_few(_moved(found), "submitted"),
        *_few(_drafts(found), "draft"),
    ]


def _few(todo: list[Todo], status: str) -> list[Todo]:
    """The first of a kind, and how many more there are."""
    left = len(todo) - MOST_OF_A_KIND
    if left <= 0:
        return todo
    kind = todo[0]
    more = ngettext("%(n)s more like this", "%(n)s more like this", left) % {"n": left}
    where = f"{reverse('portal:orders')}?status={status}"
    return [*todo[:MOST_OF_A_KIND], Todo(kind.tone, kind.symbol, more, "", where, _("See all"))]


def _held(found: Sequence[OrderSummary]) -> list[Todo]:
    holds = orders.holds_of([o.order_id for o in found if o.status == "submitted"])
    return [
        Todo(
            "hold",
            "hold",
            _("Order %(number)s is on hold") % {"number": o.number},
            hold_words(holds[o.order_id][0].reason, holds[o.order_id][0].rule),
            _order_url(o),
            _("See order"),
        )
        for o in found
        if o.order_id in holds
    ]


def _moved(found: Sequence[OrderSummary]) -> list[Todo]:
    by_id = {o.order_id: o for o in found if o.status == "submitted"}
    moved = moved_promises(orders.demand_ids_of(by_id)) if by_id else {}
    lines = orders.lines_of_demands(moved) if moved else {}
    count = Counter(order_id for order_id, _line in lines.values())
    last: dict[int, date] = {}
    for demand_id, parts in moved.items():
        if demand_id in lines:
            day = max(p.delivery_date for p in parts if p.delivery_date)
            last[lines[demand_id][0]] = max(day, last.get(lines[demand_id][0], day))
    return [
        Todo(
            "warn",
            "clock",
            _("Order %(number)s comes later than promised") % {"number": by_id[i].number},
            ngettext("%(n)s line moved, the last to %(day)s.", "%(n)s lines moved, the last to %(day)s.", count[i])
            % {"n": count[i], "day": short(last[i])},
            _order_url(by_id[i]),
            _("See options"),
        )
        for i in sorted(count, reverse=True)
    ]


def _drafts(found: Sequence[OrderSummary]) -> list[Todo]:
    held = goods_held([o.order_id for o in found if o.status == "draft"], now=clock.now())
    keeping = {i for i, goods in held.items() if not goods.has_run_out}
    return [
        Todo(
            "neutral",
            "edit",
            _("Draft %(number)s is not placed yet") % {"number": o.number},
            _("Its goods are held for you for a while; its prices are final when you place it.")
            if o.order_id in keeping
            else _("Nothing of it is reserved or priced for good until you place it."),
            f"{reverse('portal:quick-order')}?draft={o.number}" if o.channel == Channel.PORTAL else _order_url(o),
            _("Go on with it") if o.channel == Channel.PORTAL else _("See order"),
        )
        for o in found
        if o.status == "draft"
    ]


def _overdue(account: AccountSnapshot, today: date) -> list[Todo]:
    late = overdue(account.id, on=today)
    if not late.count:
        return []
    title = ngettext("One invoice is overdue", "%(n)s invoices are overdue", late.count) % {"n": late.count}
    text = _("%(sum)s is past its due date. Overdue invoices can put new orders on hold.") % {
        "sum": _sums(late.amounts)
    }
    return [Todo("bad", "receipt", title, text, f"{reverse('portal:invoices')}?show=to-pay", _("See invoices"))]


def _used_up(credit: Headroom | None) -> list[Todo]:
    if credit is None or credit.left > 0:
        return []
    text = _("New orders wait for our finance team until something is paid.")
    where = f"{reverse('portal:invoices')}?show=to-pay"
    return [Todo("hold", "hold", _("Your credit line is used up"), text, where, _("See invoices"))]


def _sums(amounts: Any) -> str:
    return _(" and ").join(money(Decimal(left), currency) for currency, left in amounts.items())


def _order_url(order: OrderSummary) -> str:
    return reverse("portal:order", args=[order.number])
