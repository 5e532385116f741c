"""Set list and contract aside for lines of an order: within one's own authority at once, else by a second person.

A line whose goods are with the warehouse keeps its price: that is a credit or a rebill. Of a submitted order the locked
price changes with everything that follows from it: amount, exposure, rank, price holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from accounts import approvals
from accounts.approval_queries import is_of_the_house
from accounts.queries import account_snapshots
from accounts.rules.asks import Approval
from accounts.states import Role
from core import journal, outbox, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refused
from core.money import PRICE_PLACES
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.lock_accounts import lock_accounts
from orders.events import LinesRepriced
from orders.gates import local_day
from orders.locks import lock_orders
from orders.queries import account_of, pictures
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.repricing import (
    OVERRIDE,
    PRICE_APPROVAL,
    content_of,
    line_hash,
    money_effect,
    points_given_up,
    set_hash,
)
from orders.services.ask_second_person import ask_second_person
from orders.services.write_price import write_prices
from orders.states import OrderStatus
from pricing import queries as pricing
from pricing.rules.asks import AgreedPrice, PriceAsk, PriceResult
from pricing.services.agree import agree

ZERO = Decimal(0)
HOLDS_FOR = timedelta(days=366)  # an overridden draft is submitted within a year
LARGEST_PRICE = Decimal(10) ** 12
WHO = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING, Role.FINANCE_APPROVER, Role.REP})


class LineIsReleased(Refused):
    template = "Line {line_no} of {number} is with the warehouse or gone: its price stands."
    remedy_template = "Issue a credit, or bill the difference."


class OrderIsOver(Refused):
    template = "Order {number} is {status}: its prices stand."
    remedy_template = "Issue a credit, or bill the difference."


@dataclass(frozen=True)
class PriceChange:
    """`approval_id` is what it waits for where it was not applied. `effect` below 0 is money given away."""

    is_applied: bool
    effect: Decimal
    currency: str
    approval_id: int | None = None


@dataclass(frozen=True)
class PriceCase:
    """What is asked, with our own price of each line."""

    order: OrderPicture
    lines: Mapping[int, LinePicture]
    prices: Mapping[int, Decimal]
    ours: Mapping[int, PriceResult]

    @property
    def effect(self) -> Decimal:
        currency = self.order.currency
        return sum(
            (money_effect(self.lines[n], p, self.ours[n], currency) for n, p in self.prices.items()), Decimal("0.00")
        )

    @property
    def given_away(self) -> Decimal:
        return min(ZERO, self.effect)

    @property
    def points(self) -> Decimal:
        return max(points_given_up(p, self.ours[n]) for n, p in self.prices.items())

    @property
    def is_below_floor(self) -> bool:
        floors = {n: self.ours[n].floor for n in self.prices}
        return any((floor := floors[n]) is not None and p < floor for n, p in self.prices.items())

    @property
    def hash(self) -> str:
        return set_hash(line_hash(self.order.order_id, self.lines[n], p) for n, p in self.prices.items())


@door_verb
def override_price(
    *,
    order_id: int,
    prices: Mapping[int, Decimal],
    reason: Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None = None,
) -> PriceChange:
    """Other unit prices (per base unit) for lines by number. Above the floor and within the actor's own authority they
    apply at once; else an approval is asked for, and they apply when it is given (`approval_id`).

    Raises NotFound, InvalidInput, NotPermitted, OrderIsOver, LineIsReleased, ReasonTooShort, and with an approval
    ApprovalMissing, ApprovalExpired, ContentChanged (the line is not what was approved).
    """
    return override_order_price(order_id, prices, reason=reason, actor=actor, now=now, approval_id=approval_id)


@require_uow
def override_order_price(
    order_id: int,
    prices: Mapping[int, Decimal],
    *,
    reason: Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None = None,
) -> PriceChange:
    """The same inside a caller's transaction that holds no lock yet. Locks credit (10), approval (18), order (20)."""
    account_id = account_of(order_id)
    if account_id is None:
        raise NotFound(kind="order", ident=order_id)
    if len(reason.note.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.note.strip()))
    lock_accounts([account_id])
    given = None
    if approval_id is not None:
        asked = price_case(order_id, prices, now)  # read before the order is locked: checked again below
        given = approvals.require(approval_id=approval_id, content_hash=asked.hash, now=now)
    else:
        _refuse_role(actor)
    row = lock_orders([order_id])[order_id]
    if row.status not in (OrderStatus.DRAFT, OrderStatus.SUBMITTED):
        raise OrderIsOver(number=row.number, status=row.status)
    case = price_case(order_id, prices, now)
    if given is not None and given.content_hash != case.hash:
        raise approvals.ContentChanged(approval_id=given.id)
    if given is None and not may_alone(case, actor, now):
        return PriceChange(False, case.effect, case.order.currency, ask_for(case, reason, actor, now))
    _apply(replace_version(case, row.version + 1), reason, actor, given, now)
    return PriceChange(True, case.effect, case.order.currency, approval_id)


