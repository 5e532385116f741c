"""Keep the goods of a draft from others for a time: a cart for minutes, a quote for hours.

What is held is the draft's alone: its preview, the availability it is shown and its submit count it as free. It is free
for others at the moment its time is over, swept or not.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from accounts.approval_queries import home_currency, in_home_currency
from accounts.states import BUYERS
from core import journal
from core.actors import Actor
from core.choices import counted
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.money import line_amount
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory.hold_queries import held_lines
from inventory.services.let_go_hold import let_go_hold
from inventory.services.open_demands import open_demands
from inventory.services.reserve import reserve
from inventory.states import STOCK_HOLD
from orders.gates import Verdicts, look_at
from orders.locks import lock_held_goods, lock_orders
from orders.models import Order, StockHold
from orders.queries import pictures
from orders.rules.picture import LinePicture
from orders.rules.repricing import OVERRIDE
from orders.rules.stock_holds import GoodsHeld, GoodsLine, Limits, latest_end, usual_end
from orders.services.accept import Entering, demand_of
from orders.services.capture import NotADraft
from orders.states import Gate, OrderStatus, StockHoldEnd, Verdict
from orders.stock_hold_queries import amount_held, goods_held, limits_of, times_held
from pricing.agreement_queries import agreed_until

ZERO = Decimal(0)
NO_LINE = FieldError("/lines", "required", "There is no line with a product to hold.", "Say which goods.")


class HoldTooLong(Refused):
    template = "The goods of {number} can be held until {latest:%d %b %Y %H:%M} UTC and no longer: {why}."
    remedy_template = "Ask for less time, or order before."


class HoldWorthTooMuch(Refused):
    template = "The goods held for this customer would be worth {worth:,} {currency}; at most {most:,} may be held."
    remedy_template = "Let another draft's goods go, hold less, or order now."


class HeldTooOften(Refused):
    template = "The goods of {number} were held {times} times within a day; a cart may be held no more often."
    remedy_template = "Order now, or ask us to hold them for you."


class NothingToHold(Refused):
    template = "Nothing of {number} is free to be held now."
    remedy_template = "Ordered, it is promised by its date all the same."


@dataclass(frozen=True)
class _Term:
    first_at: datetime
    until: datetime
    limits: Limits
    is_new: bool


@door_verb
def hold_goods(*, order_id: int, actor: Actor, now: datetime, until: datetime | None = None) -> GoodsHeld:
    """Hold what is free of the draft's goods until then; None: as long as a cart is held, and what is held already as
    long as it is. A draft has one hold: asked again it is prolonged or shortened, within the same longest time.

    Raises NotFound, NotADraft, InvalidInput (no line with a product, a moment that is over, goods the customer may not
    buy), HoldTooLong, HoldWorthTooMuch, HeldTooOften, NothingToHold.
    """
    order = _draft(order_id)
    held = goods_held([order_id], now=now).get(order_id)
    is_live = held is not None and not held.has_run_out
    if held is not None and is_live and until is None:
        return held
    term = _term(order, actor, until, now)
    placed = _place(order, term, actor, now)
    if placed is None:
        raise NothingToHold(number=order.number)
    return placed


@door_verb
def let_goods_go(*, order_id: int, actor: Actor, now: datetime) -> bool:
    """Give back what the draft holds; whether it held anything. Let go twice is once. Raises NotFound, NotADraft."""
    order = _draft(order_id)
    return end_hold(order, StockHoldEnd.LET_GO, actor=actor, now=now)


@require_uow
def follow_lines(order: Order, *, actor: Actor, now: datetime) -> GoodsHeld | None:
    """The draft's lines changed: what it holds follows them, as long as it was held. None where it holds nothing (more).

    The caller holds the order. Raises HoldWorthTooMuch.
    """
    live = _live(order, now)
    if live is None:
        return None
    lock_held_goods(order.account_id)
    term = _Term(live.first_at, live.until, limits_of(order.account_id), is_new=False)
    return _place(order, term, actor, now)


@require_uow
def end_hold(order: Order, ended: StockHoldEnd, *, actor: Actor, now: datetime) -> bool:
    """For whoever holds the order: its hold ends, its stock is free. Whether there was any that had not run out."""
    hold = _open(order)
    if hold is None:
        return False
    is_over = hold.until <= now
    demand_ids = _close(hold, StockHoldEnd.RAN_OUT if is_over else ended, now)
    Order.objects.filter(pk=order.pk).update(stock_hold=None)
    order.stock_hold = None
    ref = DocumentRef("order", order.pk, order.number)
    freed = let_go_hold(demand_ids, why="held goods were let go", now=now) if demand_ids else ZERO
    if not is_over:
        entry = journal.Entry(ref, "goods_let_go", f"Held goods let go: {plain(freed)} in base units")
        journal.write([entry], actor=actor, now=now)
    return not is_over


@require_uow
def pass_on(hold_ids: Collection[int], *, now: datetime) -> list[int]:
    """The drafts of these holds become binding: the demands that give way to the orders' own. Three statements."""
    if not hold_ids:
        return []
    StockHold.objects.filter(pk__in=list(hold_ids), ended="").update(ended=StockHoldEnd.SUBMITTED, ended_at=now)
    Order.objects.filter(stock_hold_id__in=list(hold_ids)).update(stock_hold=None)
    return sorted(x.demand_id for lines in held_lines(hold_ids).values() for x in lines)


