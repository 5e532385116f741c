from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Greatest

from core.uow import door_verb
from fulfillment.events import ShipmentShipped
from reporting import sources
from reporting.models import OrderMeasure
from reporting.services.append_id import append_id
from reporting.services.upsert_measure import upsert_measure
from reporting.sources import ZERO, OrderSource


@door_verb
def record_shipped(fact: ShipmentShipped, *, now: datetime) -> None:
    """Bring shipped quantities up to date. Values only grow, so two shipments measured at once both count."""
    measure, source = upsert_measure(fact.order_id)
    _update_lines(source, sources.first_shipped(fact.order_id), fact.shipped_at.astimezone(UTC).date())
    OrderMeasure.objects.filter(pk=measure.pk).update(
        last_shipped_at=Greatest(F("last_shipped_at"), Value(fact.shipped_at))
    )
    append_id(measure.pk, "shipment_ids", fact.shipment_id)


def _update_lines(source: OrderSource, first: dict[int, Decimal], shipped_date: date) -> None:
    """One statement for all lines; a line's date moves only when more of it has left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reporting_linemeasure m SET last_shipped_date = CASE WHEN s.shipped > m.shipped_qty "
            "THEN greatest(m.last_shipped_date, %s) ELSE m.last_shipped_date END, "
            "shipped_qty = greatest(m.shipped_qty, s.shipped), cancelled_qty = greatest(m.cancelled_qty, s.cancelled), "
            "first_shipped_qty = coalesce(m.first_shipped_qty, s.first) "
            "FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[]) AS s(id, shipped, cancelled, first) "
            "WHERE m.order_line_id = s.id",
            [
                shipped_date,
                [line.order_line_id for line in source.lines],
                [line.shipped_qty for line in source.lines],
                [line.cancelled_qty for line in source.lines],
                [first.get(line.order_line_id, ZERO) for line in source.lines],
            ],
        )
