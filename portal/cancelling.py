"""The page that takes back open lines: what is open of each, what the buyer asks, what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import uuid4

from django.utils.translation import gettext as _

from catalog.queries import product_snapshots
from core.errors import DomainError
from core.quantity import plain
from orders import queries as orders
from orders.filters import OrderSummary
from orders.rules.exposure import unreleased
from portal.rules.lines import quantity_of


@dataclass(frozen=True)
class OpenLine:
    """`open` can be cancelled, in base units; `entered` is what the field shows, `asked` the quantity to cancel."""

    line_no: int
    sku: str
    name: str
    unit: str
    ordered: Decimal
    open: Decimal
    entered: str = ""
    asked: Decimal | None = None
    wrong: str = ""

    @property
    def most(self) -> str:
        return plain(self.open)


@dataclass(frozen=True)
class CancelPage:
    number: str
    lines: tuple[OpenLine, ...]
    problems: tuple[str, ...] = ()
    key: str = field(default_factory=lambda: str(uuid4()))

    def ticked(self, line_no: str) -> "CancelPage":
        """With all of one line entered: where the link came from that line."""
        lines = tuple(replace(x, entered=x.most) if str(x.line_no) == line_no else x for x in self.lines)
        return replace(self, lines=lines)

    def refused(self, refusal: DomainError) -> "CancelPage":
        return replace(self, problems=refusal.each_in_words)


def cancel_page(head: OrderSummary) -> CancelPage:
    """What of the order is not yet in the warehouse's hands: 5 statements for any number of lines."""
    picture = orders.pictures([head.order_id])[head.order_id]
    products = product_snapshots({x.product_id for x in picture.lines if x.product_id})
    lines = []
    for x in picture.lines:
        product = products.get(x.product_id or 0)
        if product and x.demand and unreleased(x.demand) > 0:
            lines.append(OpenLine(x.line_no, product.sku, product.name, product.base_unit, x.qty, unreleased(x.demand)))
    return CancelPage(head.number, tuple(lines))


def asked_quantities(page: CancelPage, form: Mapping[str, str]) -> CancelPage:
    """The page with what the form asks; every bad quantity is named, empty fields cancel nothing."""
    lines = tuple(_asked(x, form.get(f"qty-{x.line_no}", "").strip()) for x in page.lines)
    problems = tuple(_("%(sku)s: %(why)s") % {"sku": x.sku, "why": x.wrong} for x in lines if x.wrong)
    if not problems and not any(x.asked for x in lines):
        problems = (_("Enter how much to cancel of at least one line. Nothing was cancelled."),)
    return replace(page, lines=lines, problems=problems)


def _asked(line: OpenLine, entered: str) -> OpenLine:
    if not entered or entered == "0":
        return replace(line, entered=entered)
    qty = quantity_of(entered)
    if isinstance(qty, str):
        return replace(line, entered=entered, wrong=qty)
    if qty > line.open:
        why = _("%(asked)s cannot be cancelled; %(most)s is open.") % {"asked": plain(qty), "most": line.most}
        return replace(line, entered=entered, wrong=why)
    return replace(line, entered=entered, asked=qty)
