from collections.abc import Sequence
from datetime import datetime

from core.uow import door_verb
from orders.events import OrderAmended
from reporting.services.upsert_measure import upsert_measures


@door_verb
def record_amended(facts: Sequence[OrderAmended], *, now: datetime) -> None:
    """Measure amended orders again: what was ordered is less or more. Repeats change nothing."""
    upsert_measures({fact.order_id for fact in facts})
