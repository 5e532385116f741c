"""Open demands for document lines: everything backordered at first."""

from collections.abc import Sequence
from datetime import datetime

from core.uow import require_uow
from inventory.models import Demand
from inventory.rules.asks import DemandSpec


@require_uow
def open_demands(specs: Sequence[DemandSpec], *, now: datetime) -> dict[str, int]:
    """{spec key: demand id}. One statement. A document line that has a demand already is refused by the database
    (constraint one_demand_per_document_line).
    """
    rows = Demand.objects.bulk_create([_row(spec, now) for spec in specs])
    return {spec.key: row.pk for spec, row in zip(specs, rows, strict=True)}


def _row(spec: DemandSpec, now: datetime) -> Demand:
    return Demand(
        product_id=spec.product_id,
        account_id=spec.account_id,
        site_id=spec.site_id,
        ref_kind=spec.ref.kind,
        ref_id=spec.ref.id,
        ref_number=spec.ref.number,
        line_no=spec.line_no,
        ordered_qty=spec.qty,
        backordered_qty=spec.qty,
        requested_date=spec.requested_date,
        min_shelf_life_days=spec.min_shelf_life_days,
        is_blocked=spec.is_blocked,
        backorder_allowed=spec.backorder_allowed,
        priority=spec.rank.priority,
        tier_rank=spec.rank.tier_rank,
        sla_penalty=spec.rank.sla_penalty,
        is_contract=spec.rank.is_contract,
        margin_band=spec.rank.margin_band,
        ship_complete_group=spec.rank.ship_complete_group,
        opened_at=now,
    )
