"""A quick order kept for later: a cart is a draft order, so it waits on any device and nobody else's price or stock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import clock
from core.errors import NotFound
from core.quantity import plain
from orders.filters import OrderFilter, OrderSummary, find_orders
from orders.queries import drafts_of, pictures
from orders.rules.asks import DraftChanges, LineDraft, OrderDraft
from orders.rules.stock_holds import GoodsHeld
from orders.states import Channel
from orders.stock_hold_queries import goods_held
from portal.quick import Row
from portal.rules.lines import StatedLine, quantity_of


@dataclass(frozen=True)
class Kept:
    """A draft order of the portal, as the quick order page opens it."""

    order_id: int
    number: str
    version: int
    draft: OrderDraft
    held: GoodsHeld | None = None

    @property
    def stated(self) -> list[StatedLine]:
        return [StatedLine(n, line.stated_code, plain(line.qty)) for n, line in enumerate(self.draft.lines, start=1)]

    @property
    def entered(self) -> dict[str, str]:
        """The details as the review page's form shows them."""
        d = self.draft
        return {
            "ship_to": str(d.ship_to_id or ""),
            "po_number": d.po_number,
            "requested_date": d.requested_date.isoformat() if d.requested_date else "",
            "not_later_than": d.cancel_after_date.isoformat() if d.cancel_after_date else "",
        }


def kept_draft(number: str, account_id: int) -> Kept:
    """The customer's draft with this number. Raises NotFound: another's, placed already, or not from the portal."""
    found = find_orders(OrderFilter(frozenset({account_id}), number=number[:30], status="draft"), limit=1)
    if not number or not found or found[0].channel != Channel.PORTAL:
        raise NotFound(kind="draft", ident=number[:30])
    return _kept(found[0])


def _kept(head: OrderSummary) -> Kept:
    draft, held = drafts_of([head.order_id])[head.order_id], goods_held([head.order_id], now=clock.now())
    return Kept(head.order_id, head.number, head.version, draft, held.get(head.order_id))


def held_of(number: str, account_id: int) -> GoodsHeld | None:
    """What the customer's draft with this number holds; None where it holds nothing, or is none (any more)."""
    if not number:
        return None
    found = find_orders(OrderFilter(frozenset({account_id}), number=number[:30], status="draft"), limit=1)
    ids = [x.order_id for x in found if x.channel == Channel.PORTAL]
    return goods_held(ids, now=clock.now()).get(ids[0]) if ids else None


def again_lines(number: str, account_id: int) -> list[StatedLine]:
    """What the customer's order asked for, to be ordered again at today's prices. Raises NotFound."""
    found = find_orders(OrderFilter(frozenset({account_id}), number=number[:30]), limit=1)
    if not found:
        raise NotFound(kind="order", ident=number[:30])
    picture = pictures([found[0].order_id], with_demands=False)[found[0].order_id]
    lines = ((x.sku or x.stated_code, plain(x.qty)) for x in picture.lines)
    return [StatedLine(n, item, qty) for n, (item, qty) in enumerate(lines, start=1)]


def line_drafts(rows: Sequence[Row]) -> tuple[LineDraft, ...]:
    """Every row as it was written: also what no product has, to be mended later. Each has a quantity."""
    return tuple(_line(row, n) for n, row in enumerate(rows, start=1))


def draft_changes(lines: tuple[LineDraft, ...], details: Mapping[str, Any]) -> DraftChanges:
    """All of it as the form now says; a date that was taken out is none."""
    dates = ("requested_date", "cancel_after_date")
    return DraftChanges(lines=lines, cleared=frozenset(d for d in dates if details[d] is None), **details)


def without_quantity(rows: Sequence[Row]) -> list[Row]:
    """Rows a draft cannot keep: it keeps quantities, not words."""
    return [row for row in rows if isinstance(quantity_of(row.qty), str) or not row.item]


def _line(row: Row, number: int) -> LineDraft:
    qty = quantity_of(row.qty)
    assert not isinstance(qty, str)
    product_id = row.product.id if row.product else None
    return LineDraft(number, qty, row.order_unit if row.product else "", product_id, stated_code=row.item)
