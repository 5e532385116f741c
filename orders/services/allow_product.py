"""Let one order have a product its customer is not authorized for: an override of kind "eligibility".

What the law asks for (a licence), what is not sold and who may not buy at all is nobody's to set aside.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from accounts import approvals
from accounts import queries as accounts
from accounts.rules.asks import Approval
from accounts.states import Role
from catalog.rules.asks import Violation
from core import journal, overrides
from core.actors import Actor
from core.errors import DomainError, NotFound, NotPermitted, Refused
from core.overrides import Reason
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from orders.gates import local_day, priced, violations_of
from orders.locks import lock_orders
from orders.models import AllowedProduct
from orders.purchase_queries import heads
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.bump_versions import bump_versions
from orders.states import OrderStatus

log = structlog.get_logger(__name__)
ELIGIBILITY_APPROVAL = "eligibility"
ASK_FOR = timedelta(days=3)
WHO = frozenset({Role.CS, Role.CS_LEAD, Role.PRICING})


class NothingForbids(Refused):
    template = "Nothing keeps line {line_no} of {number} from its customer."
    remedy_template = "Submit the order."


class NotToBeSetAside(Refused):
    template = "{message} Nobody of the house sets that aside."
    remedy_template = "Remove the line, or get what is missing (a licence, an open account, a product that is sold)."


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


@dataclass(frozen=True)
class AllowanceCase:
    order: OrderPicture
    line: LinePicture
    against: tuple[Violation, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(sorted({v.rule for v in self.against}))

    @property
    def hash(self) -> str:
        """Which product, how many, against which authorizations: change any, and the approval no longer counts."""
        body = [self.order.order_id, self.line.line_no, self.line.product_id, plain(self.line.qty), self.rules]
        return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()


@door_verb
def allow_product(
    *, order_id: int, line_no: int, reason: Reason, actor: Actor, now: datetime, approval_id: int | None = None
) -> Allowance:
    """The authorizations that keep the line's product from the customer do not count for this draft. Within the actor's own
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
        asked = allowance_case(order_id, line_no, now=now)  # before the order is locked: checked again below
        given = approvals.require(approval_id=approval_id, content_hash=asked.hash, now=now)
    elif actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="allow a product", roles=", ".join(sorted(WHO)))
    if order_id not in heads([order_id]):
        raise NotFound(kind="order", ident=order_id)
    row = lock_orders([order_id])[order_id]
    if row.status != OrderStatus.DRAFT:
        raise OrderIsPlaced(number=row.number, status=row.status)
    case = allowance_case(order_id, line_no, now=now)
    if given is not None and given.content_hash != case.hash:
        raise approvals.ContentChanged(approval_id=given.id)
    if given is None and (actor.user_id == row.entered_by_id or not _may_alone(case, actor, now)):
        asked_id = _ask(case, reason, actor, now)
        return Allowance(False, case.rules, case.line.amount, case.order.currency, asked_id)
    _apply(case, reason, actor, given, now)
    return Allowance(True, case.rules, case.line.amount, case.order.currency, approval_id)


def _may_alone(case: AllowanceCase, actor: Actor, now: datetime) -> bool:
    return approvals.has_authority(
        actor, kind=ELIGIBILITY_APPROVAL, amount=case.line.amount, currency=case.order.currency, on=now.date()
    )


def allowance_case(order_id: int, line_no: int, *, now: datetime) -> AllowanceCase:
    """What stands against the line, at today's price. Raises NotFound, NothingForbids, NotToBeSetAside."""
    order = pictures([order_id]).get(order_id)
    if order is None or line_no not in {x.line_no for x in order.lines}:
        raise NotFound(kind="order line", ident=line_no)
    known = accounts.account_snapshots([order.account_id], on=now.date())
    against = violations_of([order], known, now=now).get(order_id, {}).get(line_no, [])
    if not against:
        raise NothingForbids(line_no=line_no, number=order.number)
    _refuse_final(against)
    order, _ = priced(order, on=local_day(now, known.get(order.account_id)))
    return AllowanceCase(order, next(x for x in order.lines if x.line_no == line_no), tuple(against))


def _refuse_final(against: Sequence[Violation]) -> None:
    for violation in against:
        if violation.is_final:
            raise NotToBeSetAside(message=violation.message)


@require_uow
def _ask(case: AllowanceCase, reason: Reason, actor: Actor, now: datetime) -> int:
    order, line = case.order, case.line
    return approvals.request(
        kind=ELIGIBILITY_APPROVAL,
        subject=DocumentRef("order", order.order_id, order.number),
        content_hash=case.hash,
        amount=line.amount,
        currency=order.currency,
        actor=actor,
        now=now,
        expires_at=now + ASK_FOR,
        reason=reason.note.strip(),
        account_id=order.account_id,
        content={
            "part": f"allow {line.line_no}",
            "line_no": line.line_no,
            "sku": line.name,
            "qty": plain(line.qty),
            "against": "; ".join(v.message for v in case.against),
            "reason_code": reason.code,
        },
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
        approver=_decider(given),
        account_id=order.account_id,
    )
    AllowedProduct.objects.create(
        order_id=order.order_id,
        product_id=line.product_id or 0,
        rules=list(case.rules),
        allowed_at=now,
        override_id=override_id,
    )
    bump_versions([order.order_id])
    words = f"Line {line.line_no}: {line.name} is allowed on this order: {reason.note.strip()}"[:300]
    journal.write([journal.Entry(ref, "product_allowed", words, {"line_no": line.line_no})], actor=actor, now=now)


def _decider(given: Approval | None) -> Actor | None:
    if given is None:
        return None
    decided_by = given.decided_by or 0
    return Actor(accounts.user_names([decided_by]).get(decided_by, "somebody"), user_id=given.decided_by)