def _draft(order_id: int) -> Order:
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise NotFound(kind="order", ident=order_id)
    if order.status != OrderStatus.DRAFT:
        raise NotADraft(number=order.number, status=order.status)
    return order


def _term(order: Order, actor: Actor, asked: datetime | None, now: datetime) -> _Term:
    """How long, within the customer's limits. Takes the lock on all that the customer's drafts hold."""
    lock_held_goods(order.account_id)
    live, limits, is_cart = _live(order, now), limits_of(order.account_id), actor.has_role(*BUYERS)
    if live is None and is_cart and (times := times_held(order.pk, now=now)) >= limits.times_a_day:
        raise HeldTooOften(number=order.number, times=times)
    first_at = live.first_at if live else now
    line_ids = [x.line_id for x in pictures([order.pk], with_demands=False)[order.pk].lines if x.line_id]
    prices_until = agreed_until([(OVERRIDE, line_id) for line_id in line_ids])
    latest, why = latest_end(limits, is_cart=is_cart, first_at=first_at, prices_until=prices_until)
    until = min(usual_end(limits, now=now), latest) if asked is None else asked
    if until <= now:
        message = "The goods would be free before they are held."
        raise InvalidInput([FieldError("/until", "in_the_past", message, "Name a moment that is to come.")])
    if until > latest:
        raise HoldTooLong(number=order.number, latest=latest, why=why)
    return _Term(first_at, until, limits, is_new=live is None)


def _place(order: Order, term: _Term, actor: Actor, now: datetime) -> GoodsHeld | None:
    """A hold in the place of the one before: its goods pass to this one. None where nothing is free; then that ends."""
    before = _open(order)
    verdicts = look_at(pictures([order.pk], with_demands=False)[order.pk], now=now)
    lines, problems = _to_hold(verdicts)
    if not lines and not term.is_new:
        end_hold(order, StockHoldEnd.CHANGED, actor=actor, now=now)
        return None
    if not lines:
        raise InvalidInput(problems or [NO_LINE])
    giving_way = _close(before, _why_over(before, now), now) if before else []
    hold = StockHold.objects.create(
        order_id=order.pk, account_id=order.account_id, until=term.until, first_at=term.first_at, placed_at=now,
        placed_by=actor.label[:150],
    )  # fmt: skip
    held = _claimed(order, hold, verdicts, lines, giving_way, now)
    if not any(x.held for x in held.lines) and term.is_new:
        return None  # and all of it is rolled back
    _require_worth(verdicts, held, term.limits, hold, now)
    Order.objects.filter(pk=order.pk).update(stock_hold=hold)
    _tell(order, held, actor, now)
    return held


