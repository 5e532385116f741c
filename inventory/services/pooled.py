"""The pools of products that are about to be claimed: locked, then read. Internal to the room."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core import sql
from core.clock import local_date
from core.explain import Explanation
from inventory import locks
from inventory.locks import LockedDemand
from inventory.pool_queries import read_ruled
from inventory.rules.allocate import Decision, Plan, allocate
from inventory.rules.pool_book import PoolBook
from inventory.rules.pool_deal import Claimant, PoolDeal
from inventory.rules.sourcing import Need, Supply
from inventory.services.claim import Held
from inventory.states import ClaimKind

_OTHER_LINES = """
    SELECT d.ref_kind, d.ref_id, d.product_id, sum(d.reserved_qty + d.allocated_qty + d.released_qty + d.picked_qty
                                                   + d.shipped_qty)
    FROM inventory_demand d JOIN unnest(%(kinds)s::text[], %(refs)s::bigint[]) AS r(kind, ref)
         ON d.ref_kind = r.kind AND d.ref_id = r.ref
    WHERE d.product_id = ANY(%(products)s::bigint[]) AND NOT d.id = ANY(%(ids)s::bigint[]) GROUP BY 1, 2, 3"""


# What runs would deal again of it, site by site.
_OTHER_CLAIMS = """
    SELECT d.ref_kind, d.ref_id, b.product_id, b.site_id, sum(c.qty)
    FROM inventory_demand d JOIN unnest(%(kinds)s::text[], %(refs)s::bigint[]) AS r(kind, ref)
         ON d.ref_kind = r.kind AND d.ref_id = r.ref
    JOIN inventory_claim c ON c.demand_id = d.id AND c.state = 'open' AND c.kind IN ('soft', 'hard')
    JOIN inventory_stockbalance b ON b.id = c.balance_id
    WHERE d.product_id = ANY(%(products)s::bigint[]) AND NOT d.id = ANY(%(ids)s::bigint[]) GROUP BY 1, 2, 3, 4"""

NO_STOCK = "no stock is free"  # what a decision says that knows no other reason


def open_deal(
    product_ids: Collection[int],
    asked: Sequence[LockedDemand],
    held: Iterable[Held],
    *,
    now: datetime,
    giving_way: Collection[int] = (),
) -> PoolDeal:
    """Rank 55, then what rules the products, in one round trip; another where one of them has a cap an order, and one
    where a policy leaves an order a percent. `held`: the open claims of the asked, as they stand in memory.

    The demands are locked and have their claims that ran out ended; what others hold is read after the lock, so that
    it is the last there is. What the demands `giving_way` hold is free for those asked.
    """
    locks.lock_pools(product_ids)
    return look_at_deal(product_ids, asked, held, now=now, giving_way=giving_way)


def look_at_deal(
    product_ids: Collection[int],
    asked: Sequence[LockedDemand],
    held: Iterable[Held],
    *,
    now: datetime,
    giving_way: Collection[int] = (),
) -> PoolDeal:
    """The same without the lock, for what is only shown."""
    ours = [d for d in asked if d.product_id in set(product_ids)]
    accounts = {d.account_id for d in ours if d.account_id is not None}
    on = local_date(now, "UTC")
    rules = read_ruled(product_ids, on=on, account_ids=accounts, ignore_demand_ids=giving_way, now=now)
    book = PoolBook(rules.protections, rules.quotas, rules.caps, free=rules.free)
    whose = {d.pk: Claimant(d.account_id, (d.ref_kind, d.ref_id)) for d in ours}
    taken = _taken(ours, {cap.product_id for cap in rules.caps}) if rules.caps else {}
    taken_at = _taken_at(ours, held, set(rules.shares)) if rules.shares else {}
    return PoolDeal(
        frozenset(product_ids), book, whose, defaultdict(Decimal, taken), rules.shares, defaultdict(Decimal, taken_at)
    )


def plan_under(deal: PoolDeal | None, needs: Collection[Need], supplies: Collection[Supply], *, today: date) -> Plan:
    """By rank; what has pools within them."""
    if deal is None:
        return allocate(needs, supplies, today=today)
    pooled = deal.deal([n for n in needs if n.product_id in deal.products], supplies, today=today)
    plan = allocate([n for n in needs if n.product_id not in deal.products], supplies, today=today)
    return Plan((*plan.lines, *pooled.lines), (*plan.decisions, *pooled.decisions))


def explained(decision: Decision, deal: PoolDeal | None, verb: str) -> Explanation:
    """Why the demand got what it got, with what its pools kept from it."""
    why = decision.explanation(verb)
    limits = deal.limits.get(decision.need.demand_id) if deal else None
    if not limits:
        return why
    return replace(why, losers=(*limits, *(loser for loser in why.losers if loser.why != NO_STOCK)))


def _taken_at(
    asked: Sequence[LockedDemand], held: Iterable[Held], shared: Collection[int]
) -> dict[tuple[tuple[str, int], int, int], Decimal]:
    """{(document, product, site): what its lines hold that runs deal again}, asked ones as they stand in memory."""
    mine = {d.pk: (d.ref_kind, d.ref_id) for d in asked if d.product_id in shared}
    found: dict[tuple[tuple[str, int], int, int], Decimal] = defaultdict(Decimal)
    for kind, ref, product_id, site_id, qty in sql.rows(_OTHER_CLAIMS, _lines_beside(mine, shared)):
        found[(kind, ref), product_id, site_id] = qty
    for h in held:
        if h.demand_id in mine and h.kind in (ClaimKind.SOFT, ClaimKind.HARD):
            found[mine[h.demand_id], h.product_id, h.site_id] += h.qty
    return found


def _taken(asked: Sequence[LockedDemand], capped: Collection[int]) -> dict[tuple[tuple[str, int], int], Decimal]:
    """{(document, product): what its lines have already}, those asked as they stand in memory, the others as stored."""
    lines = [d for d in asked if d.product_id in capped]
    parameters = _lines_beside({d.pk: (d.ref_kind, d.ref_id) for d in lines}, capped)
    found: dict[tuple[tuple[str, int], int], Decimal] = defaultdict(Decimal)
    for kind, ref, product_id, qty in sql.rows(_OTHER_LINES, parameters):
        found[(kind, ref), product_id] = qty
    for d in lines:
        found[(d.ref_kind, d.ref_id), d.product_id] += d.ordered_qty - d.cancelled_qty - d.backordered_qty
    return found


def _lines_beside(lines: Mapping[int, tuple[str, int]], products: Collection[int]) -> dict[str, Sequence[Any]]:
    """The other lines of the same documents, of some products."""
    documents = sorted(set(lines.values()))
    return {
        "kinds": [kind for kind, _ in documents],
        "refs": [ref for _, ref in documents],
        "products": sorted(products),
        "ids": list(lines),
    }
