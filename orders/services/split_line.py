"""Split a line: what waits goes on a line of its own, so that what is there need not wait for it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from accounts.services.lower_spend import lower_spend
from core import journal, outbox, overrides
from core.actors import Actor
from core.errors import NotFound, Refused
from core.money import line_amount
from core.overrides import Reason
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.post import post
from inventory.services.split_demand import split_demand
from orders.events import LineSplitInTwo
from orders.models import AllowedProduct, LineSplit, OrderLine
from orders.rules.exposure import open_posting, worth_of
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.cancel import give_back_credit, locked_order, lower_amounts
from orders.services.count_open_orders import ensure_counted
from orders.services.write_rows import insert_lines, insert_splits
from orders.states import OrderStatus

ZERO = Decimal(0)


class NotToBeSplit(Refused):
    template = "Line {line_no} cannot be split: {why}."
    remedy_template = "Keep waiting for all of it, take a substitute, or cancel what waits."


@dataclass(frozen=True)
class SplitLine:
    order_id: int
    number: str
    line_no: int
    new_line_no: int
    qty: Decimal


@door_verb
def split_line(*, order_id: int, line_no: int, reason: str, actor: Actor, now: datetime) -> SplitLine:
    """The backordered part of the line on a new line, at the same locked price, with its place in the queue and its dates.
    Recorded as an override, as it sets aside how the line was to ship. The reason says who wanted it.

    Raises NotFound (order, line), NotToBeSplit, NothingToSplit, ReasonTooShort.
    """
    order, status = locked_order(order_id)
    line = next((x for x in order.lines if x.line_no == line_no), None)
    if line is None:
        raise NotFound(kind="order line", ident=line_no)
    if why := why_not_split(line, is_submitted=status == OrderStatus.SUBMITTED):
        raise NotToBeSplit(line_no=line_no, why=why)
    return _split(order, line, reason, actor, now)


def why_not_split(line: LinePicture, *, is_submitted: bool) -> str:
    """Why the line is whole as it is; empty when it may be split."""
    if not is_submitted or line.demand is None:
        return "the order is not open"
    if line.demand.backordered <= ZERO:
        return "nothing of it waits"
    return "" if line.demand.open > line.demand.backordered else "all of it waits"


@require_uow
def _split(order: OrderPicture, line: LinePicture, reason: str, actor: Actor, now: datetime) -> SplitLine:
    """Credit 10 and the order 20 are held; the demand (50) is the last contended row."""
    assert line.demand is not None
    number, waits = max(x.line_no for x in order.lines) + 1, line.demand.backordered
    new = replace(
        line, index=len(order.lines), line_no=number, line_id=None, qty=waits, demand=None,
        amount=line_amount(waits, line.unit_price or ZERO, order.currency),
    )  # fmt: skip
    ensure_counted([order], now=now)
    give_back_credit(order, {line.line_no: waits}, now)
    _owe(order, line, new, now)
    given = split_demand(demand_id=line.demand.demand_id, line_no=number, now=now)
    line_id = insert_lines([_row(line, new, given.demand_id)])[order.order_id, number]
    insert_splits([{"line_id": line_id, **share} for share in _shares(line)])
    _allow_too(order.order_id, line.line_no, number)
    standing = lower_amounts(replace(order, lines=(*order.lines, new)), {line.line_no: waits})
    lower_spend(DocumentRef("order", order.order_id, order.number), standing, actor=actor, now=now)
    _tell(order, line, new, reason, actor, now)
    return SplitLine(order.order_id, order.number, line.line_no, number, waits)


def _owe(order: OrderPicture, line: LinePicture, new: LinePicture, now: datetime) -> None:
    """What was given back is owed again, on the same day; only cents can differ, as each line is rounded once."""
    key = f"order:{order.order_id}:v{order.version}:split:{new.line_no}"
    post(
        [open_posting(order, new.unit_worth.of(new.qty, order.currency), key, worth_of(order, line).ship_date)], now=now
    )


@require_uow
def _allow_too(order_id: int, line_no: int, number: int) -> None:
    """What was allowed of the line is allowed of its part."""
    rows = list(AllowedProduct.objects.filter(order_id=order_id, line_no=line_no).order_by("pk"))
    for row in rows:
        row.pk, row.line_no = None, number
    AllowedProduct.objects.bulk_create(rows)


def _row(line: LinePicture, new: LinePicture, demand_id: int) -> dict[str, object]:
    stored = OrderLine.objects.get(pk=line.line_id or 0)
    same = (
        "order_id", "product_id", "stated_code", "stated_description", "stated_price", "ship_to_id", "requested_date",
        "unit_price", "unit_tax", "unit_freight", "unit_margin", "price_basis", "price_source_id", "price_trace",
        "price_locked_at",
    )  # fmt: skip
    values = {name: getattr(stored, name) for name in same}
    return values | {
        "line_no": new.line_no, "demand_id": demand_id, "qty": new.qty, "unit": "", "unit_qty": new.qty,
        "amount": new.amount, "external_ref": "",
    }  # fmt: skip


def _shares(line: LinePicture) -> list[dict[str, object]]:
    rows = LineSplit.objects.filter(line_id=line.line_id or 0).order_by("pk")
    return [
        {"rep_id": rep_id, "kind": kind, "percent": p}
        for rep_id, kind, p in rows.values_list("rep_id", "kind", "percent")
    ]


def _tell(order: OrderPicture, line: LinePicture, new: LinePicture, reason: str, actor: Actor, now: datetime) -> None:
    ref = DocumentRef("order", order.order_id, order.number)
    overrides.record(
        kind="split", subject=ref, actor=actor, reason=Reason("split", reason),
        before={"line_no": line.line_no, "qty": plain(line.qty)},
        after={"line_no": new.line_no, "qty": plain(new.qty)}, now=now, account_id=order.account_id,
    )  # fmt: skip
    words = f"Line {line.line_no} split: the {plain(new.qty)} of {line.sku} that wait are line {new.line_no}"
    entry = journal.Entry(ref, "line_split", words, {"line_no": line.line_no, "new_line_no": new.line_no})
    journal.write([entry], actor=actor, now=now)
    fact = LineSplitInTwo(order.order_id, order.account_id, (new.product_id or 0,))
    outbox.publish(fact, stream=f"order:{order.order_id}", seq=order.version, now=now, actor=actor)
