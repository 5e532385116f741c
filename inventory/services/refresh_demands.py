"""Keep what allocation ranks by up to date: the opener of a demand tells what changed."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from core.uow import require_uow
from inventory import locks
from inventory.models import Demand
from inventory.rules.asks import DemandChange

FIELDS = (
    "tier_rank",
    "priority",
    "sla_penalty",
    "is_contract",
    "margin_band",
    "ship_complete_group",
    "ship_complete",
    "unit_margin",
    "is_blocked",
    "requested_date",
)


@require_uow
def refresh_demands(changes: Mapping[int, DemandChange], *, now: datetime) -> list[int]:
    """Write what differs; the ids of the demands that changed. Two statements. The next allocation run uses it."""
    changed = []
    for demand_id, demand in locks.lock_demand_rows(changes).items():
        if _apply(changes[demand_id], demand):
            changed.append(demand)
    if changed:
        Demand.objects.bulk_update(changed, FIELDS)
    return [d.pk for d in changed]


def _apply(change: DemandChange, demand: Demand) -> bool:
    wanted = asdict(change.rank) if change.rank is not None else {}
    own = ("is_blocked", "requested_date", "ship_complete_group", "ship_complete")
    given = {name: getattr(change, name) for name in own}
    wanted |= {name: value for name, value in given.items() if value is not None}
    differing = {k: v for k, v in wanted.items() if v is not None and getattr(demand, k) != v}
    for name, value in differing.items():
        setattr(demand, name, value)
    return bool(differing)
