"""Let one order have a product its customer is not authorized for: an override of kind "eligibility".

What the law asks for (a licence), what is not sold and who may not buy at all is nobody's to set aside.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog

from accounts import approvals
from accounts import queries as accounts
from accounts.approval_queries import is_of_the_house
from accounts.rules.asks import Approval
from accounts.states import Role
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import DomainError, NotFound, NotPermitted, Refused
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from orders.allowance_cases import ELIGIBILITY_APPROVAL, AllowanceCase, NothingForbids, NotToBeSetAside, allowance_cases
from orders.locks import lock_orders
from orders.models import AllowedProduct
from orders.purchase_queries import heads
from orders.services.ask_second_person import ask_second_person
from orders.services.bump_versions import bump_versions
from orders.states import OrderStatus

__all__ = [
    "Allowance",
    "NotToBeSetAside",
    "NothingForbids",
    "OrderIsPlaced",
    "allow_product",
    "apply_approved_allowance",
    "may_allow_alone",
]

log = structlog.get_logger(__name__)
WHO = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING})


class OrderIsPlaced(Refused):
    template = "Order {number} is {status}: who may buy what was decided when it was submitted."
    remedy_template = "Look at the order again."


@dataclass(frozen=True)
class Allowance:
    """`approval_id` is what it waits for where it was not applied; `worth` what the line comes to at today's price."""

    is_applied: bool
    rules: tuple[str, ...]
    worth: Decimal
    currency: str
    approval_id: int | None = None


@door_verb
def allow_product(
    *, order_id: int, line_no: int, reason: Reason, actor: Actor, now: datetime, approval_id: int | None = None
) -> Allowance:
    """The authorizations that keep the line's product from the customer do not count for this draft, as long as the line
    asks for no more of it than now. Within the actor's own
    authority at once, and never for an order they entered; else an approval of kind "eligibility" is asked for.

    Raises NotFound, NothingForbids, NotToBeSetAside, OrderIsPlaced, NotPermitted, ReasonTooShort, and with an approval
    ApprovalMissing, ApprovalExpired, ContentChanged.
    """
    return _allow(order_id, line_no, reason, actor, now, approval_id)


@door_verb
def apply_approved_allowance(*, approval_id: int, actor: Actor, now: datetime) -> bool:
    """What somebody said yes to is allowed. What changed since is not forced: the timeline says why. Safe to run twice."""
    given = accounts.approvals([approval_id]).get(approval_id)
    if given is None or given.kind != ELIGIBILITY_APPROVAL or given.subject.kind != "order":
        return False
    if overrides.is_recorded(approval_id=approval_id, subject=given.subject):
        return True
    asker = Actor(given.requested_label, user_id=given.requested_by, channel=actor.channel, request_id=actor.request_id)
    reason = Reason(str(given.content.get("reason_code", "approved")), given.reason)
    try:
        return _allow(given.subject.id, int(given.content["line_no"]), reason, asker, now, approval_id).is_applied
    except DomainError as refusal:
        log.warning("approved product not allowed", approval_id=approval_id, why=refusal.message)
        words = f"The approved product was not allowed: {refusal.message}"
        journal.write([journal.Entry(given.subject, "allowance_refused", words)], actor=actor, now=now)
        return False


@require_uow
def _allow(
    order_id: int, line_no: int, reason: Reason, actor: Actor, now: datetime, approval_id: int | None
) -> Allowance:
    if len(reason.note.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.note.strip()))
    given = None
    if approval_id is not None:
        asked = allowance_cases(order_id, [line_no], now=now)[
            line_no
        ]  # before the order is locked: checked again below
        given = approvals.require(approval_id=approval_id, content_hash=asked.hash, now=now)
    elif actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="allow a product", roles=", ".join(sorted(WHO)))
    if order_id not in heads([order_id]):
        raise NotFound(kind="order", ident=order_id)
    row = lock_orders([order_id])[order_id]
    if row.status != OrderStatus.DRAFT:
        raise OrderIsPlaced(number=row.number, status=row.status)
    case = allowance_cases(order_id, [line_no], now=now)[line_no]
    if given is not None and given.content_hash != case.hash:
        raise approvals.ContentChanged(approval_id=given.id)
    if given is None and not may_allow_alone(case, actor, now):
        asked_id = ask_second_person(
            case.order, kind=ELIGIBILITY_APPROVAL, content_hash=case.hash, amount=case.line.amount, content=case.content,
            reason=reason, actor=actor, now=now,
        )  # fmt: skip
        return Allowance(False, case.rules, case.line.amount, case.order.currency, asked_id)
    _apply(case, reason, actor, given, now)
    return Allowance(True, case.rules, case.line.amount, case.order.currency, approval_id)


def may_allow_alone(case: AllowanceCase, actor: Actor, now: datetime) -> bool:
    """Whether the product would be allowed without a second person: never for an order they entered. Raises RateMissing."""
    return (
        is_of_the_house(actor)
        and (actor.user_id is None or actor.user_id != case.order.meta["entered_by_id"])
        and approvals.has_authority(
            actor, kind=ELIGIBILITY_APPROVAL, amount=case.line.amount, currency=case.order.currency, on=company_day(now)
        )
    )


@require_uow
def _apply(case: AllowanceCase, reason: Reason, actor: Actor, given: Approval | None, now: datetime) -> None:
    order, line = case.order, case.line
    ref = DocumentRef("order", order.order_id, order.number)
    override_id = overrides.record(
        kind=ELIGIBILITY_APPROVAL,
        subject=ref,
        actor=actor,
        reason=reason,
        before={"line": line.line_no, "sku": line.name, "allowed": False, "rules": list(case.rules)},
        after={"line": line.line_no, "allowed": True, "qty": line.qty, "amount": line.amount},
        now=now,
        money_effect=Decimal(0),  # it sells at its price
        currency=order.currency,
        approval_id=given.id if given else None,
        approver=approvals.approver_of(given.id if given else None, beside=actor),
        account_id=order.account_id,
    )
    AllowedProduct.objects.create(
        order_id=order.order_id,
        line_no=line.line_no,
        product_id=line.product_id or 0,
        qty=line.qty,
        rules=list(case.rules),
        allowed_at=now,
        override_id=override_id,
    )
    bump_versions([order.order_id])
    words = f"Line {line.line_no}: {line.name} is allowed on this order: {reason.note.strip()}"[:300]
    journal.write([journal.Entry(ref, "product_allowed", words, {"line_no": line.line_no})], actor=actor, now=now)
