"""Billing says what it invoiced; the database refuses more than was shipped."""

from collections.abc import Mapping
from decimal import Decimal

from core.uow import require_uow
from fulfillment import locks
from fulfillment.models import ShipmentLine


@require_uow
def mark_invoiced(quantities: Mapping[int, Decimal]) -> None:
    """Add `quantities` (base units by shipment line id) to what is invoiced, under the shipments' locks (rank 30)."""
    lines = list(ShipmentLine.objects.filter(pk__in=quantities).order_by("pk"))
    locks.lock_shipments({line.shipment_id for line in lines})
    lines = list(ShipmentLine.objects.filter(pk__in=quantities).order_by("pk"))
    for line in lines:
        line.invoiced_qty += quantities[line.pk]
    ShipmentLine.objects.bulk_update(lines, ["invoiced_qty"])
