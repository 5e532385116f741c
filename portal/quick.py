"""The quick order page: what the buyer wrote, beside what it would be: product, price, promise, or what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import uuid4

from accounts.rules.asks import AccountSnapshot
from catalog.queries import product_snapshots, resolve_parts, suggest_skus
from catalog.rules.asks import PartMatch, PartQuery, ProductSnapshot
from core.actors import Actor
from core.clock import local_date
from core.money import EXACT, round_amount
from core.quantity import plain
from inventory.rules.asks import PromiseSlice
from inventory.states import PromiseKind
from orders.rules.asks import LineDraft, LinePreview, OrderDraft, Preview
from orders.rules.stock_holds import GoodsHeld
from orders.services.preview import preview
from orders.states import Channel
from portal.rules.lines import StatedLine, quantity_of, write_text
from portal.rules.words import Sign, Slice, hold_words, when
from portal.standing import Headroom, headroom, headroom_in

ZERO = Decimal(0)
OWN_PLACES = ("/lines", "/po_number", "/cancel_after_date")  # said at the row, and at the field once the form is sent
MOST_SUGGESTED_ROWS = 5  # each asks the catalog once
FEWEST_ROWS = 5
LISTED_PROBLEMS = 5
MOST_FORM_ROWS = 200  # above this the page stays a paste: a form has a limit of fields

HOW = {
    "customer_part": "Your part number for {sku}",
    "gtin": "Barcode of {sku}",
    "maker_part": "Maker's number of {sku}",
}


@dataclass(frozen=True)
class Suggestion:
    sku: str
    name: str


@dataclass(frozen=True)
class Row:
    """One line as shown. `wrong` is one sentence, empty when the line is ready. `unit_price` is per `unit`."""

    number: int
    item: str = ""
    qty: str = ""
    currency: str = "USD"
    product: ProductSnapshot | None = None
    order_unit: str = ""
    note: str = ""
    when: Sign | None = None
    unit_price: Decimal | None = None
    amount: Decimal | None = None
    saved: Decimal = ZERO
    wrong: str = ""
    wrong_qty: bool = False
    suggestions: tuple[Suggestion, ...] = ()
    arrives: tuple[Slice, ...] = ()

    @property
    def wrong_item(self) -> bool:
        return bool(self.wrong) and not self.wrong_qty

    @property
    def sku(self) -> str:
        return self.product.sku if self.product else ""

    @property
    def name(self) -> str:
        return self.product.name if self.product else ""

    @property
    def unit(self) -> str:
        return self.order_unit or (self.product.base_unit if self.product else "")


@dataclass(frozen=True)
class QuickPage:
    """What the page shows: `rows` is every line that says something, in the order written."""

    currency: str
    rows: tuple[Row, ...] = ()
    mode: str = "lines"
    notice: str = ""
    tax: Decimal = ZERO
    freight: Decimal = ZERO
    headroom: Headroom | None = None
    extra_rows: int = 0
    raw_text: str | None = None
    problems: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    draft: str = ""
    version: int = 0
    read_notice: str = ""
    held: GoodsHeld | None = None

    @property
    def is_holding(self) -> bool:
        return self.held is not None and not self.held.has_run_out

    @property
    def held_short(self) -> list[tuple[Row, Decimal]]:
        """Rows of which less is held than is asked for, with what is."""
        held = self.held.by_line if self.held else {}
        short = {x.line_no for x in self.held.short} if self.held else set()
        return [(row, held[row.number]) for row in self.rows if row.number in short]

    @property
    def fitting_mode(self) -> str:
        """Rows of fields, as long as a form takes them; longer lists stay a paste."""
        return "paste" if len(self.rows) > MOST_FORM_ROWS else "lines"

    @cached_property
    def key(self) -> str:
        """Of the form that keeps the lines: sent twice, it is one draft."""
        return str(uuid4())

    @cached_property
    def wrong(self) -> list[Row]:
        return [r for r in self.rows if r.wrong]

    @cached_property
    def ready(self) -> list[Row]:
        return [r for r in self.rows if not r.wrong]

    @property
    def text(self) -> str:
        stated = (StatedLine(r.number, r.item, r.qty) for r in self.rows)
        return write_text(stated) if self.raw_text is None else self.raw_text

    @cached_property
    def net(self) -> Decimal:
        return sum((r.amount or ZERO for r in self.ready), ZERO)

    @property
    def total(self) -> Decimal:
        return self.net + self.tax + self.freight

    @property
    def savings(self) -> Decimal:
        """What the customer's own prices save against list, over the ready lines."""
        return max(sum((r.saved for r in self.ready), ZERO), ZERO)

    @property
    def shown_rows(self) -> list[Row]:
        """The written lines and empty ones to type in."""
        blanks = self.extra_rows or max(FEWEST_ROWS - len(self.rows), 1)
        last = self.rows[-1].number if self.rows else 0
        return [*self.rows, *(Row(last + n, currency=self.currency) for n in range(1, blanks + 1))]

    @property
    def blank(self) -> Row:
        return Row(0, currency=self.currency)

    @property
    def first_wrong(self) -> list[Row]:
        return self.wrong[:LISTED_PROBLEMS]

    @property
    def more_wrong(self) -> int:
        return max(len(self.wrong) - LISTED_PROBLEMS, 0)


