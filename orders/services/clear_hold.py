"""A person sets a hold aside: an override, recorded with its reason, its ceiling and its end."""

from datetime import date, datetime
from decimal import Decimal

from accounts.approval_queries import in_home_currency, kept_limits
from accounts.approvals import AuthorityExceeded, has_authority
from accounts.rules.authority import roles_for
from core import journal, outbox, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refused
from core.money import EXACT, round_amount
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.rules.asks import NO_RATE
from orders.events import HoldCleared
from orders.locks import lock_orders
from orders.models import Hold, Order
from orders.queries import hold_view
from orders.rules.asks import HoldView
from orders.rules.gates import NO_CREDIT_ACCOUNT, PRICE_FLOOR, is_by_hand
from orders.services.place_hold import set_blocked
from orders.states import Blocks, HoldReason

ZERO = Decimal(0)


class HoldNotOpen(Refused):
    template = "The hold was cleared already, by {by}."
    remedy_template = "Nothing is left to do."


class NoCreditAccount(Refused):
    template = "Order {number} belongs to an account without a credit account: there is no credit to let it go on."
    remedy_template = "Open a credit account; the hold goes by itself."


class NoExchangeRate(Refused):
    template = "Order {number} is in {currency}, and no exchange rate says what it adds to what the account owes."
    remedy_template = "Enter the rate; credit looks again by itself, and decides by its rules."


@door_verb
def clear_hold(
    *,
    hold_id: int,
    reason: Reason,
    actor: Actor,
    now: datetime,
    ceiling: Decimal | None = None,
    valid_until: datetime | None = None,
    deviation_percent: Decimal | None = None,
) -> HoldView:
    """Clear an open hold. Its rule does not hold the order again while its value is at most `ceiling` (None: the value
    now, for a credit hold; with `deviation_percent` so much more) and `now` is not past `valid_until` (None: no end).

    Raises NotFound, HoldNotOpen, NotPermitted (roles), SelfApproval (whoever entered the order does not clear the rule
    that holds it), AuthorityExceeded (credit or price above what their roles may
    approve, as stored now), RateMissing, InvalidInput (ceiling below the order),
    ReasonTooShort.
    """
    order, hold = locked_hold(hold_id)
    if deviation_percent is not None and ceiling is None:
        ceiling = _with_deviation(order, deviation_percent)
    require_may_clear(order, hold, actor, ceiling, on=company_day(now))
    return let_go(order, hold, reason=reason, actor=actor, now=now, ceiling=ceiling, valid_until=valid_until)


