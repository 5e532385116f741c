"""Look again for the products of a draft's lines that nobody could match: the catalog may know them by now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog import queries as catalog
from catalog.rules.asks import PartQuery
from core import journal
from core.actors import Actor
from core.choices import counted
from core.errors import NotFound
from core.refs import DocumentRef
from core.uow import door_verb
from orders.locks import lock_orders
from orders.models import Order, OrderLine
from orders.queries import drafts_of
from orders.rules.asks import LineDraft, OrderDraft
from orders.rules.capture import CheckedLine, check_lines
from orders.services.capture import NotADraft, surroundings
from orders.services.hold_goods import follow_lines
from orders.states import OrderStatus


@dataclass(frozen=True)
class Rematched:
    """Line numbers: what has a product now, and what still has none."""

    matched: tuple[int, ...]
    left: tuple[int, ...]

    @property
    def in_words(self) -> str:
        """What is still unknown, and what is not any more."""
        done = f"{counted(len(self.matched), 'line')} matched; " if self.matched else ""
        return f"{done}nobody knows the part of line {', '.join(map(str, self.left))} yet" if self.left else done


@door_verb
def rematch_lines(*, order_id: int, actor: Actor, now: datetime) -> Rematched:
    """Match every unmatched line whose stated code is a known part now; a quantity that does not fit stays unmatched.

    Raises NotFound, NotADraft.
    """
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise NotFound(kind="order", ident=order_id)
    if order.status != OrderStatus.DRAFT:
        raise NotADraft(number=order.number, status=order.status)
    draft = drafts_of([order_id])[order_id]
    open_lines = [line for line in draft.lines if line.product_id is None]
    found = _fitting(draft, _with_products(draft, open_lines), now)
    if found:
        _store(order, found, actor, now)
    matched = tuple(x.draft.line_no for x in found)
    return Rematched(matched, tuple(x.line_no for x in open_lines if x.line_no not in matched))


def _with_products(draft: OrderDraft, lines: Sequence[LineDraft]) -> list[LineDraft]:
    parts = catalog.resolve_parts([PartQuery(str(x.line_no), draft.account_id, x.stated_code) for x in lines])
    hits = [(line, parts[str(line.line_no)]) for line in lines if str(line.line_no) in parts]
    return [replace(line, product_id=part.product_id, unit=line.unit or part.unit) for line, part in hits]


def _fitting(draft: OrderDraft, lines: Sequence[LineDraft], now: datetime) -> list[CheckedLine]:
    around = surroundings([replace(draft, lines=tuple(lines))], now=now)
    answers = [check_lines([line], draft.account_id, around) for line in lines]
    return [checked[0] for checked, errors in answers if not errors]


def _store(order: Order, found: Sequence[CheckedLine], actor: Actor, now: datetime) -> None:
    by_no = {x.draft.line_no: x for x in found}
    rows = list(OrderLine.objects.filter(order_id=order.pk, line_no__in=by_no))
    for row in rows:
        checked = by_no[row.line_no]
        row.product_id, row.qty, row.unit = checked.draft.product_id, checked.qty, checked.unit
    OrderLine.objects.bulk_update(rows, ["product", "qty", "unit"])
    Order.objects.filter(pk=order.pk).update(version=order.version + 1)
    listed = ", ".join(f"{x.draft.line_no} ({x.draft.stated_code})" for x in found)
    ref = DocumentRef("order", order.pk, order.number)
    journal.write([journal.Entry(ref, "lines_matched", f"Lines matched: {listed}"[:300])], actor=actor, now=now)
    follow_lines(order, actor=actor, now=now)