def check(
    stated: Sequence[StatedLine],
    *,
    account: AccountSnapshot,
    actor: Actor,
    now: datetime,
    held: GoodsHeld | None = None,
    **details: Any,
) -> QuickPage:
    """Resolve, price and promise the lines as they stand. Nothing is written; bad lines stay, good ones go on.

    `details` are further fields of OrderDraft (po_number, ship_to_id …), where the page knows them; `held` is what the
    draft keeps for itself, and so has.
    """
    today = local_date(now, account.time_zone)
    rows = _resolved([Row(s.number, s.item, s.qty, account.currency) for s in stated], account.id)
    page = QuickPage(account.currency, tuple(rows), held=held)
    draft = draft_of(rows, account=account, actor=actor, **details)
    if not draft.lines:
        return replace(page, headroom=headroom(account.id, on=today))
    seen = preview(draft, actor=actor, now=now, own_demands=held.demand_ids if held else ())
    page = _previewed(page, seen, today)
    return replace(page, headroom=headroom_in(seen.credit, page.total, page.currency))


def _previewed(page: QuickPage, seen: Preview, today: date) -> QuickPage:
    by_no = {line.line_no: line for line in seen.lines}
    return replace(
        page,
        rows=tuple(_answered(row, by_no.get(row.number), today) for row in page.rows),
        tax=seen.tax,
        freight=seen.freight,
        problems=tuple(p.in_words for p in seen.problems if not p.pointer.startswith(OWN_PLACES)),
        waits_for=tuple(dict.fromkeys(hold_words(h.gate) for h in seen.holds)),
    )


def draft_of(rows: Sequence[Row], *, account: AccountSnapshot, actor: Actor, **details: Any) -> OrderDraft:
    """The ready rows as an order draft for `account`; `details` are further fields of OrderDraft."""
    return OrderDraft(
        account_id=account.id,
        channel=Channel.PORTAL,
        currency=account.currency,
        on_behalf_of=actor.on_behalf_of,
        lines=tuple(_line_draft(row) for row in rows if not row.wrong),
        **details,
    )


def _line_draft(row: Row) -> LineDraft:
    assert row.product is not None
    return LineDraft(
        line_no=row.number,
        qty=Decimal(row.qty),
        unit=row.order_unit,
        product_id=row.product.id,
        stated_code=row.item,
    )


def _resolved(rows: list[Row], account_id: int) -> list[Row]:
    matches = resolve_parts([PartQuery(str(r.number), account_id, r.item) for r in rows])
    products = product_snapshots({m.product_id for m in matches.values()})
    asked: list[Row] = []
    budget = MOST_SUGGESTED_ROWS
    for row in rows:
        match = matches.get(str(row.number))
        if match is None and row.item and budget:
            budget -= 1
            asked.append(replace(row, wrong=f"No product has the number {row.item}.", suggestions=_like(row.item)))
        elif match is None:
            asked.append(
                replace(row, wrong=f"No product has the number {row.item}." if row.item else "Say which item.")
            )
        else:
            asked.append(_matched(row, match, products[match.product_id]))
    return asked


def _like(item: str) -> tuple[Suggestion, ...]:
    return tuple(Suggestion(sku, name) for sku, name in suggest_skus(item, limit=3))


def _matched(row: Row, match: PartMatch, product: ProductSnapshot) -> Row:
    qty = quantity_of(row.qty)
    note = HOW.get(match.how, "").format(sku=product.sku)
    found = replace(row, product=product, order_unit=match.unit, note=note)
    return replace(found, wrong=qty, wrong_qty=True) if isinstance(qty, str) else found


def _answered(row: Row, line: LinePreview | None, today: date) -> Row:
    """The row with what the preview said of it: its first problem, or its price and promise."""
    if row.wrong or row.product is None or line is None:
        return row
    if line.problems:
        first = line.problems[0]
        return replace(row, wrong=first.in_words, wrong_qty=first.pointer.endswith("/qty"))
    if line.price is None or line.price.unit_price is None:
        return replace(row, wrong="We have no price for this for you. Ask us for a quote.")
    factor = row.product.factor(row.order_unit)
    per_unit = EXACT.divide(
        EXACT.multiply(line.price.unit_price, Decimal(factor.numerator)), Decimal(factor.denominator)
    )
    slices = [_slice(p, today) for p in line.promises]
    return replace(
        row,
        when=_sign(slices, line.split, today, any(p.is_bought for p in line.promises)) if slices else None,
        unit_price=per_unit,
        amount=line.price.amount,
        saved=_saved(line, row.currency),
        note=" · ".join(filter(None, (row.note or _sold_in(row.product), line.limits))),
        arrives=tuple(Slice(p.qty, p.delivery_date or p.ship_date) for p in line.promises),
    )


def _sign(slices: Sequence[Slice], words: str, today: date, is_bought: bool = False) -> Sign:
    """One part is told by its state, several, and what a vendor sends, by the words every channel has for them."""
    sign = when(slices, today)
    return sign if (len(slices) == 1 and not is_bought) or sign.tone == "ok" else replace(sign, words=words)


def _slice(part: PromiseSlice, today: date) -> Slice:
    """What lies in stock is "now", whenever it would arrive; what a vendor sends has its day."""
    is_there = part.kind == PromiseKind.STOCK and not part.is_bought
    return Slice(part.qty, today if is_there else part.delivery_date or part.ship_date)


def _saved(line: LinePreview, currency: str) -> Decimal:
    price = line.price
    if price is None or price.unit_price is None or not price.waterfall:
        return ZERO
    return round_amount((price.waterfall[0].unit_price - price.unit_price) * line.qty, currency)


def _sold_in(product: ProductSnapshot) -> str:
    return f"Sold in multiples of {plain(product.order_multiple)}" if product.order_multiple > 1 else ""
