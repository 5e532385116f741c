from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection

from core.uow import door_verb, require_uow
from fulfillment.events import ShipmentShipped
from reporting import sources
from reporting.services.append_id import append_ids
from reporting.services.upsert_measure import measure_ids
from reporting.sources import ZERO, OrderSource

_SHIPPED = """
UPDATE reporting_ordermeasure m SET last_shipped_at = greatest(m.last_shipped_at, s.at)
  FROM unnest(%s::bigint[], %s::timestamptz[]) AS s(id, at) WHERE m.id = s.id
"""
# A line's date moves only when more of it has left.
_LINES = """
UPDATE reporting_linemeasure m
   SET last_shipped_date = CASE WHEN s.shipped > m.shipped_qty THEN greatest(m.last_shipped_date, s.day)
                                ELSE m.last_shipped_date END,
       shipped_qty = greatest(m.shipped_qty, s.shipped), cancelled_qty = greatest(m.cancelled_qty, s.cancelled),
       first_shipped_qty = coalesce(m.first_shipped_qty, least(s.first, m.ordered_qty))
  FROM unnest(%s::bigint[], %s::date[], %s::numeric[], %s::numeric[], %s::numeric[])
       AS s(id, day, shipped, cancelled, first)
 WHERE m.order_line_id = s.id
"""


@door_verb
def record_shipped(fact: ShipmentShipped, *, now: datetime) -> None:
    """Bring shipped quantities up to date. Values only grow, so two shipments measured at once both count."""
    _record([fact], now)


@door_verb
def record_many_shipped(facts: Sequence[ShipmentShipped], *, now: datetime) -> None:
    """The same for many facts in one transaction: the statements of one."""
    _record(facts, now)


@require_uow
def _record(facts: Sequence[ShipmentShipped], now: datetime) -> None:
    latest: dict[int, datetime] = {}
    for fact in facts:
        latest[fact.order_id] = max(fact.shipped_at, latest.get(fact.order_id, fact.shipped_at))
    measures = measure_ids(latest)
    _update_lines(list(sources.order_sources(latest, with_promises=False).values()), latest)
    moments = [(measures[i], at) for i, at in latest.items()]
    with connection.cursor() as cursor:
        cursor.execute(_SHIPPED, [list(column) for column in zip(*moments, strict=True)])
    append_ids([(measures[fact.order_id], fact.shipment_id) for fact in facts], "shipment_ids")


def _update_lines(orders: Sequence[OrderSource], latest: Mapping[int, datetime]) -> None:
    first = sources.first_shipped([order.order_id for order in orders])
    rows: list[tuple[int, object, Decimal, Decimal, Decimal]] = [
        (
            line.order_line_id,
            latest[order.order_id].astimezone(UTC).date(),
            line.shipped_qty,
            line.cancelled_qty,
            first.get(line.order_line_id, ZERO),
        )
        for order in orders
        for line in order.lines
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_LINES, [list(column) for column in zip(*rows, strict=True)])
