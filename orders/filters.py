"""Finding orders: by what a person types, by a document number, page by page from the newest down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from orders.models import Order

_COLUMNS = (
    *("id", "public_id", "number", "account_id", "status", "channel", "po_number", "external_id", "currency"),
    *("total_amount", "requested_date", "submitted_at", "received_at", "version", "entered_by_id"),
)


@dataclass(frozen=True)
class OrderSummary:
    """An order's head, without lines. `total_amount` is net, in `currency`."""

    order_id: int
    public_id: str
    number: str
    account_id: int
    status: str
    channel: str
    po_number: str
    external_id: str
    currency: str
    total_amount: Decimal
    requested_date: date | None
    submitted_at: datetime | None
    received_at: datetime
    version: int
    entered_by_id: int | None


@dataclass(frozen=True)
class OrderFilter:
    """All that is given must hold. `account_ids` None: every account (staff). `text` is part of a number or PO number;
    `before_id` starts the page after that order."""

    account_ids: frozenset[int] | None
    text: str = ""
    number: str = ""
    public_id: str = ""
    status: str = ""
    po_number: str = ""
    external_id: str = ""
    before_id: int | None = None


def find_orders(wanted: OrderFilter, *, limit: int) -> list[OrderSummary]:
    """The newest first. 1 SQL."""
    rows = Order.objects.all()
    if wanted.account_ids is not None:
        rows = rows.filter(account_id__in=wanted.account_ids)
    exact = ("number", "public_id", "status", "po_number", "external_id")
    rows = rows.filter(**{name: getattr(wanted, name) for name in exact if getattr(wanted, name)})
    if wanted.text:
        rows = rows.filter(Q(number__icontains=wanted.text) | Q(po_number__icontains=wanted.text))
    if wanted.before_id is not None:
        rows = rows.filter(id__lt=wanted.before_id)
    return [_summary(row) for row in rows.order_by("-id").values_list(*_COLUMNS)[:limit]]


def order_summaries(order_ids: Iterable[int]) -> list[OrderSummary]:
    """The orders with these ids, newest first; unknown ids are absent. 1 SQL."""
    rows = Order.objects.filter(id__in=set(order_ids)).order_by("-id").values_list(*_COLUMNS)
    return [_summary(row) for row in rows]


def _summary(row: tuple[Any, ...]) -> OrderSummary:
    order_id, public_id, *rest = row
    return OrderSummary(order_id, str(public_id), *rest)
