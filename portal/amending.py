"""The page that changes a placed order: what stands of each line, what the buyer wants instead, what it would do."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

from django.utils.translation import gettext as _

from catalog.queries import product_snapshots
from core.errors import DomainError
from core.quantity import plain
from orders import queries as orders
from orders.filters import OrderSummary
from orders.rules.asks import GateResult
from orders.rules.holds import REASON_OF
from orders.rules.wishes import LineWish, Wish, least, standing
from orders.services.preview_amendment import AmendmentPreview
from portal.rules.lines import quantity_of
from portal.rules.words import hold_words

NOTHING = Wish()
MOST_LINES = 200  # of one page; a longer order is changed by its first lines or through customer service


@dataclass(frozen=True)
class AmendLine:
    """`standing` is what is ordered and not cancelled, `least` what the warehouse has or has sent, in base units;
    `entered` and `day` are what the fields show."""

    line_no: int
    sku: str
    name: str
    unit: str
    standing: Decimal
    least: Decimal
    was_day: date | None
    entered: str
    day: str
    wish: LineWish | None = None
    wrong: str = ""

    @property
    def fewest(self) -> str:
        return plain(self.least)


@dataclass(frozen=True)
class AmendPage:
    number: str
    version: str
    lines: tuple[AmendLine, ...]
    was_day: date | None
    day: str
    problems: tuple[str, ...] = ()
    seen: AmendmentPreview | None = None
    key: str = field(default_factory=lambda: str(uuid4()))
    wish: Wish = NOTHING
    reason: str = ""
    more: int = 0  # lines this page does not show

    @property
    def content(self) -> str:
        """What was looked at, so that nothing else is done."""
        said = [
            [w.line_no, plain(w.qty) if w.qty is not None else None, str(w.requested_date)] for w in self.wish.lines
        ]
        return repr([said, str(self.wish.requested_date), sorted(self.wish.cleared)])

    @property
    def holds(self) -> tuple[str, ...]:
        return tuple(_hold(h) for h in self.seen.holds) if self.seen else ()

    def looked_at(self, seen: AmendmentPreview) -> "AmendPage":
        problems = tuple(e.in_words for e in seen.problems)
        if not problems and not seen.changes:
            problems = (_("Nothing would change: enter what you want instead."),)
        return replace(self, version=str(seen.version), seen=None if problems else seen, problems=problems)

    def refused(self, refusal: DomainError) -> "AmendPage":
        return replace(self, problems=refusal.each_in_words)


def _hold(result: GateResult) -> str:
    """As the buyer may read it: no floor, no margin."""
    return hold_words(str(REASON_OF.get(result.gate, "")))


def amend_page(head: OrderSummary) -> AmendPage:
    """The order as it stands: 5 statements for any number of lines."""
    picture = orders.pictures([head.order_id])[head.order_id]
    products = product_snapshots({x.product_id for x in picture.lines if x.product_id})
    lines = []
    for x in picture.lines[:MOST_LINES]:
        product = products.get(x.product_id or 0)
        if product and x.demand and picture.meta["status"] == "submitted":
            stands, day = standing(x), _iso(x.requested_date)
            lines.append(
                AmendLine(
                    x.line_no, product.sku, product.name, product.base_unit, stands, least(x), x.requested_date,
                    plain(stands), day,
                )
            )  # fmt: skip
    wanted_on = picture.requested_date
    more = max(0, len(picture.lines) - MOST_LINES)
    return AmendPage(head.number, str(picture.version), tuple(lines), wanted_on, _iso(wanted_on), more=more)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def wanted(page: AmendPage, form: Mapping[str, str]) -> AmendPage:
    """The page with what the form asks; only what differs is asked, every bad value is named."""
    lines = tuple(_wanted(x, form) for x in page.lines)
    problems = [_("%(sku)s: %(why)s") % {"sku": x.sku, "why": x.wrong} for x in lines if x.wrong]
    text = form.get("requested_date", page.day).strip()
    day = _day(text) if text != page.day else None
    if text and text != page.day and day is None:
        problems.append(_("“%(text)s” is no day. Write it like 2026-12-24.") % {"text": text[:20]})
    wish = Wish(
        tuple(x.wish for x in lines if x.wish),
        requested_date=day,
        cleared=frozenset({"requested_date"}) if page.day and not text else frozenset(),
    )
    return replace(
        page, lines=lines, problems=tuple(problems), day=text, wish=wish, version=form.get("version", ""),
        key=form.get("key", ""), reason=form.get("reason", "").strip()[:200],
    )  # fmt: skip


def _wanted(line: AmendLine, form: Mapping[str, str]) -> AmendLine:
    entered = form.get(f"qty-{line.line_no}", line.entered).strip()
    text = form.get(f"date-{line.line_no}", line.day).strip()
    line = replace(line, entered=entered, day=text)
    qty = Decimal(0) if entered == "0" else quantity_of(entered)
    if isinstance(qty, str):
        return replace(line, wrong=qty)
    day = _day(text) if text and text != _iso(line.was_day) else None
    if text and text != _iso(line.was_day) and day is None:
        return replace(line, wrong=_("“%(text)s” is no day.") % {"text": text[:20]})
    changed = None if qty == line.standing else qty
    if changed is None and day is None:
        return line
    return replace(line, wish=LineWish(line.line_no, changed, requested_date=day))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
