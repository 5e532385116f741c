"""Find and keep what a run's short demands might have instead: substitutes, other sites, a part now. Internal to runs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from catalog.queries import product_snapshots, substitutes
from core.clock import local_date
from core.uow import require_uow
from inventory.free_queries import free_stock
from inventory.pool_queries import pools_of, ruled_products
from inventory.rules.allocate import Decision
from inventory.rules.alternatives import HELD_BACK, Alternative, StandIn, alternatives
from inventory.rules.pool_book import PoolBook
from inventory.rules.sourcing import Supply

ZERO = Decimal(0)
# What a run found replaces what the run before it found for the same demands.
_KEEP = """
    WITH gone AS (DELETE FROM inventory_demandalternative WHERE demand_id = ANY(%(short)s::bigint[])
        AND (demand_id, way, product_id, site_id) NOT IN (
            SELECT * FROM unnest(%(demand)s::bigint[], %(way)s::text[], %(product)s::bigint[], %(site)s::bigint[])))
    INSERT INTO inventory_demandalternative AS old
        (demand_id, way, product_id, site_id, qty, replaces_qty, needs_consent, run_id, found_at)
    SELECT a.*, %(run)s, %(now)s FROM unnest(%(demand)s::bigint[], %(way)s::text[], %(product)s::bigint[],
        %(site)s::bigint[], %(qty)s::numeric[], %(replaces)s::numeric[], %(consent)s::bool[]) AS a
    ON CONFLICT (demand_id, way, product_id, site_id) DO UPDATE SET qty = excluded.qty,
        replaces_qty = excluded.replaces_qty, needs_consent = excluded.needs_consent, run_id = excluded.run_id,
        found_at = excluded.found_at
    WHERE (old.qty, old.replaces_qty) IS DISTINCT FROM (excluded.qty, excluded.replaces_qty)"""


@require_uow
def find_alternatives(run_id: int, decisions: Sequence[Decision], *, now: datetime) -> int:
    """How many were found. Called once the run's claims are written. No statement where nothing is short, one where no
    short product has a substitute, a route or an order that holds it back, else three to thirteen for any number."""
    short = [d for d in decisions if d.need.qty > d.got and not d.need.is_blocked]
    if not short:
        return 0
    found = _found(short, now)
    _keep(run_id, [d.need.demand_id for d in short], found, now)
    return len(found)


def _found(short: Sequence[Decision], now: datetime) -> list[Alternative]:
    today = local_date(now, "UTC")
    stand_ins = _stand_ins({d.need.product_id for d in short}, now)
    own = {d.need.product_id for d in short if d.need.route or (d.verdict and d.verdict.barred in HELD_BACK)}
    products = own | {s.product_id for some in stand_ins.values() for s in some}
    left = free_stock(sorted(products)) if products else []
    if not left:
        return []
    return alternatives(short, left, stand_ins, _book(products, left, short, now), today=today)


def _stand_ins(product_ids: Collection[int], now: datetime) -> dict[int, list[StandIn]]:
    known = substitutes(product_ids, on=now.date())
    sold = product_snapshots({s.product_id for some in known.values() for s in some}) if known else {}
    return {
        i: [StandIn(s.product_id, s.ratio, s.needs_consent, sold[s.product_id].order_multiple or ZERO) for s in some]
        for i, some in known.items()
    }


def _book(products: Collection[int], left: Sequence[Supply], short: Sequence[Decision], now: datetime) -> PoolBook:
    free: dict[tuple[int, int], Decimal] = {}
    for supply in left:
        place = supply.product_id, supply.site_id
        free[place] = free.get(place, ZERO) + supply.qty
    ruled = ruled_products(sorted(products))
    if not ruled:
        return PoolBook((), (), free=free)
    accounts = {d.need.account_id for d in short if d.need.account_id is not None}
    protections, quotas, caps = pools_of(ruled, on=local_date(now, "UTC"), account_ids=accounts, now=now)
    return PoolBook(protections, quotas, caps, free=free)


def _keep(run_id: int, short: list[int], found: Sequence[Alternative], now: datetime) -> None:
    given: dict[str, Any] = {
        "run": run_id, "now": now, "short": short,
        "demand": [a.demand_id for a in found], "way": [str(a.way) for a in found],
        "product": [a.product_id for a in found], "site": [a.site_id for a in found], "qty": [a.qty for a in found],
        "replaces": [a.replaces for a in found], "consent": [a.needs_consent for a in found],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, given)
