"""An approved repricing is about to be issued: still what was approved, and from now on no longer to be proposed."""

from datetime import date, datetime

from django.db.models import F

from accounts import approvals
from core import journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow
from orders.locks import lock_orders
from orders.models import OrderLine, RepricedLine
from orders.repriced import Difference, differences, differences_hash


@require_uow
def settle_reprice(
    *, account_id: int, since: date, until: date, approval_id: int, actor: Actor, now: datetime
) -> list[Difference]:
    """What to credit and rebill, marked on its lines. Locks the approval (18), then the orders (20); the caller holds the
    account's credit (10) and issues the documents in this transaction.

    Raises ApprovalMissing, ApprovalExpired, ContentChanged: prices or quantities are not what was approved.
    """
    found = differences(account_id, since=since, until=until, now=now) or []
    approvals.require(approval_id=approval_id, content_hash=differences_hash(found), now=now)
    orders = lock_orders({d.order_id for d in found})
    again = differences(account_id, since=since, until=until, now=now) or []
    if again != found:
        raise approvals.ContentChanged(approval_id=approval_id)
    for d in found:
        OrderLine.objects.filter(pk=d.line_id).update(repriced_amount=F("repriced_amount") + d.effect)
    RepricedLine.objects.bulk_create(
        RepricedLine(
            line_id=d.line_id,
            approval_id=approval_id,
            qty=d.qty,
            credited_qty=d.credited_qty,
            amount=d.carried + d.effect,
            settled_at=now,
        )
        for d in found
    )
    effects: dict[int, list[Difference]] = {}
    for d in found:
        effects.setdefault(d.order_id, []).append(d)
    entries = [
        journal.Entry(
            DocumentRef("order", order_id, orders[order_id].number),
            "repriced",
            "Repriced after it shipped: " + ", ".join(f"line {d.line_no} {d.effect:+,}" for d in mine)[:200],
        )
        for order_id, mine in effects.items()
    ]
    journal.write(entries, actor=actor, now=now)
    return found
