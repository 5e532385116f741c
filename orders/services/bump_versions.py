"""An order's version counts its changes: the stream's seq, and what an edit says it read."""

from collections.abc import Collection

from django.db.models import F

from core.uow import require_uow
from orders.models import Order


@require_uow
def bump_versions(order_ids: Collection[int]) -> None:
    """One up for each; the orders are locked."""
    if order_ids:
        Order.objects.filter(pk__in=order_ids).update(version=F("version") + 1)
