"""The customer's company decided: the order goes on and counts towards its buyer's limits, or it is cancelled."""

from datetime import datetime

from accounts.approval_queries import approvals
from accounts.queries import buyer_of
from accounts.rules.asks import Approval
from accounts.services.lock_spenders import lock_spenders
from accounts.services.spend import spend
from accounts.states import ApprovalState
from core import journal, outbox
from core.actors import Actor
from core.uow import door_verb, require_uow
from orders.locks import lock_orders
from orders.purchase_queries import Head, heads
from orders.queries import pictures
from orders.rules.content import content_hash
from orders.rules.gates import PURCHASE_APPROVAL
from orders.services.ask_company import KIND, ref_of
from orders.services.bump_versions import bump_versions
from orders.services.cancel import cancel_what_is_open
from orders.services.hold_rows import clear_by_rule, merged
from orders.states import OrderStatus


@door_verb
def settle_purchase(*, approval_id: int, actor: Actor, now: datetime) -> str:
    """What became of the order: "goes on", "cancelled", or "unchanged" (another kind of approval, undecided, settled
    before, over, or no longer the content that was approved). Safe to run twice."""
    approval = approvals([approval_id]).get(approval_id)
    if approval is None or approval.kind != KIND:
        return "unchanged"
    head = heads([approval.subject.id]).get(approval.subject.id)
    if head is None or not _waits(head.order_id):
        return "unchanged"
    if approval.state == ApprovalState.REJECTED:
        reason = "the company did not approve it" + (f": {approval.note}" if approval.note else "")
        cancel_what_is_open(head.order_id, reason=reason, actor=actor, now=now)
        return "cancelled"
    return _go_on(approval, head, actor, now) if approval.state == ApprovalState.APPROVED else "unchanged"


def _waits(order_id: int) -> bool:
    order = pictures([order_id], with_demands=False)[order_id]
    return any(hold.rule == PURCHASE_APPROVAL for hold in order.open_holds)


@require_uow
def _go_on(approval: Approval, head: Head, actor: Actor, now: datetime) -> str:
    spender = _spender(head)
    if spender is not None:
        lock_spenders([(spender, head.account_id)])
    row = lock_orders([head.order_id])[head.order_id]
    order = pictures([head.order_id], with_demands=False)[head.order_id]
    waiting = [hold for hold in order.open_holds if hold.rule == PURCHASE_APPROVAL]
    if row.status != OrderStatus.SUBMITTED or not waiting or content_hash(order) != approval.content_hash:
        return "unchanged"
    if spender is not None:
        spend(
            user_id=spender,
            account_id=head.account_id,
            document=ref_of(order),
            amount=row.total_amount,
            currency=row.currency,
            actor=actor,
            now=now,
            is_approved=True,
        )
    why = "the company approved it" + (f": {approval.note}" if approval.note else "")
    told = merged(clear_by_rule([(order, hold) for hold in waiting], why=why, actor=actor, now=now).values())
    bump_versions([head.order_id])
    journal.write(told.entries, actor=actor, now=now)
    outbox.publish_many(told.notes, now=now, actor=actor)
    return "goes on"


def _spender(head: Head) -> int | None:
    """Who entered it, if they still buy for the account; a rep's order counts for nobody."""
    if head.on_behalf_of_id is not None or head.entered_by_id is None:
        return None
    buyer = buyer_of(head.entered_by_id, head.account_id)
    return head.entered_by_id if buyer is not None and buyer.may_order else None
