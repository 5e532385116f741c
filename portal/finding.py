"""The list of orders: what the buyer looks for, as read from the address, and the page it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from accounts.rules.asks import AccountSnapshot
from catalog.queries import resolve_parts
from catalog.rules.asks import PartQuery
from orders.filters import Found, OrderSummary, Search, order_summaries, search_orders
from orders.states import OrderStatus
from portal.lists import PAGE, OrderRow, order_rows

LONGEST_SEARCH = 60
LAST_DAY = date(9999, 12, 1)  # the day after it still exists


@dataclass(frozen=True)
class Asked:
    """The filters as entered; what cannot be read is empty here and named in `unread`."""

    q: str = ""
    status: str = ""
    since: date | None = None
    until: date | None = None
    before: int | None = None
    unread: tuple[str, ...] = ()

    @property
    def kept(self) -> dict[str, str]:
        """What the addresses of further pages carry on."""
        days = {
            "from": self.since.isoformat() if self.since else "",
            "to": self.until.isoformat() if self.until else "",
        }
        return {k: v for k, v in {"q": self.q, "status": self.status, **days}.items() if v}

    @property
    def is_narrow(self) -> bool:
        return bool(self.kept)


@dataclass(frozen=True)
class OrdersPage:
    """A page of the list. `reached`: the search stopped at the orders of that moment; older ones were not looked at."""

    asked: Asked
    orders: list[OrderRow]
    older: str
    further: str
    reached: datetime | None

    @cached_property
    def first_url(self) -> str:
        return _address(self.asked.kept)

    @property
    def is_later(self) -> bool:
        return self.asked.before is not None

    @property
    def export_url(self) -> str:
        return f"{reverse('portal:orders-csv')}?{urlencode(self.asked.kept)}".rstrip("?")


def read_filters(given: Mapping[str, str]) -> Asked:
    status, before = given.get("status", ""), given.get("before", "")
    days = {name: _day(given.get(name, "").strip()) for name in ("from", "to")}
    unread = tuple(name for name, found in days.items() if found is None and given.get(name, "").strip())
    return Asked(
        q=given.get("q", "").strip()[:LONGEST_SEARCH],
        status=status if status in set(OrderStatus) else "",
        since=days["from"],
        until=days["to"],
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
        unread=unread,
    )


def find(asked: Asked, account: AccountSnapshot, *, limit: int) -> Found:
    """At most 4 statements, however many orders the customer has."""
    return search_orders(_search(asked, account), limit=limit)


def orders_page(asked: Asked, account: AccountSnapshot) -> OrdersPage:
    """A page, and where it goes on: at the next order that fits, or where the search stopped."""
    found = find(asked, account, limit=PAGE + 1)
    shown = found.orders[:PAGE]
    has_more = len(found.orders) > PAGE
    reached = order_summaries([found.reached_id]) if found.reached_id and not has_more else []
    return OrdersPage(
        asked=asked,
        orders=order_rows(shown),
        older=_address({**asked.kept, "before": str(shown[-1].order_id)}) if has_more else "",
        further=_address({**asked.kept, "before": str(found.reached_id)}) if reached else "",
        reached=_placed(reached[0]) if reached else None,
    )


def latest(account: AccountSnapshot, *, limit: int, status: str = "") -> list[OrderSummary]:
    """The customer's newest orders. 1 statement, 2 with a status."""
    return search_orders(Search(account.id, status=status), limit=limit).orders


def _search(asked: Asked, account: AccountSnapshot) -> Search:
    wanted = Search(
        account.id,
        text=asked.q,
        status=asked.status,
        since=_midnight(asked.since, account.time_zone),
        until=_midnight(asked.until + timedelta(days=1), account.time_zone) if asked.until else None,
        before_id=asked.before,
    )
    match = resolve_parts([PartQuery("q", account.id, asked.q)]).get("q") if asked.q else None
    return replace(wanted, product_id=match.product_id) if match else wanted


def _placed(order: OrderSummary) -> datetime:
    return order.submitted_at or order.received_at


def _midnight(day: date | None, time_zone: str) -> datetime | None:
    return datetime.combine(day, time(), ZoneInfo(time_zone)) if day else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1900, 1, 1) <= found <= LAST_DAY else None


def _address(kept: Mapping[str, str]) -> str:
    here = reverse("portal:orders")
    return f"{here}?{urlencode(kept)}" if kept else here
