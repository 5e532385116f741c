"""Take the demands before they are judged: nothing is allocated to them or taken from them until the caller is done."""

from collections.abc import Collection

from core.uow import require_uow
from inventory import locks


@require_uow
def lock_demands(demand_ids: Collection[int]) -> None:
    """Rank 50: what is read of the demands afterwards is what the caller decides on and writes."""
    locks.lock_demands_unread(demand_ids)
