"""Ask that what holds an order be let go: done at once by whoever may, else a second person decides."""

from datetime import datetime

from accounts.approval_queries import is_of_the_house
from accounts.approvals import AuthorityExceeded
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import NotFound, NotPermitted, Refused
from core.overrides import Reason, SelfApproval
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from orders.locks import lock_orders
from orders.queries import account_of, holds_of, pictures
from orders.rules.asks import HoldView
from orders.rules.picture import OrderPicture
from orders.rules.requests import HOLD_PART, Requested, approval_kind, askable, release_hash
from orders.services.ask_second_person import ask_second_person
from orders.services.clear_hold import let_go, locked_hold, require_may_clear


class NothingToLetGo(Refused):
    template = "No hold of order {number} is let go for the asking."
    remedy_template = "{how}"


@door_verb
def ask_release(*, order_id: int, reason: Reason, actor: Actor, now: datetime, hold_id: int | None = None) -> Requested:
    """Every open hold of the order that may be set aside, or the one. What the actor may clear alone is cleared, each with
    its entry in the override log; the others wait for an approval of kind "credit" or "hold release", bound to the hold and
    to what the order is worth. What a customer or their rep asks for always waits. Asked twice, it is one request.

    Raises NotFound, NothingToLetGo, ReasonTooShort.
    """
    if account_of(order_id) is None:
        raise NotFound(kind="order", ident=order_id)
    if len(reason.note.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.note.strip()))
    lock_orders([order_id])
    order = pictures([order_id])[order_id]
    held = holds_of([order_id]).get(order_id, ())
    holds = [h for h in askable(held) if hold_id in (None, h.hold_id)]
    if not holds:
        raise NothingToLetGo(number=order.number, how=_how(held))
    left = [h for h in holds if not (is_of_the_house(actor) and _is_done(h, reason, actor, now))]
    if left:
        ref = DocumentRef("order", order_id, order.number)
        entry = journal.Entry(ref, "release_asked", "The release of what holds the order was asked for")
        journal.write([entry], actor=actor, now=now)
    return Requested(tuple(_ask(order, h, reason, actor, now) for h in left))


def _how(held: tuple[HoldView, ...]) -> str:
    if not held:
        return "Nothing holds it."
    return (
        "What holds it ends by itself: with the company's approval, its number, a credit account, or an approved price."
    )


@require_uow
def _is_done(hold: HoldView, reason: Reason, actor: Actor, now: datetime) -> bool:
    order, row = locked_hold(hold.hold_id)
    try:
        require_may_clear(order, row, actor, None, on=company_day(now))
    except (NotPermitted, AuthorityExceeded, SelfApproval):
        return False  # not theirs to do alone: it is asked for
    let_go(order, row, reason=reason, actor=actor, now=now)
    return True


@require_uow
def _ask(order: OrderPicture, hold: HoldView, reason: Reason, actor: Actor, now: datetime) -> int:
    return ask_second_person(
        order,
        kind=approval_kind(hold),
        content_hash=release_hash(hold.hold_id, order.total, order.currency),
        amount=order.total,
        content={
            "part": f"{HOLD_PART} {hold.hold_id}",
            "what": f"Let order {order.number} go on: it waits for {hold.reason}",
            "why held": hold.message,
            "order worth": plain(order.total),
            "roles": list(hold.clearable_by),
        },
        reason=reason,
        actor=actor,
        now=now,
    )
