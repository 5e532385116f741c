"""Billing says what it invoiced; the database refuses more than was shipped."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import connection

from core.uow import require_uow
from fulfillment import locks
from fulfillment.models import ShipmentLine

_ADD = """
UPDATE fulfillment_shipmentline l SET invoiced_qty = l.invoiced_qty + m.qty
  FROM unnest(%s::bigint[], %s::numeric[]) AS m(id, qty) WHERE l.id = m.id
"""


@require_uow
def mark_invoiced(quantities: Mapping[int, Decimal]) -> None:
    """Add `quantities` (base units by shipment line id) to what is invoiced, under the shipments' locks (rank 30)."""
    wanted = sorted(quantities)
    locks.lock_shipments(ShipmentLine.objects.filter(pk__in=wanted).values_list("shipment_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [wanted, [quantities[i] for i in wanted]])
