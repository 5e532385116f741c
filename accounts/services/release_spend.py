"""A document that was cancelled no longer counts towards its buyer's limits."""

from collections.abc import Sequence
from datetime import datetime

from accounts import locks
from accounts.models import SpendingEntry
from accounts.queries import counted_by_document
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow


@require_uow
def release_spend(documents: Sequence[DocumentRef], *, actor: Actor, now: datetime) -> int:
    """Take the documents off the spending of whoever they count for, in the period they were counted in; those that
    count nothing (any more) are passed over. How many were taken off. Locks rank 12; 4 SQL whatever the number."""
    locks.lock_buyers(pk for per_buyer in counted_by_document(documents).values() for pk in per_buyer)
    counted = counted_by_document(documents)  # again: only now does nobody else change it
    numbers = {(ref.kind, ref.id): ref.number for ref in documents}
    entries = [
        SpendingEntry(
            buyer_id=buyer_id,
            document_kind=kind,
            document_id=pk,
            document_number=numbers[kind, pk],
            amount=-each.amount,
            currency=each.currency,
            spent_date=each.day,
            is_approver=each.is_approver,
            at=now,
            actor_label=actor.label,
        )
        for (kind, pk), per_buyer in sorted(counted.items())
        for buyer_id, each in per_buyer.items()
    ]
    SpendingEntry.objects.bulk_create(entries)
    return len(entries)