@require_uow
def locked_hold(hold_id: int) -> tuple[Order, Hold]:
    """The order, locked, with its open hold. Raises NotFound, HoldNotOpen, NoCreditAccount, NoExchangeRate."""
    order_id = Hold.objects.filter(pk=hold_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound(kind="hold", ident=hold_id)
    order = lock_orders([order_id])[order_id]
    hold = Hold.objects.get(pk=hold_id)
    if hold.cleared_at is not None:
        raise HoldNotOpen(by=hold.cleared_by)
    if hold.rule == NO_CREDIT_ACCOUNT:
        raise NoCreditAccount(number=order.number)
    if hold.rule == NO_RATE:
        raise NoExchangeRate(number=order.number, currency=order.currency)
    return order, hold


def require_may_clear(order: Order, hold: Hold, actor: Actor, ceiling: Decimal | None, *, on: date) -> None:
    """Raises NotPermitted, SelfApproval, AuthorityExceeded, RateMissing."""
    if not actor.has_role(*hold.clearable_by):
        raise NotPermitted(actor=actor.label, verb=f"clear a {hold.reason} hold", roles=", ".join(hold.clearable_by))
    _require_second_person(order, hold, actor, ceiling, on)


@require_uow
def let_go(
    order: Order,
    hold: Hold,
    *,
    reason: Reason,
    actor: Actor,
    now: datetime,
    ceiling: Decimal | None = None,
    valid_until: datetime | None = None,
    approval_id: int | None = None,
    approver: Actor | None = None,
) -> HoldView:
    """Of what `locked_hold` gave, for whoever may (`require_may_clear`): `actor`, or `approver` on a request of `actor`."""
    before = hold_view(hold)
    _require_room(order, ceiling, valid_until, now)
    _clear(hold, reason, (approver or actor).label, now)
    if hold.reason == HoldReason.CREDIT and ceiling is None:
        ceiling = order.total_amount
    hold.ceiling_amount, hold.valid_until = ceiling, valid_until
    hold.save(update_fields=["cleared_at", "cleared_by", "clear_reason", "is_waiver", "ceiling_amount", "valid_until"])
    order.version += 1
    Order.objects.filter(pk=order.pk).update(version=order.version)
    if Blocks.ALLOCATE in hold.blocks and not _is_still_blocked(order.pk):
        set_blocked(order.pk, False, now)
    _tell(order, hold, before, reason, actor, now, approval_id, approver)
    return before


def _require_second_person(order: Order, hold: Hold, actor: Actor, ceiling: Decimal | None, on: date) -> None:
    """Who entered the order does not set a rule aside for it; credit is let go within one's authority (domain.md §0.4)."""
    if is_by_hand(hold.reason, hold.is_forced) and not hold.is_forced:
        return
    if actor.user_id is not None and actor.user_id == order.entered_by_id:
        raise overrides.SelfApproval(actor=actor.label)
    amount = max(order.total_amount, ceiling or ZERO)
    if hold.rule == PRICE_FLOOR:
        _require_price_authority(order, hold, actor, on)
    if hold.reason == HoldReason.CREDIT:
        _require_authority(actor, "credit", amount, order.currency, on)


def _require_authority(actor: Actor, kind: str, amount: Decimal, currency: str, on: date) -> None:
    if not has_authority(actor, kind=kind, amount=amount, currency=currency, on=on):
        ours = in_home_currency(amount, currency, on=on, actor=actor.label)
        roles = ", ".join(roles_for(kind, ours, kept=kept_limits(kind)))
        raise AuthorityExceeded(actor=actor.label, kind=kind, amount=amount, currency=currency, roles=roles)


def _with_deviation(order: Order, percent: Decimal) -> Decimal:
    if not (percent.is_finite() and 0 <= percent <= 100):
        words = "A deviation is a percent from 0 to 100."
        raise InvalidInput([FieldError("/deviation_percent", "invalid", words)])
    return round_amount(EXACT.multiply(order.total_amount, 1 + percent / 100), order.currency)


def _require_price_authority(order: Order, hold: Hold, actor: Actor, on: date) -> None:
    """Below the floor, within one's authority over prices; what is given away is what the floor asks more."""
    short = Decimal(str(hold.explanation.get("inputs", {}).get("below_floor", "0")))
    _require_authority(actor, "price", short, order.currency, on)


def _require_room(order: Order, ceiling: Decimal | None, valid_until: datetime | None, now: datetime) -> None:
    errors = []
    if ceiling is not None and ceiling < order.total_amount:
        message = f"The order is worth {order.total_amount:,} {order.currency}, above the ceiling of {ceiling:,}."
        errors.append(FieldError("/ceiling", "below_order", message, "Give at least the order's value."))
    if valid_until is not None and valid_until <= now:
        errors.append(FieldError("/valid_until", "in_the_past", "The release would end before it begins."))
    if errors:
        raise InvalidInput(errors)


def _clear(hold: Hold, reason: Reason, by: str, now: datetime) -> None:
    hold.cleared_at, hold.cleared_by, hold.clear_reason = now, by, reason.note[:300]
    hold.is_waiver = not is_by_hand(hold.reason, hold.is_forced)  # the next hold by hand must hold again


def _is_still_blocked(order_id: int) -> bool:
    left = Hold.objects.filter(order_id=order_id, cleared_at__isnull=True, blocks__contains=[Blocks.ALLOCATE])
    return left.exclude(reason=HoldReason.CREDIT, is_forced=False).exists()


def _tell(
    order: Order,
    hold: Hold,
    before: HoldView,
    reason: Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None,
    approver: Actor | None,
) -> None:
    ref = DocumentRef("order", order.pk, order.number)
    overrides.record(
        kind="eligibility" if hold.reason == HoldReason.ELIGIBILITY else "hold_release",
        subject=ref,
        actor=actor,
        reason=reason,
        before={"hold": before.reason, "rule": before.rule, "message": before.message},
        after={
            "cleared": True,
            "ceiling": None if hold.ceiling_amount is None else hold.ceiling_amount,
            "order_amount": order.total_amount,
        },
        now=now,
        money_effect=ZERO,
        currency=order.currency,
        approval_id=approval_id,
        approver=approver,
        expires_at=hold.valid_until,
        account_id=order.account_id,
    )
    summary = f"{hold.reason.capitalize()} hold cleared: {reason.note}"
    journal.write([journal.Entry(ref, "hold_cleared", summary, {"hold": hold.pk})], actor=actor, now=now)
    fact = HoldCleared(hold.pk, order.pk, order.number, order.account_id, hold.reason, hold.rule, tuple(hold.blocks))
    outbox.publish(fact, stream=f"order:{order.pk}", seq=order.version, now=now, actor=actor)
