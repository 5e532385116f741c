"""Promise a line for a day of one's own: an override, within one's authority at once, else by a second person."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts import approvals
from accounts.approval_queries import is_of_the_house
from accounts.rules.asks import Approval
from accounts.states import Role
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import NotFound, NotPermitted
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory.services.lock_demands import lock_demands
from inventory.services.override_promise import override_promise
from orders.locks import lock_orders
from orders.promise_cases import NothingToPromise, PromiseCase, promise_cases
from orders.queries import account_of
from orders.rules.promising import PROMISE_APPROVAL
from orders.services.ask_second_person import ask_second_person
from orders.services.bump_versions import bump_versions

__all__ = ["NothingToPromise", "PromiseChange", "change_order_promise", "change_promise", "may_promise_alone"]

BY_HAND = "we gave it another date"  # read by the customer; the reason stays in the house
WHO = frozenset({Role.CS, Role.CS_LEAD, Role.PLANNER})


@dataclass(frozen=True)
class PromiseChange:
    """`approval_id` is what it waits for where it was not applied. `effect` below 0 is money given away: penalties of the
    customer's contract that the new day costs, in the order's currency."""

    is_applied: bool
    was: date | None
    day: date
    effect: Decimal
    currency: str
    approval_id: int | None = None


@door_verb
def change_promise(
    *,
    order_id: int,
    line_no: int,
    day: date,
    reason: Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None = None,
) -> PromiseChange:
    """What is open of the line is promised to arrive on `day`. Where it is worth more than the actor may promise an approval
    of kind "promise" is asked for, and it applies when that is given (`approval_id`).

    Raises NotFound, InvalidInput (a day in the past, the day that is promised), NotPermitted, NothingToPromise,
    ReasonTooShort, and with an approval ApprovalMissing, ApprovalExpired, ContentChanged.
    """
    return change_order_promise(order_id, line_no, day, reason=reason, actor=actor, now=now, approval_id=approval_id)


@require_uow
def change_order_promise(
    order_id: int,
    line_no: int,
    day: date,
    *,
    reason: Reason,
    actor: Actor,
    now: datetime,
    approval_id: int | None = None,
) -> PromiseChange:
    """The same inside a caller's transaction that holds no lock yet. Locks approval (18), order (20), demand (50)."""
    if account_of(order_id) is None:
        raise NotFound(kind="order", ident=order_id)
    if len(reason.note.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.note.strip()))
    given = None
    if approval_id is not None:
        asked = promise_cases(order_id, {line_no: day}, now=now)[
            line_no
        ]  # before the order is locked: checked again below
        given = approvals.require(approval_id=approval_id, content_hash=asked.hash, now=now)
    elif actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="promise a day by hand", roles=", ".join(sorted(WHO)))
    lock_orders([order_id])
    case = promise_cases(order_id, {line_no: day}, now=now)[line_no]
    if given is not None and given.content_hash != case.hash:
        raise approvals.ContentChanged(approval_id=given.id)
    if given is None and not may_promise_alone(case, actor, now):
        asked_id = ask_second_person(
            case.order, kind=PROMISE_APPROVAL, content_hash=case.hash, amount=case.worth, content=case.content,
            reason=reason, actor=actor, now=now,
        )  # fmt: skip
        return PromiseChange(False, case.was, day, case.effect, case.order.currency, asked_id)
    case = _as_it_stands(case, now)
    if given is not None and given.content_hash != case.hash:
        raise approvals.ContentChanged(approval_id=given.id)
    _apply(case, reason, actor, given, now)
    return PromiseChange(True, case.was, day, case.effect, case.order.currency, approval_id)


@require_uow
def _as_it_stands(case: PromiseCase, now: datetime) -> PromiseCase:
    """Read again under the demand's lock: what leaves the warehouse, and what a run moves, asks for no lock of the order."""
    assert case.line.demand is not None  # a case is of what is open
    lock_demands([case.line.demand.demand_id])
    return promise_cases(case.order.order_id, {case.line.line_no: case.day}, now=now)[case.line.line_no]


def may_promise_alone(case: PromiseCase, actor: Actor, now: datetime) -> bool:
    """Whether the day would hold without a second person. Raises RateMissing."""
    return is_of_the_house(actor) and approvals.has_authority(
        actor, kind=PROMISE_APPROVAL, amount=case.worth, currency=case.order.currency, on=company_day(now)
    )


@require_uow
def _apply(case: PromiseCase, reason: Reason, actor: Actor, given: Approval | None, now: datetime) -> None:
    order, line = case.order, case.line
    assert line.demand is not None
    override_promise(line.demand.demand_id, day=case.day, cause=BY_HAND, now=now, actor=actor)
    bump_versions([order.order_id])
    ref = DocumentRef("order", order.order_id, order.number)
    overrides.record(
        kind=PROMISE_APPROVAL,
        subject=ref,
        actor=actor,
        reason=reason,
        before={"line": line.line_no, "sku": line.name, "promised": case.was, "penalty": case.before},
        after={
            "line": line.line_no,
            "promised": case.day,
            "penalty": case.after,
            "qty": case.open_qty,
            "worth": case.worth,
        },
        now=now,
        money_effect=case.effect,
        currency=order.currency,
        approval_id=given.id if given else None,
        approver=approvals.approver_of(given.id if given else None, beside=actor),
        account_id=order.account_id,
    )
    words = f"Line {line.line_no} is promised for {case.day.day} {case.day:%b %Y} by hand: {reason.note.strip()}"[:300]
    journal.write([journal.Entry(ref, "promise_by_hand", words, {"line_no": line.line_no})], actor=actor, now=now)