def _to_hold(verdicts: Verdicts) -> tuple[list[LinePicture], list[FieldError]]:
    """The lines with a product that the customer may buy, and what is wrong with the others."""
    refused = [r for r in verdicts.results if r.gate == Gate.ELIGIBILITY and r.verdict == Verdict.REJECT]
    problems = [p for r in refused for p in r.problems]
    wrong = {p.pointer.split("/")[2] for p in problems if p.pointer.startswith("/lines/")}
    lines = [x for x in verdicts.order.lines if x.product_id is not None and str(x.index) not in wrong]
    return lines, problems


def _claimed(
    order: Order,
    hold: StockHold,
    verdicts: Verdicts,
    lines: Collection[LinePicture],
    giving_way: Collection[int],
    now: datetime,
) -> GoodsHeld:
    entering = Entering(verdicts.order, verdicts.account, verdicts.prices, verdicts.today)
    ref = DocumentRef(STOCK_HOLD, hold.pk, order.number)
    specs = [replace(demand_of(entering, x, ref), is_blocked=False) for x in lines]
    ids = open_demands(specs, now=now)
    got = reserve(list(ids.values()), now=now, expires_at=hold.until, in_place_of=giving_way)
    told = tuple(GoodsLine(s.line_no, s.product_id, s.qty, got[ids[s.key]].reserved) for s in specs)
    return GoodsHeld(order.pk, order.number, hold.pk, hold.until, told, tuple(sorted(ids.values())))


def _require_worth(verdicts: Verdicts, held: GoodsHeld, limits: Limits, hold: StockHold, now: datetime) -> None:
    """What is held is counted at the customer's prices; what has no price yet counts nothing."""
    order = verdicts.order
    prices = {x.line_no: x.unit_price for x in order.lines}
    own = sum((line_amount(x.held, prices[x.line_no] or ZERO, order.currency) for x in held.lines), ZERO)
    amount = in_home_currency(own, order.currency, on=verdicts.today, actor="a draft") if own else ZERO
    worth = amount + amount_held(order.account_id, beside_order=order.order_id, now=now)
    if worth > limits.most_amount:
        raise HoldWorthTooMuch(worth=worth, currency=home_currency(), most=limits.most_amount)
    StockHold.objects.filter(pk=hold.pk).update(amount=amount)


def _tell(order: Order, held: GoodsHeld, actor: Actor, now: datetime) -> None:
    words = f"Goods of {counted(len(held.lines), 'line')} held until {held.until:%d %b %Y %H:%M} UTC"
    if held.short:
        words += f"; not all of line {', '.join(str(x.line_no) for x in held.short)}"
    ref = DocumentRef("order", order.pk, order.number)
    quantities = {str(x.line_no): plain(x.held) for x in held.lines}
    journal.write([journal.Entry(ref, "goods_held", words[:300], {"held": quantities})], actor=actor, now=now)


def _open(order: Order) -> StockHold | None:
    return StockHold.objects.filter(pk=order.stock_hold_id, ended="").first() if order.stock_hold_id else None


def _live(order: Order, now: datetime) -> StockHold | None:
    hold = _open(order)
    return hold if hold and hold.until > now else None


def _why_over(hold: StockHold, now: datetime) -> StockHoldEnd:
    return StockHoldEnd.RAN_OUT if hold.until <= now else StockHoldEnd.CHANGED


def _close(hold: StockHold, ended: StockHoldEnd, now: datetime) -> list[int]:
    """The row ends; the demands whose goods are to go."""
    StockHold.objects.filter(pk=hold.pk).update(ended=ended, ended_at=now)
    return [x.demand_id for x in held_lines([hold.pk]).get(hold.pk, [])]
