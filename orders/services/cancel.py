"""Take back what is not in the warehouse's hands: claims are freed and the exposure goes, in one transaction."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from accounts.services.lock_spenders import lock_spenders
from accounts.services.lower_spend import lower_spend
from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.money import line_amount
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from inventory.services.cancel import cancel as cancel_demands
from orders.events import LinesCancelled
from orders.locks import lock_orders
from orders.models import Order
from orders.queries import account_of, pictures
from orders.rules.asks import CancelOutcome
from orders.rules.exposure import by_ship_date, open_change, open_posting, unreleased, worth_of
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.count_open_orders import ensure_counted
from orders.services.hold_goods import end_hold
from orders.services.hold_rows import clear_all
from orders.services.settle_status import settle_status
from orders.services.write_rows import set_amounts
from orders.states import ORDER, OrderStatus, StockHoldEnd

ZERO = Decimal(0)


class NothingToCancel(Refused):
    template = "Nothing of order {number} can be cancelled: what is left is in the warehouse's hands or gone."
    remedy_template = "Ask the warehouse to recall the shipment, or take it back as a return."


class OrderStillDraft(Refused):
    template = "Order {number} is still a draft."
    remedy_template = "Edit the draft, or cancel the whole order."


@door_verb
def cancel_order(*, order_id: int, reason: str, actor: Actor, now: datetime) -> CancelOutcome:
    """Cancel a draft, or everything of a submitted order that is not released yet.

    The order is cancelled when nothing of it was released, else what is on its way goes on. Raises NotFound,
    IllegalTransition (closed, cancelled), NothingToCancel.
    """
    return cancel_what_is_open(order_id, reason=reason, actor=actor, now=now)


@require_uow
def cancel_what_is_open(order_id: int, *, reason: str, actor: Actor, now: datetime) -> CancelOutcome:
    """The same inside a caller's transaction that holds no lock yet."""
    order, status = locked_order(order_id)
    if status == OrderStatus.DRAFT:
        end_hold(lock_orders([order_id])[order_id], StockHoldEnd.CANCELLED, actor=actor, now=now)
        return _cancel_draft(order, reason, actor, now)
    ORDER.require(status, OrderStatus.CANCELLED)
    return _cancel(order, {x.line_no: None for x in order.lines}, reason, actor, now)


@door_verb
def cancel_lines(
    *, order_id: int, quantities: Mapping[int, Decimal | None], reason: str, actor: Actor, now: datetime
) -> CancelOutcome:
    """Cancel base units of lines by line number; None is all of the line that is not released yet.

    Raises NotFound, InvalidInput (no such line, more than is open), OrderStillDraft, NothingToCancel.
    """
    return cancel_order_lines(order_id, quantities, reason=reason, actor=actor, now=now)


@require_uow
def cancel_order_lines(
    order_id: int, quantities: Mapping[int, Decimal | None], *, reason: str, actor: Actor, now: datetime
) -> CancelOutcome:
    """The same for a verb that holds no lock yet."""
    order, status = locked_order(order_id)
    if status == OrderStatus.DRAFT:
        raise OrderStillDraft(number=order.number)
    ORDER.require(status, OrderStatus.CANCELLED)
    _require_open(order, quantities)
    return _cancel(order, quantities, reason, actor, now)


@require_uow
def locked_order(order_id: int) -> tuple[OrderPicture, OrderStatus]:
    """Ranks 10 and 20; the picture with its next version. Raises NotFound."""
    account_id = account_of(order_id)
    if account_id is None:
        raise NotFound(kind="order", ident=order_id)
    lock_accounts([account_id])
    lock_spenders([], documents=[DocumentRef("order", order_id)])
    row = lock_orders([order_id])[order_id]
    order = replace(pictures([order_id])[order_id], version=row.version + 1)
    return order, OrderStatus(row.status)


def _require_open(order: OrderPicture, quantities: Mapping[int, Decimal | None]) -> None:
    lines = {x.line_no: x for x in order.lines}
    errors = []
    for line_no, qty in quantities.items():
        at = f"/quantities/{line_no}"
        if line_no not in lines:
            errors.append(FieldError(at, "unknown_line", f"The order has no line {line_no}."))
        elif qty is not None and not (is_exact(qty) and ZERO < qty <= _open(lines[line_no])):
            left = plain(_open(lines[line_no]))
            errors.append(FieldError(at, "not_open", f"{plain(qty)} cannot be cancelled; {left} is open.", "Ask less."))
    if errors:
        raise InvalidInput(errors)


def _open(line: LinePicture) -> Decimal:
    return unreleased(line.demand) if line.demand else ZERO


