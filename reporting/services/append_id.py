from collections.abc import Collection
from typing import Literal

from django.db import connection

from core.uow import require_uow

Column = Literal["invoice_ids", "shipment_ids", "billed_shipment_ids"]


@require_uow
def append_ids(
    pairs: Collection[tuple[int, int]], column: Literal["invoice_ids", "shipment_ids", "billed_shipment_ids"]
) -> None:
    """Add documents, as (measure, document), to the measures' lists unless they are there: one statement, so that two at
    once both stay.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE reporting_ordermeasure m SET {column} = coalesce(m.{column}, '{{}}') || new.ids FROM ("
            f"  SELECT a.id, array_agg(DISTINCT a.doc ORDER BY a.doc) AS ids"
            f"    FROM unnest(%s::bigint[], %s::bigint[]) AS a(id, doc)"
            f"    JOIN reporting_ordermeasure o ON o.id = a.id AND NOT coalesce(o.{column}, '{{}}') @> ARRAY[a.doc]"
            f"   GROUP BY a.id"
            f") new WHERE m.id = new.id",
            [[measure for measure, _ in pairs], [document for _, document in pairs]],
        )
