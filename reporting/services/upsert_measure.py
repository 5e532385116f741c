from collections.abc import Collection

from django.db import connection

from core.errors import NotFound
from core.uow import require_uow
from reporting import sources
from reporting.models import OrderMeasure
from reporting.sources import OrderSource

_LINES = """
INSERT INTO reporting_linemeasure (order_line_id, measure_id, product_id, ordered_qty, promised_date, cancelled_qty,
                                   shipped_qty, unit_price)
SELECT s.*, 0, 0, o.unit_price
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[], %s::date[]) AS s(line_id, measure, product, qty, day)
  LEFT JOIN orders_orderline o ON o.id = s.line_id
    ON CONFLICT (order_line_id) DO UPDATE SET ordered_qty = excluded.ordered_qty
 WHERE reporting_linemeasure.ordered_qty <> excluded.ordered_qty
"""


@require_uow
def upsert_measures(order_ids: Collection[int]) -> dict[int, tuple[OrderMeasure, OrderSource]]:
    """The orders' measures, made or brought up to date, with their lines; the first promise stays. Raises NotFound.

    A constant number of statements.
    """
    found = sources.order_sources(order_ids)
    if missing := set(order_ids) - found.keys():
        raise NotFound(kind="order", ident=min(missing))
    OrderMeasure.objects.bulk_create(
        [_row(found[order_id]) for order_id in sorted(found)],
        update_conflicts=True,
        unique_fields=["order_id"],
        update_fields=["order_number", "submitted_at"],
    )
    measures = {m.order_id: m for m in OrderMeasure.objects.filter(order_id__in=found)}
    _upsert_lines(found, measures)
    return {order_id: (measures[order_id], source) for order_id, source in found.items()}


@require_uow
def measure_ids(order_ids: Collection[int]) -> dict[int, int]:
    """The measure of each order, made where there is none yet. One statement where all are there."""
    known = dict(OrderMeasure.objects.filter(order_id__in=order_ids).values_list("order_id", "pk"))
    missing = set(order_ids) - known.keys()
    made = upsert_measures(missing) if missing else {}
    return known | {order_id: measure.pk for order_id, (measure, _) in made.items()}


def _row(source: OrderSource) -> OrderMeasure:
    return OrderMeasure(
        order_id=source.order_id,
        order_number=source.number,
        account_id=source.account_id,
        channel=source.channel,
        is_rep_order=source.is_rep_order,
        received_at=source.received_at,
        submitted_at=source.submitted_at,
    )


def _upsert_lines(found: dict[int, OrderSource], measures: dict[int, OrderMeasure]) -> None:
    rows = [
        (line.order_line_id, measures[order_id].pk, line.product_id, line.ordered_qty, line.promised_date)
        for order_id, source in sorted(found.items())
        for line in source.lines
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_LINES, [list(column) for column in zip(*rows, strict=True)])
