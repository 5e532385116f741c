from datetime import datetime

from core.uow import door_verb
from orders.events import LinesReleased
from reporting.models import OrderMeasure
from reporting.services.upsert_measure import upsert_measure


@door_verb
def record_released(fact: LinesReleased, *, now: datetime) -> None:
    """Note how many lines were short when the order was first released; later releases do not count."""
    if not fact.is_first:
        return
    measure, _ = upsert_measure(fact.order_id)
    OrderMeasure.objects.filter(pk=measure.pk, first_released_at=None).update(
        first_released_at=now, release_lines=fact.lines, short_lines=fact.short_lines
    )
