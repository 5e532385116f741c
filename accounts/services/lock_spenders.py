"""Take the rows of those whose spending a unit of work may count before it locks anything of a higher rank."""

from collections.abc import Iterable

from accounts import locks
from accounts.spending_queries import buyers_of, counted_by_document
from core.refs import DocumentRef
from core.uow import require_uow


@require_uow
def lock_spenders(people: Iterable[tuple[int, int]], *, documents: Iterable[DocumentRef] = ()) -> None:
    """Rank 12, between credit and orders: the buyers among `people` (user id, account id), and those whom the documents
    count for already. Nothing is locked for anybody else."""
    refs = list(documents)
    ids = {buyer.id for buyer in buyers_of(people).values()}
    if refs:
        ids |= {pk for per_buyer in counted_by_document(refs).values() for pk in per_buyer}
    if ids:
        locks.lock_buyers(ids)
