"""What was ordered became less: the document counts its new amount, in the period it was first counted in."""

from datetime import datetime
from decimal import Decimal

from accounts import locks
from accounts.models import SpendingEntry
from accounts.queries import counted_by_document
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow

ZERO = Decimal(0)


@require_uow
def lower_spend(document: DocumentRef, amount: Decimal, *, actor: Actor, now: datetime) -> Decimal:
    """How much less counts now; a document that counts nothing, or no more than `amount`, is left alone. Rank 12."""
    counted = counted_by_document([document]).get((document.kind, document.id), {})
    less = {pk: each._replace(amount=each.amount - amount) for pk, each in counted.items() if each.amount > amount}
    if not less:
        return ZERO
    locks.lock_buyers(less)
    SpendingEntry.objects.bulk_create(
        SpendingEntry(
            buyer_id=buyer_id,
            document_kind=document.kind,
            document_id=document.id,
            document_number=document.number,
            amount=-each.amount,
            currency=each.currency,
            spent_date=each.day,
            is_approver=each.is_approver,
            at=now,
            actor_label=actor.label,
        )
        for buyer_id, each in less.items()
    )
    return sum((each.amount for each in less.values() if not each.is_approver), ZERO)
