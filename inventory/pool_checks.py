"""What must always be true of pools: no ceiling is passed, nothing that is protected or kept back is held by a stranger.

A pool binds who claims from its first day on, and stock may be lost under it. So a floor that is short, or a ceiling
that is passed, is a breach where the last claim there is younger than all that may have made it so without a claim:
goods that went, a pool that was changed, began or ended, a member that came or left.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core import clock, invariants, sql
from core.clock import local_date
from core.quantity import plain
from inventory.pool_queries import RULED, SHELVES, Pools, read_ruled
from inventory.rules.pools import Protection, Sites, SiteStock, Standing, is_inside, short_places
from inventory.states import AmountKind, PoolState

ZERO = Decimal(0)
BATCH = 500  # products
NEVER = datetime.min.replace(tzinfo=UTC)
# Of two transactions at the same moment, the one that began first may be the one that is done last.
AT_ONCE = timedelta(seconds=5)
_EVERY_RULED = f"{RULED} IS NOT NULL ORDER BY 1"
# Who holds stock of what, where, or had it shipped lately, and since when the youngest of the claims stands.
_CLAIMED = """
    SELECT b.product_id, d.account_id, b.site_id, bool_or(c.state = 'open'), max(c.opened_at)
    FROM inventory_stockbalance b JOIN inventory_claim c ON c.balance_id = b.id
    JOIN inventory_demand d ON d.id = c.demand_id
    WHERE b.product_id = ANY(%(products)s::bigint[])
      AND (c.state = 'open' AND c.kind IN ('soft', 'hard')
           OR c.ended = 'shipped' AND c.ended_at > %(now)s::timestamptz - interval '90 days')
    GROUP BY b.product_id, d.account_id, b.site_id"""
_GONE = """
    SELECT b.product_id, max(m.at) FROM inventory_stockmovement m JOIN inventory_stockbalance b ON b.id = m.balance_id
    WHERE b.product_id = ANY(%(products)s::bigint[]) AND m.qty < 0 AND m.kind <> 'ship' GROUP BY b.product_id"""
# When anything about who may have the product changed last: its pools and safety stock, or, for all, sites and shelves.
_CHANGED = f"""
    WITH RECURSIVE {SHELVES}, family(product_id, pool_id) AS (
        SELECT product_id, id FROM inventory_pool WHERE product_id = ANY(%(products)s::bigint[])
        UNION SELECT o.product_id, p.id FROM inventory_pool p JOIN on_shelf o ON o.category_id = p.category_id
        UNION SELECT f.product_id, p.id FROM inventory_pool p JOIN family f ON p.parent_id = f.pool_id
    ), moments(product_id, at) AS (
        SELECT f.product_id, j.at FROM family f
        JOIN core_journalentry j ON j.subject_kind = 'pool' AND j.subject_id = f.pool_id
        UNION ALL
        SELECT f.product_id, d::timestamp AT TIME ZONE 'UTC' FROM family f JOIN inventory_pool p ON p.id = f.pool_id
        CROSS JOIN LATERAL unnest(ARRAY[p.valid_from, p.valid_to]) AS d WHERE d <= %(on)s::date
        UNION ALL
        SELECT s.product_id, j.at FROM inventory_safetystock s
        JOIN core_journalentry j ON j.subject_kind = 'safety_stock' AND j.subject_id = s.id
        WHERE s.product_id = ANY(%(products)s::bigint[])
    ) SELECT product_id, max(at) FROM moments GROUP BY product_id"""
_CHANGED_FOR_ALL = """
    SELECT greatest(
        (SELECT max(at) FROM core_journalentry WHERE subject_kind = ANY(ARRAY['site', 'category'])),
        (SELECT max(pgh_created_at) FROM accounts_accountevent WHERE pgh_obj_id = ANY(%(accounts)s::bigint[])),
        (SELECT max(d)::timestamp AT TIME ZONE 'UTC'
         FROM accounts_groupmembership m CROSS JOIN LATERAL unnest(ARRAY[m.valid_from, m.valid_to]) AS d
         WHERE m.account_id = ANY(%(accounts)s::bigint[]) AND d <= %(on)s::date))"""


# What an order has of a product that some cap is over, and since when the youngest of its claims stands.
_OF_ORDERS = """
    SELECT d.product_id, d.account_id, d.ref_kind, d.ref_id,
           sum(d.reserved_qty + d.allocated_qty + d.released_qty + d.picked_qty + d.shipped_qty),
           max((SELECT max(c.opened_at) FROM inventory_claim c WHERE c.demand_id = d.id AND c.state = 'open'))
    FROM inventory_demand d
    WHERE d.product_id = ANY(%(products)s::bigint[]) AND d.account_id IS NOT NULL
      AND (d.ref_kind, d.ref_id) IN (
          SELECT o.ref_kind, o.ref_id FROM inventory_claim c JOIN inventory_demand o ON o.id = c.demand_id
          WHERE c.state = 'open' AND o.product_id = ANY(%(products)s::bigint[]))
    GROUP BY d.product_id, d.account_id, d.ref_kind, d.ref_id"""
_CAPS_CHANGED = """
    SELECT greatest(
        (SELECT max(at) FROM core_journalentry WHERE subject_kind = 'order_cap'),
        (SELECT max(d)::timestamp AT TIME ZONE 'UTC' FROM inventory_ordercap
         CROSS JOIN LATERAL unnest(ARRAY[valid_from, valid_to]) AS d WHERE d <= %(on)s::date))"""


@dataclass(frozen=True)
class _Held:
    account_id: int | None
    site_id: int
    is_open: bool
    at: datetime


@dataclass(frozen=True)
class _Scene:
    """Some products with their pools, who holds stock of them, and the moments that excuse a shortage."""

    pools: Pools
    held: Mapping[int, Sequence[_Held]]
    gone: Mapping[int, datetime]
    changed: Mapping[int, datetime]
    changed_for_all: datetime

    def excused_until(self, product_id: int, *, is_number: bool = False) -> datetime:
        """A ceiling that is a number knows nothing of the stock."""
        changed = max(self.changed_for_all, self.changed.get(product_id, NEVER))
        return max(changed, NEVER if is_number else self.gone.get(product_id, NEVER)) + AT_ONCE


def floors() -> Iterable[str]:
    """Rows in words: protected units, or safety stock, that somebody else holds."""
    for scene in _scenes():
        for product_id, resolved in scene.pools.resolved.items():
            yield from _short(scene, product_id, resolved.protections, resolved.wanted)


def ceilings() -> Iterable[str]:
    for scene in _scenes():
        for product_id, resolved in scene.pools.resolved.items():
            members = {q.pool_id: (q.account_ids, q.site_ids) for q in resolved.quotas}
            for s in resolved.standings:
                if s.share.pool_id in members and s.share.state == PoolState.ACTIVE and s.used > s.amount:
                    yield from _passed(scene, product_id, s, *members[s.share.pool_id])


def order_caps() -> Iterable[str]:
    """Rows in words: orders that got more of a product than one order may have, since the caps were changed last. What
    an order had before stays with it."""
    now = clock.db_now()
    on = local_date(now, "UTC")
    ((changed,),) = sql.rows(_CAPS_CHANGED, {"on": on})
    products = [i for (i,) in sql.rows(_EVERY_RULED, {})] if changed else []
    for start in range(0, len(products), BATCH):
        some = products[start : start + BATCH]
        orders = [_OfOrder(*row) for row in sql.rows(_OF_ORDERS, {"products": some})]
        accounts = sorted({o.account_id for o in orders})
        ((for_all,),) = sql.rows(_CHANGED_FOR_ALL, {"accounts": accounts, "on": on})
        after = max(changed, for_all or NEVER) + AT_ONCE
        caps = read_ruled(some, on=on, account_ids=accounts, now=now).caps if orders else ()
        most = {(cap.product_id, account_id): cap.qty for cap in caps for account_id in cap.account_ids}
        for o in orders:
            allowed = most.get((o.product_id, o.account_id))
            if allowed is not None and o.qty > allowed and o.since is not None and o.since > after:
                words = f"{o.ref_kind} {o.ref_id} has {plain(o.qty)} of at most {plain(allowed)} an order"
                yield f"product {o.product_id}: {words}"


@dataclass(frozen=True)
class _OfOrder:
    product_id: int
    account_id: int
    ref_kind: str
    ref_id: int
    qty: Decimal
    since: datetime | None


def _short(
    scene: _Scene, product_id: int, protections: Sequence[Protection], wanted: Mapping[int, Decimal]
) -> Iterator[str]:
    """Places that do not hold what is still to protect in them, where a stranger claimed last."""
    stock: Mapping[int, SiteStock] = scene.pools.stock.get(product_id, {})
    asked = {p.pool_id: (p.site_ids, wanted.get(p.pool_id, ZERO)) for p in protections}
    after = scene.excused_until(product_id)
    for place in short_places(asked, lambda sites: _free(stock, sites)):
        inside = [p for p in protections if asked[p.pool_id][1] > 0 and is_inside(p.site_ids, place)]
        members = frozenset().union(*(p.account_ids for p in inside))
        there = [h for h in scene.held.get(product_id, ()) if _covers(place, h.site_id)]
        if any(p.is_safety for p in inside):  # whom it is open to may take it and leave the place short
            after = max([after, *(h.at for h in there if h.account_id in members)])
        if any(h.is_open and h.at > after for h in there if h.account_id not in members):
            need = sum((asked[p.pool_id][1] for p in inside), ZERO)
            names = ", ".join(sorted({p.name for p in inside}))
            free = plain(_free(stock, place))
            yield f"product {product_id}: {plain(need)} are kept ({names}), {free} are free, and others hold some"


def _passed(scene: _Scene, product_id: int, s: Standing, members: frozenset[int], sites: Sites) -> Iterator[str]:
    is_number = s.share.parent_id is None and s.share.amount_kind == AmountKind.NUMBER
    after = scene.excused_until(product_id, is_number=is_number)
    theirs = (
        h for h in scene.held.get(product_id, ()) if h.is_open and h.account_id in members and _covers(sites, h.site_id)
    )
    if any(h.at > after for h in theirs):
        yield f"product {product_id}: members of {s.share.name} hold {plain(s.used)} of {plain(s.amount)}"


def _scenes() -> Iterator[_Scene]:
    now = clock.db_now()
    on = local_date(now, "UTC")
    products = [i for (i,) in sql.rows(_EVERY_RULED, {})]
    for start in range(0, len(products), BATCH):
        yield _scene(products[start : start + BATCH], on, now)


def _scene(products: Collection[int], on: date, now: datetime) -> _Scene:
    some = {"products": list(products)}
    held: dict[int, list[_Held]] = {}
    for product_id, *values in sql.rows(_CLAIMED, {**some, "now": now}):
        held.setdefault(product_id, []).append(_Held(*values))
    accounts = sorted({h.account_id for some_held in held.values() for h in some_held if h.account_id is not None})
    ((for_all,),) = sql.rows(_CHANGED_FOR_ALL, {"accounts": accounts, "on": on})
    changed: dict[int, datetime] = dict(sql.rows(_CHANGED, {**some, "on": on}))
    pools = read_ruled(products, on=on, account_ids=accounts, now=now)
    return _Scene(pools, held, dict(sql.rows(_GONE, some)), changed, for_all or NEVER)


def _free(stock: Mapping[int, SiteStock], sites: Sites) -> Decimal:
    return sum((s.free for site, s in stock.items() if _covers(sites, site)), ZERO)


def _covers(sites: Sites, site_id: int) -> bool:
    return sites is None or site_id in sites


CHECKS = {
    "no protected unit is held by a stranger": floors,
    "members of a quota hold no more than it": ceilings,
    "no order holds more than its cap": order_caps,
}


def register() -> None:
    for name, check in CHECKS.items():
        invariants.register(name, check)
