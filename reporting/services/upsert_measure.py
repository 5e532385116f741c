from core.errors import NotFound
from core.uow import require_uow
from reporting import sources
from reporting.models import LineMeasure, OrderMeasure
from reporting.sources import OrderSource


@require_uow
def upsert_measure(order_id: int) -> tuple[OrderMeasure, OrderSource]:
    """The order's measure, made or brought up to date, with its lines; the first promise stays. Raises NotFound."""
    source = sources.order_sources([order_id]).get(order_id)
    if source is None:
        raise NotFound(kind="order", ident=order_id)
    row = OrderMeasure(
        order_id=order_id,
        order_number=source.number,
        account_id=source.account_id,
        channel=source.channel,
        is_rep_order=source.is_rep_order,
        received_at=source.received_at,
        submitted_at=source.submitted_at,
    )
    OrderMeasure.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["order_id"], update_fields=["order_number", "submitted_at"]
    )
    measure = OrderMeasure.objects.get(order_id=order_id)
    lines = [
        LineMeasure(
            order_line_id=line.order_line_id,
            measure=measure,
            product_id=line.product_id,
            ordered_qty=line.ordered_qty,
            promised_date=line.promised_date,
        )
        for line in source.lines
    ]
    LineMeasure.objects.bulk_create(
        lines, update_conflicts=True, unique_fields=["order_line_id"], update_fields=["ordered_qty"]
    )
    return measure, source
