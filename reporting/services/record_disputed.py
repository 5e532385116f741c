from collections.abc import Sequence
from datetime import datetime

from billing.events import InvoiceDisputed
from core.uow import door_verb
from reporting.models import OrderMeasure
from reporting.services.upsert_measure import measure_ids


@door_verb
def record_many_disputed(facts: Sequence[InvoiceDisputed], *, now: datetime) -> None:
    """Note that an invoice of the orders was disputed: their documents were not right. A repeated fact changes nothing."""
    measures = measure_ids({order_id for fact in facts for order_id in fact.order_ids})
    OrderMeasure.objects.filter(pk__in=list(measures.values())).update(is_disputed=True)
