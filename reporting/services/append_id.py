from typing import Literal

from django.db import connection

from core.uow import require_uow


@require_uow
def append_id(measure_id: int, column: Literal["invoice_ids", "shipment_ids"], value: int) -> None:
    """Add a document to the measure's list unless it is there: one statement, so that two at once both stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE reporting_ordermeasure SET {column} = array_append({column}, %s) "
            f"WHERE id = %s AND NOT {column} @> ARRAY[%s]::bigint[]",
            [value, measure_id, value],
        )
