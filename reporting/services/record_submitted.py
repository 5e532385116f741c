from datetime import datetime

from core.uow import door_verb
from orders.events import OrderSubmitted
from reporting.services.upsert_measure import upsert_measure


@door_verb
def record_submitted(fact: OrderSubmitted, *, now: datetime) -> None:
    """Measure a submitted order: when it came, through which channel, what was promised. Repeats change nothing."""
    upsert_measure(fact.order_id)