@require_uow
def _cancel(
    order: OrderPicture, quantities: Mapping[int, Decimal | None], reason: str, actor: Actor, now: datetime
) -> CancelOutcome:
    lines = {x.demand.demand_id: x for x in order.lines if x.demand and x.line_no in quantities and _open(x) > 0}
    if not lines:
        raise NothingToCancel(number=order.number)
    asked = {i: q if (q := quantities[x.line_no]) is not None else _open(x) for i, x in lines.items()}
    # Money before goods: credit is rank 10 and locked; demands and balances are the last contended writes.
    ensure_counted([order], now=now)
    give_back_credit(order, {lines[i].line_no: qty for i, qty in asked.items()}, now)
    cancelled = cancel_demands(list(asked), asked, now=now)
    standing = lower_amounts(order, {lines[i].line_no: qty for i, qty in cancelled.items()})
    lower_spend(DocumentRef("order", order.order_id, order.number), standing, actor=actor, now=now)
    return _tell(order, {lines[i].line_no: qty for i, qty in cancelled.items() if qty}, reason, actor, now)


def give_back_credit(order: OrderPicture, quantities: Mapping[int, Decimal], now: datetime) -> None:
    """The exposure of those base units by line number. Rank 10, which the caller holds."""
    changes = []
    for line in order.lines:
        if line.line_no in quantities:
            worth = worth_of(order, line)
            before = _open(line)
            changes.append((worth.ship_date, open_change(worth, before, before - quantities[line.line_no])))
    key = f"order:{order.order_id}:v{order.version}:cancel"
    post([open_posting(order, x, f"{key}:{day}", day) for day, x in by_ship_date(changes).items()], now=now)


def lower_amounts(order: OrderPicture, cancelled: Mapping[int, Decimal]) -> Decimal:
    """A line is worth what still stands of it, and the order the sum of its lines."""
    amounts: dict[int, Decimal] = {}
    total = ZERO
    for line in order.lines:
        amount = line.amount
        if line.line_no in cancelled and line.demand and line.unit_price is not None and line.line_id is not None:
            standing = line.demand.ordered - line.demand.cancelled - cancelled[line.line_no]
            amount = amounts[line.line_id] = line_amount(standing, line.unit_price, order.currency)
        total += amount
    set_amounts(amounts)
    after = replace(order, lines=tuple(_less(x, cancelled.get(x.line_no, ZERO)) for x in order.lines))
    Order.objects.filter(pk=order.order_id).update(
        total_amount=total, tax_amount=after.tax, freight_amount=after.freight, version=order.version
    )
    return total


def _less(line: LinePicture, cancelled: Decimal) -> LinePicture:
    return replace(line, qty=line.qty - cancelled) if cancelled else line


def _tell(
    order: OrderPicture, cancelled: Mapping[int, Decimal], reason: str, actor: Actor, now: datetime
) -> CancelOutcome:
    ref, stream = DocumentRef("order", order.order_id, order.number), f"order:{order.order_id}"
    products = tuple(sorted({x.product_id for x in order.lines if x.line_no in cancelled and x.product_id}))
    demand_ids = [x.demand.demand_id for x in order.lines if x.demand]
    status, told = settle_status(order, demand_ids, actor=actor, now=now)
    notes = [outbox.Note(LinesCancelled(order.order_id, order.account_id, products), stream, order.version)]
    summary = f"{len(cancelled)} of {len(order.lines)} lines cancelled: {reason}"
    quantities = {str(n): plain(q) for n, q in cancelled.items()}
    entry = journal.Entry(ref, "cancelled", summary, {"cancelled": quantities})
    journal.write([entry, *told.entries], actor=actor, now=now)
    outbox.publish_many([*notes, *told.notes], now=now, actor=actor)
    return CancelOutcome(order.order_id, order.number, str(status), dict(cancelled))


def _cancel_draft(order: OrderPicture, reason: str, actor: Actor, now: datetime) -> CancelOutcome:
    Order.objects.filter(pk=order.order_id).update(
        status=ORDER.require(OrderStatus.DRAFT, OrderStatus.CANCELLED), closed_at=now, version=order.version
    )
    ref = DocumentRef("order", order.order_id, order.number)
    told = clear_all([order], why="the draft is cancelled", actor=actor, now=now)
    entry = journal.Entry(ref, "cancelled", f"Draft cancelled: {reason}")
    journal.write([entry, *told.entries], actor=actor, now=now)
    outbox.publish_many(told.notes, now=now, actor=actor)
    return CancelOutcome(order.order_id, order.number, str(OrderStatus.CANCELLED), {})
