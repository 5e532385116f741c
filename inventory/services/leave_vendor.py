"""Serve what waits from our own sites instead of a vendor's."""

from collections.abc import Collection
from datetime import datetime

from core import journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory import locks
from inventory.models import Demand, Site
from inventory.rules.sourcing import GENERAL_KINDS
from inventory.services.give_way import ask_for_allocation
from inventory.states import SiteKind


@door_verb
def leave_vendor(*, demand_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """How many of the demands a vendor's site serves no more; see `serve_without_vendor`."""
    return serve_without_vendor(demand_ids, actor=actor, now=now)


@require_uow
def serve_without_vendor(demand_ids: Collection[int], *, actor: Actor, now: datetime) -> int:
    """Take the vendors' sites out of the demands' routes; where nothing is left, every DC, hub and third party by rank
    serves. Their products are allocated again. What the demands hold stays. Locks rank 50, constant statements.
    """
    demands = locks.lock_demands(demand_ids)
    vendors = set(Site.objects.filter(kind=SiteKind.VENDOR).values_list("pk", flat=True))
    general = Site.objects.filter(is_active=True, kind__in=[str(k) for k in GENERAL_KINDS]).order_by("rank", "pk")
    own = list(general.values_list("pk", flat=True))
    changed = {
        i: [s for s in d.route if s not in vendors] or own for i, d in demands.items() if vendors.intersection(d.route)
    }
    if not changed:
        return 0
    rows = [Demand(pk=i, route=route) for i, route in changed.items()]
    Demand.objects.bulk_update(rows, ["route"])
    entries = [
        journal.Entry(
            DocumentRef("demand", i, demands[i].ref_number), "sourced", "Served without the vendor from now on"
        )
        for i in changed
    ]
    journal.write(entries, actor=actor, now=now)
    ask_for_allocation(sorted({demands[i].product_id for i in changed}), "left the vendor", now=now, actor=actor)
    return len(changed)
