"""The page that asks for goods to come back: what the customer has of each line, what they ask, what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from catalog.queries import product_snapshots
from core.errors import DomainError
from core.quantity import plain
from fulfillment.queries import returnable
from fulfillment.return_queries import returns_of, sent_parts
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.rules.standing import return_standing
from orders import queries as orders
from orders.filters import OrderSummary
from portal.rules.lines import quantity_of
from portal.rules.words import Sign

ZERO = Decimal(0)
LONGEST_REASON = 200


@dataclass(frozen=True)
class SentLine:
    """`left` base units are with the customer and were not asked back yet; `entered` is what the field shows."""

    line_id: int
    line_no: int
    sku: str
    name: str
    unit: str
    left: Decimal
    entered: str = ""
    asked: Decimal | None = None
    wrong: str = ""

    @property
    def most(self) -> str:
        return plain(self.left)


@dataclass(frozen=True)
class ReturnPage:
    number: str
    order_id: int
    account_id: int
    lines: tuple[SentLine, ...]
    reason: str = ""
    problems: tuple[str, ...] = ()
    key: str = field(default_factory=lambda: str(uuid4()))

    def refused(self, refusal: DomainError) -> "ReturnPage":
        return replace(self, problems=refusal.each_in_words)

    def spec(self) -> ReturnSpec:
        lines = tuple(ReturnLineSpec(x.line_id, x.asked) for x in self.lines if x.asked is not None)
        return ReturnSpec(self.account_id, self.key, self.reason, lines)


def return_page(head: OrderSummary) -> ReturnPage:
    """What of the order arrived or is on its way to the customer: 6 statements for any number of lines."""
    picture = orders.pictures([head.order_id])[head.order_id]
    ids = [x.line_id for x in picture.lines if x.line_id]
    left, may = dict.fromkeys(ids, ZERO), returnable(ids)
    for part in sent_parts(ids):
        left[part.order_line_id] += part.left
    products = product_snapshots({x.product_id for x in picture.lines if x.product_id})
    lines = []
    for x in picture.lines:
        product = products.get(x.product_id or 0)
        most = min(left.get(x.line_id or 0, ZERO), may.get(x.line_id or 0, ZERO))
        if product and x.line_id and most > 0:
            lines.append(SentLine(x.line_id, x.line_no, product.sku, product.name, product.base_unit, most))
    return ReturnPage(head.number, head.order_id, head.account_id, tuple(lines))


def asked_back(page: ReturnPage, form: Mapping[str, str]) -> ReturnPage:
    """The page with what the form asks; every bad quantity is named, empty fields ask for nothing."""
    lines = tuple(_asked(x, form.get(f"qty-{x.line_no}", "").strip()) for x in page.lines)
    reason = form.get("reason", "").strip()[:LONGEST_REASON]
    problems = [_("%(sku)s: %(why)s") % {"sku": x.sku, "why": x.wrong} for x in lines if x.wrong]
    if not problems and not any(x.asked for x in lines):
        problems.append(_("Enter how much of at least one line comes back. Nothing was asked for."))
    if not reason:
        problems.append(_("Say why it comes back: it decides what can be done for you."))
    key = form.get("key", "") or page.key
    return replace(page, lines=lines, reason=reason, problems=tuple(problems), key=key)


def _asked(line: SentLine, entered: str) -> SentLine:
    if not entered or entered == "0":
        return replace(line, entered=entered)
    qty = quantity_of(entered)
    if isinstance(qty, str):
        return replace(line, entered=entered, wrong=qty)
    if qty > line.left:
        why = _("%(asked)s cannot come back; you have %(most)s.") % {"asked": plain(qty), "most": line.most}
        return replace(line, entered=entered, wrong=why)
    return replace(line, entered=entered, asked=qty)


def return_cards(order_line_ids: list[int]) -> tuple[Mapping[str, Any], ...]:
    """The returns of an order, newest first, each with its state in the customer's words. Two statements."""
    found: dict[int, dict[str, Any]] = {}
    for x in returns_of(order_line_ids):
        standing = return_standing(x.status)
        state = Sign(standing.tone, standing.symbol, standing.words)
        card = found.setdefault(x.return_id, {"number": x.number, "state": state, "note": x.note, "lines": []})
        qty = x.qty if x.authorized is None else x.authorized
        card["lines"].append(f"{plain(qty)} {x.sku}")
    return tuple({**card, "words": ", ".join(card["lines"])} for card in found.values())
