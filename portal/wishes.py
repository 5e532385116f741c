"""The page that asks for what is not a buyer's to decide: an earlier day for lines of an order, leave to order products of
a draft that are not open to the company."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

from django.utils.translation import gettext as _

from catalog.queries import product_snapshots
from core import clock
from core.errors import DomainError
from inventory.queries import promises
from orders import queries as orders
from orders.allowance_cases import forbidden_lines
from orders.filters import OrderSummary
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.promising import last_day

SHORTEST_REASON = 10


@dataclass(frozen=True)
class DayLine:
    """`open` in `unit`, the base unit; `now` is the day all of it is promised for. `entered` is what the field shows."""

    line_no: int
    sku: str
    name: str
    open: Decimal
    unit: str
    now: date | None
    entered: str = ""
    asked: date | None = None
    wrong: str = ""


@dataclass(frozen=True)
class ForbiddenLine:
    """`is_final`: the law, or a product that is not sold; nobody sets that aside."""

    line_no: int
    sku: str
    name: str
    why: str
    is_final: bool
    is_asked: bool = False


@dataclass(frozen=True)
class WishPage:
    number: str
    is_draft: bool
    days: tuple[DayLine, ...] = ()
    forbidden: tuple[ForbiddenLine, ...] = ()
    reason: str = ""
    problems: tuple[str, ...] = ()
    key: str = field(default_factory=lambda: str(uuid4()))

    @property
    def asked_days(self) -> dict[int, date]:
        return {x.line_no: x.asked for x in self.days if x.asked is not None}

    @property
    def asked_lines(self) -> list[int]:
        return [x.line_no for x in self.forbidden if x.is_asked]

    @property
    def can_ask(self) -> bool:
        return bool(self.days) or any(not x.is_final for x in self.forbidden)

    def refused(self, refusal: DomainError) -> "WishPage":
        return replace(self, problems=refusal.each_in_words)


def can_wish(order: OrderPicture) -> bool:
    """Whether there is something to ask for on that page: of a draft only where something is not open to the company."""
    if order.meta["status"] == "draft":
        return bool(forbidden_lines(order, now=clock.now()))
    return order.meta["status"] == "submitted" and any(_is_open(x) for x in order.lines)


def wish_page(head: OrderSummary) -> WishPage:
    """Submitted: what is open with its day. A draft: what is not open to the company. The same number of statements for
    any number of lines."""
    order = orders.pictures([head.order_id])[head.order_id]
    if head.status == "draft":
        return WishPage(head.number, True, forbidden=_forbidden(order))
    return WishPage(head.number, False, days=_days(order) if head.status == "submitted" else ())


def _is_open(line: LinePicture) -> bool:
    return line.demand is not None and line.demand.open > 0


def _days(order: OrderPicture) -> tuple[DayLine, ...]:
    lines = [x for x in order.lines if _is_open(x)]
    products = product_snapshots({x.product_id for x in lines if x.product_id})
    found = promises([x.demand.demand_id for x in lines if x.demand])
    return tuple(
        DayLine(x.line_no, p.sku, p.name, x.demand.open, p.base_unit, last_day(found.get(x.demand.demand_id, ())))
        for x in lines
        if x.demand and (p := products.get(x.product_id or 0))
    )


def _forbidden(order: OrderPicture) -> tuple[ForbiddenLine, ...]:
    cases = forbidden_lines(order, now=clock.now())
    products = product_snapshots({c.line.product_id for c in cases.values() if c.line.product_id})
    return tuple(
        ForbiddenLine(n, p.sku, p.name, c.words, c.is_final)
        for n, c in sorted(cases.items())
        if (p := products.get(c.line.product_id or 0))
    )


def wished(page: WishPage, form: Mapping[str, str]) -> WishPage:
    """The page with what the form asks; every bad day is named, empty fields ask nothing."""
    days = tuple(_day(x, form.get(f"day-{x.line_no}", "").strip()) for x in page.days)
    forbidden = tuple(replace(x, is_asked=not x.is_final and f"line-{x.line_no}" in form) for x in page.forbidden)
    reason = form.get("reason", "").strip()
    found = replace(page, days=days, forbidden=forbidden, reason=reason)
    problems = [_("%(sku)s: %(why)s") % {"sku": x.sku, "why": x.wrong} for x in days if x.wrong]
    if not problems and not found.asked_days and not found.asked_lines:
        problems.append(_("Choose at least one line. Nothing was asked."))
    if len(reason) < SHORTEST_REASON:
        problems.append(_("Say why, in at least ten characters."))
    return replace(found, problems=tuple(problems))


def _day(line: DayLine, entered: str) -> DayLine:
    if not entered:
        return line
    try:
        day = date.fromisoformat(entered)
    except ValueError:
        return replace(line, entered=entered[:20], wrong=_("this is not a day. Write it as 2026-12-01."))
    if line.now is not None and day >= line.now:
        wrong = _("the day you ask for is not before the day that is promised now.")
        return replace(line, entered=entered, wrong=wrong)
    return replace(line, entered=entered, asked=day)
