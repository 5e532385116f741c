"""Promise a line for a day of one's own: an override, within one's authority at once, else by a second person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts import approvals
from accounts.queries import account_snapshots, user_names
from accounts.rules.asks import Approval
from accounts.states import Role
from core import journal, overrides
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refused
from core.money import line_amount
from core.overrides import Reason
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory.queries import promises
from inventory.rules.asks import PromiseSlice
from inventory.services.override_promise import override_promise
from orders.gates import local_day
from orders.late_penalties import Late, penalties
from orders.locks import lock_orders
from orders.queries import account_of, pictures
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.promising import PROMISE_APPROVAL, days_late, promise_hash
from orders.services.bump_versions import bump_versions
from orders.services.keep_promise import last_day
from orders.states import OrderStatus

ASK_FOR = timedelta(days=3)
BY_HAND = "we gave it another date"  # read by the customer; the reason stays in the house
FURTHEST = timedelta(days=3650)
WHO = frozenset({Role.CS, Role.CS_LEAD, Role.PLANNER})


class NothingToPromise(Refused):
    template = "Nothing of line {line_no} of {number} is still to be sent."
    remedy_template = "Look at the order again."


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


@dataclass(frozen=True)
class PromiseCase:
    """What is asked, with what is promised now. `worth` of what is open at the locked price."""

    order: OrderPicture
    line: LinePicture
    slices: tuple[PromiseSlice, ...]
    day: date
    open_qty: Decimal
    before: Decimal
    after: Decimal

    @property
    def was(self) -> date | None:
        return last_day(list(self.slices))

    @property
    def effect(self) -> Decimal:
        return self.before - self.after

    @property
    def worth(self) -> Decimal:
        return line_amount(self.open_qty, self.line.unit_price or Decimal(0), self.order.currency)

    @property
    def hash(self) -> str:
        return promise_hash(self.order.order_id, self.line.line_no, self.line.product_id, self.open_qty, self.day)


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
        asked = promise_case(order_id, line_no, day, now=now)  # before the order is locked: checked again below
        given = approvals.require(approval_id=approval_id, content_hash=asked.hash, now=now)
    elif actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="promise a day by hand", roles=", ".join(sorted(WHO)))
    lock_orders([order_id])
    case = promise_case(order_id, line_no, day, now=now)
    if given is not None and given.content_hash != case.hash:
        raise approvals.ContentChanged(approval_id=given.id)
    may_alone = given is not None or approvals.has_authority(
        actor, kind=PROMISE_APPROVAL, amount=case.worth, currency=case.order.currency, on=now.date()
    )
    if not may_alone:
        asked_id = _ask(case, reason, actor, now)
        return PromiseChange(False, case.was, day, case.effect, case.order.currency, asked_id)
    _apply(case, reason, actor, given, now)
    return PromiseChange(True, case.was, day, case.effect, case.order.currency, approval_id)


def promise_case(order_id: int, line_no: int, day: date, *, now: datetime) -> PromiseCase:
    """What the day would mean: also to look at before it is said. Raises NotFound, InvalidInput, NothingToPromise."""
    order = pictures([order_id])[order_id]
    line = next((x for x in order.lines if x.line_no == line_no), None)
    if line is None:
        raise NotFound(kind="order line", ident=line_no)
    if order.meta["status"] != OrderStatus.SUBMITTED or line.demand is None or line.demand.open <= 0:
        raise NothingToPromise(line_no=line_no, number=order.number)
    slices = tuple(promises([line.demand.demand_id]).get(line.demand.demand_id, ()))
    _refuse_bad(day, slices, local_day(now, account_snapshots([order.account_id], on=now.date())[order.account_id]))
    on = order.submitted_on or now.date()
    asked = line.requested_date or order.requested_date
    late = [days_late(slices, asked, some) for some in (last_day(list(slices)), day)]
    before, after = penalties([Late(order.account_id, on, order.currency, int(n > 0), n) for n in late])
    return PromiseCase(order, line, slices, day, line.demand.open, before, after)


def _refuse_bad(day: date, slices: tuple[PromiseSlice, ...], today: date) -> None:
    errors = []
    if not today <= day <= today + FURTHEST:
        errors.append(FieldError("/day", "not_a_day_to_come", f"{day} is not a day of the next ten years."))
    elif slices and all(s.delivery_date == day for s in slices):
        errors.append(FieldError("/day", "promised_already", f"{day} is what is promised now.", "Give another day."))
    if errors:
        raise InvalidInput(errors)


@require_uow
def _ask(case: PromiseCase, reason: Reason, actor: Actor, now: datetime) -> int:
    order, line = case.order, case.line
    return approvals.request(
        kind=PROMISE_APPROVAL,
        subject=DocumentRef("order", order.order_id, order.number),
        content_hash=case.hash,
        amount=case.worth,
        currency=order.currency,
        actor=actor,
        now=now,
        expires_at=now + ASK_FOR,
        reason=reason.note.strip(),
        account_id=order.account_id,
        content={
            "part": f"promise {line.line_no}",
            "line_no": line.line_no,
            "sku": line.name,
            "open": plain(case.open_qty),
            "promised_now": str(case.was or "no day"),
            "day_asked": case.day.isoformat(),
            "penalty_now": plain(case.before),
            "penalty_then": plain(case.after),
            "reason_code": reason.code,
        },
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
        approver=_decider(given),
        account_id=order.account_id,
    )
    words = f"Line {line.line_no} is promised for {case.day.day} {case.day:%b %Y} by hand: {reason.note.strip()}"[:300]
    journal.write([journal.Entry(ref, "promise_by_hand", words, {"line_no": line.line_no})], actor=actor, now=now)


def _decider(given: Approval | None) -> Actor | None:
    if given is None:
        return None
    decided_by = given.decided_by or 0
    return Actor(user_names([decided_by]).get(decided_by, "somebody"), user_id=given.decided_by)