def replace_version(case: PriceCase, version: int) -> PriceCase:
    return replace(case, order=replace(case.order, version=version))


def _refuse_role(actor: Actor) -> None:
    if actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="change a price", roles=", ".join(sorted(WHO)))


def may_alone(case: PriceCase, actor: Actor, now: datetime) -> bool:
    """Nobody needs a second person to raise a price; a rep always does to lower one, and everybody below the floor."""
    if case.is_below_floor:
        return False
    if case.effect >= ZERO and not case.points:
        return is_of_the_house(actor)
    return is_of_the_house(actor) and approvals.has_authority(
        actor,
        kind=PRICE_APPROVAL,
        amount=case.given_away,
        currency=case.order.currency,
        on=company_day(now),
        margin_points=case.points,
    )


def price_case(order_id: int, prices: Mapping[int, Decimal], now: datetime) -> PriceCase:
    order = pictures([order_id])[order_id]
    lines = {x.line_no: x for x in order.lines}
    _refuse_bad(order, lines, prices)
    account = account_snapshots([order.account_id], on=company_day(now))[order.account_id]
    asks = [
        PriceAsk(str(n), x.product_id, x.qty, unit=x.unit, ship_date=x.requested_date or order.requested_date)
        for n in prices
        if (x := lines[n]).product_id is not None
    ]
    on = order.submitted_on or local_day(now, account)
    found = pricing.price(asks, account_id=order.account_id, currency=order.currency, on=on)
    return PriceCase(order, lines, dict(prices), {int(r.key): r for r in found})


def _refuse_bad(order: OrderPicture, lines: Mapping[int, LinePicture], prices: Mapping[int, Decimal]) -> None:
    errors = []
    if not prices:
        errors.append(FieldError("/prices", "required", "Say which line gets which price."))
    for line_no, price in prices.items():
        at = f"/prices/{line_no}"
        line = lines.get(line_no)
        if line is None or line.product_id is None:
            errors.append(FieldError(at, "unknown_line", f"The order has no line {line_no} with a product."))
        if not price.is_finite() or price < ZERO or price >= LARGEST_PRICE:
            errors.append(FieldError(at, "price", f"{price} is not a price.", "Give 0 or more."))
        elif price != price.quantize(PRICE_PLACES):
            errors.append(FieldError(at, "price", f"{price} has more than six decimal places."))
    if errors:
        raise InvalidInput(errors)
    for line_no in prices:
        state = lines[line_no].demand
        if state and state.released + state.picked + state.shipped > ZERO:
            raise LineIsReleased(line_no=line_no, number=order.number)


@require_uow
def ask_for(case: PriceCase, reason: Reason, actor: Actor, now: datetime) -> int:
    return ask_second_person(
        case.order,
        kind=PRICE_APPROVAL,
        content_hash=case.hash,
        amount=case.given_away,
        content=content_of(case.order, case.prices, case.lines),
        reason=reason,
        actor=actor,
        now=now,
        margin_points=case.points,
    )


@require_uow
def _apply(case: PriceCase, reason: Reason, actor: Actor, given: Approval | None, now: datetime) -> None:
    order, number = case.order, case.order.number
    for line_no, price in case.prices.items():
        line = case.lines[line_no]
        agree(
            DocumentRef(OVERRIDE, line.line_id or 0, f"{number} line {line_no}"),
            [AgreedPrice(line.product_id or 0, price)],
            account_id=order.account_id,
            currency=order.currency,
            valid_until=now + HOLDS_FOR,
            now=now,
        )
    told = write_prices(order, sorted(case.prices), actor=actor, now=now)
    approver = approvals.approver_of(given.id if given else None, beside=actor)
    ref = DocumentRef("order", order.order_id, number)
    for line_no, price in sorted(case.prices.items()):
        line, ours = case.lines[line_no], case.ours[line_no]
        overrides.record(
            kind="price",
            subject=ref,
            actor=actor,
            reason=reason,
            before={"line": line_no, "sku": line.name, "unit_price": ours.unit_price, "from": ours.source_code},
            after={"line": line_no, "unit_price": price, "qty": line.qty, "is_below_floor": _is_low(price, ours)},
            now=now,
            money_effect=money_effect(line, price, ours, order.currency),
            currency=order.currency,
            approval_id=given.id if given else None,
            approver=approver,
            account_id=order.account_id,
        )
    words = ", ".join(f"line {n} now {p.normalize():f}" for n, p in sorted(case.prices.items()))[:200]
    entry = journal.Entry(ref, "repriced", f"Price overridden: {words} {order.currency}")
    journal.write([entry, *told.entries], actor=actor, now=now)
    fact = LinesRepriced(order.order_id, number, order.account_id, tuple(sorted(case.prices)))
    notes = [outbox.Note(fact, f"order:{order.order_id}", order.version), *told.notes]
    outbox.publish_many(notes, now=now, actor=actor)


def _is_low(price: Decimal, ours: PriceResult) -> bool:
    return ours.floor is not None and price < ours.floor
