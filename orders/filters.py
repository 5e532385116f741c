"""Finding orders: by what a person types, by a document number, page by page from the newest down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from orders.models import Order, OrderLine

_COLUMNS = (
    *("id", "public_id", "number", "account_id", "status", "channel", "po_number", "external_id", "currency"),
    *("total_amount", "requested_date", "submitted_at", "received_at", "version", "entered_by_id"),
    *("tax_amount", "freight_amount"),
)


@dataclass(frozen=True)
class OrderSummary:
    """An order's head, without lines. `total_amount` is of goods; with tax and freight it is what will be invoiced. All in
    `currency`."""

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
    tax_amount: Decimal
    freight_amount: Decimal

    @property
    def owed_amount(self) -> Decimal:
        return self.total_amount + self.tax_amount + self.freight_amount


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


@dataclass(frozen=True)
class Search:
    """What a customer looks for among its orders; all that is given must hold. `text` is part of a number or PO number,
    or names `product_id`. The days bound `placed`: from `since` on, before `until`."""

    account_id: int
    text: str = ""
    product_id: int | None = None
    status: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None

    @property
    def is_narrow(self) -> bool:
        return bool(self.text or self.status or self.since or self.until)


@dataclass(frozen=True)
class Found:
    """`reached_id`: the oldest order that was looked at, where older ones were not; None when all were."""

    orders: list[OrderSummary]
    reached_id: int | None = None


LOOKED_AT = 10_000  # orders a search goes through at once, from the newest down: what stays quick without an index
LOOKED_AT_BY_LINE = 2_000  # the same where each order's lines are read


def search_orders(wanted: Search, *, limit: int) -> Found:
    """The newest that fit, whatever the number of orders: a search ends at `reached_id` and goes on from there.
    A number or PO number given exactly is found wherever it lies. 3 SQL at most."""
    own = Order.objects.filter(account_id=wanted.account_id)
    if wanted.before_id is not None:
        own = own.filter(id__lt=wanted.before_id)
    narrowed, reached = _narrowed(own, wanted), None
    if wanted.is_narrow:
        reach = LOOKED_AT_BY_LINE if wanted.product_id else LOOKED_AT
        reached = next(iter(own.order_by("-id").values_list("id", flat=True)[reach - 1 : reach]), None)
    seen = narrowed.filter(_text(wanted)) if wanted.text else narrowed
    if reached is not None:
        seen = seen.filter(id__gte=reached)
    found = [_summary(row) for row in seen.order_by("-id").values_list(*_COLUMNS)[:limit]]
    if wanted.text and reached is not None and len(found) < limit:
        exact = narrowed.filter(_exactly(wanted.text), id__lt=reached).order_by("-id").values_list(*_COLUMNS)
        found += [_summary(row) for row in exact[: limit - len(found)]]
    return Found(found, reached)


def _narrowed(rows: QuerySet[Order], wanted: Search) -> QuerySet[Order]:
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    placed = Coalesce("submitted_at", "received_at")
    if wanted.since:
        rows = rows.filter(GreaterThanOrEqual(placed, wanted.since))
    return rows.filter(LessThan(placed, wanted.until)) if wanted.until else rows


def _text(wanted: Search) -> Q:
    said = Q(number__icontains=wanted.text) | Q(po_number__icontains=wanted.text)
    if wanted.product_id is None:
        return said
    lines = OrderLine.objects.filter(order_id=OuterRef("pk"), product_id=wanted.product_id)
    return said | Q(Exists(lines))


def _exactly(text: str) -> Q:
    """As the unique indexes of numbers and PO numbers can answer."""
    return Q(number=text.upper()) | (Q(po_number=text) & ~Q(po_number="") & ~Q(status="cancelled"))


def order_summaries(order_ids: Iterable[int]) -> list[OrderSummary]:
    """The orders with these ids, newest first; unknown ids are absent. 1 SQL."""
    rows = Order.objects.filter(id__in=set(order_ids)).order_by("-id").values_list(*_COLUMNS)
    return [_summary(row) for row in rows]


def _summary(row: tuple[Any, ...]) -> OrderSummary:
    order_id, public_id, *rest = row
    return OrderSummary(order_id, str(public_id), *rest)
