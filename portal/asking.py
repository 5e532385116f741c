"""The page that asks for lower prices: what each line costs now, what the buyer asks, what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from uuid import uuid4

from django.utils.translation import gettext as _

from catalog.queries import product_snapshots
from core.errors import DomainError
from orders import queries as orders
from orders.filters import OrderSummary
from orders.rules.picture import LinePicture

ZERO = Decimal(0)
LARGEST = Decimal(10) ** 9
SHORTEST_REASON = 10


@dataclass(frozen=True)
class PricedLine:
    """`now` per base unit; `entered` is what the field shows, `asked` the price it means."""

    line_no: int
    sku: str
    name: str
    unit: str
    ordered: Decimal
    now: Decimal | None
    entered: str = ""
    asked: Decimal | None = None
    wrong: str = ""


@dataclass(frozen=True)
class AskPage:
    number: str
    currency: str
    lines: tuple[PricedLine, ...]
    reason: str = ""
    problems: tuple[str, ...] = ()
    key: str = field(default_factory=lambda: str(uuid4()))

    @property
    def prices(self) -> dict[int, Decimal]:
        return {x.line_no: x.asked for x in self.lines if x.asked is not None}

    def refused(self, refusal: DomainError) -> "AskPage":
        return replace(self, problems=refusal.each_in_words)


def can_ask(line: LinePicture) -> bool:
    """What is with the warehouse keeps its price, and so does what is cancelled."""
    state = line.demand
    if line.product_id is None:
        return False
    return state is None or (not state.released + state.picked + state.shipped and state.cancelled < line.qty)


def ask_page(head: OrderSummary) -> AskPage:
    """Lines whose price can still change: 4 statements for any number of lines."""
    picture = orders.pictures([head.order_id])[head.order_id]
    lines = [x for x in picture.lines if can_ask(x)] if head.status in ("draft", "submitted") else []
    products = product_snapshots({x.product_id for x in lines if x.product_id})
    return AskPage(
        head.number,
        picture.currency,
        tuple(
            PricedLine(x.line_no, p.sku, p.name, p.base_unit, x.qty, x.unit_price)
            for x in lines
            if (p := products.get(x.product_id or 0))
        ),
    )


def asked_prices(page: AskPage, form: Mapping[str, str]) -> AskPage:
    """The page with what the form asks; every bad price is named, empty fields ask nothing."""
    lines = tuple(_asked(x, form.get(f"price-{x.line_no}", "").strip()) for x in page.lines)
    reason = form.get("reason", "").strip()
    problems = [_("%(sku)s: %(why)s") % {"sku": x.sku, "why": x.wrong} for x in lines if x.wrong]
    if not problems and not any(x.asked is not None for x in lines):
        problems.append(_("Enter the price you ask for on at least one line. Nothing was asked."))
    if len(reason) < SHORTEST_REASON:
        problems.append(_("Say why, in at least ten characters."))
    return replace(page, lines=lines, reason=reason, problems=tuple(problems))


def _asked(line: PricedLine, entered: str) -> PricedLine:
    if not entered:
        return line
    try:
        price = Decimal(entered)
    except InvalidOperation:
        return replace(line, entered=entered, wrong=_("this is not a price. Write it as 12.50."))
    if not price.is_finite() or not ZERO <= price < LARGEST:
        return replace(line, entered=entered, wrong=_("this is not a price. Write it as 12.50."))
    if line.now is not None and price >= line.now:
        return replace(line, entered=entered, wrong=_("the price you ask for is not below what it costs now."))
    return replace(line, entered=entered, asked=price)
