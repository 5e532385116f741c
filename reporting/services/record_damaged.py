from collections.abc import Iterable
from datetime import datetime

from core.uow import door_verb
from reporting.models import OrderMeasure
from reporting.services.upsert_measure import measure_ids


@door_verb
def record_damaged(order_ids: Iterable[int], *, now: datetime) -> None:
    """Note that goods of the orders arrived damaged, as the customer said at the delivery or the inspector of a return.

    A repeated fact changes nothing.
    """
    measures = measure_ids(set(order_ids))
    OrderMeasure.objects.filter(pk__in=list(measures.values())).update(is_damaged=True)
