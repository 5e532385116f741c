"""Reads of pools: which products have any, and the floors, ceilings and caps they come to on a day.

A constant number of SQL statements whatever the number of products and pools.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core import sql
from inventory.rules.asks import Availability, AvailabilityQuery
from inventory.rules.offer import offered
from inventory.rules.order_share import OrderShare
from inventory.rules.pools import (
    OrderCap,
    PoolShare,
    Protection,
    Quota,
    Resolved,
    SafetyShare,
    SiteStock,
    resolve,
)
from inventory.rules.sourcing import GENERAL_KINDS, Supply
from inventory.states import AmountKind, PoolKind, PoolState

ZERO, ONE = Decimal(0), Decimal(1)
KINDS = [str(kind) for kind in GENERAL_KINDS]

# Products with a pool, safety stock or a cap, of any day: what is not in it takes no lock and costs nothing.
RULED = """
    SELECT r.product_id FROM (
        SELECT product_id FROM inventory_pool WHERE state <> 'inactive' AND product_id IS NOT NULL
        UNION SELECT product_id FROM inventory_safetystock WHERE qty > 0
        UNION SELECT product_id FROM inventory_ordercap WHERE product_id IS NOT NULL
        UNION SELECT p.id FROM catalog_product p WHERE p.category_id IN (
            WITH RECURSIVE shelf(id) AS (
                (SELECT category_id FROM inventory_pool WHERE state <> 'inactive' AND category_id IS NOT NULL
                 UNION SELECT category_id FROM inventory_ordercap WHERE category_id IS NOT NULL)
                UNION SELECT c.id FROM catalog_category c JOIN shelf s ON c.parent_id = s.id)
            SELECT id FROM shelf)
    ) r WHERE r.product_id"""
# Products one order may take only a percent of, by the policy of the nearest use: nothing is looked at where none says so.
SHARED = """
    shared(product_id, percent, lot) AS MATERIALIZED (
        SELECT p.id, (y.definition ->> 'order_cap_percent')::numeric, p.order_multiple
        FROM catalog_product p JOIN inventory_allocationpolicy y ON y.id = coalesce(
            (SELECT u.policy_id FROM inventory_allocationpolicyuse u WHERE u.product_id = p.id),
            (WITH RECURSIVE shelf(category_id, depth) AS (
                SELECT p.category_id, 1 WHERE p.category_id IS NOT NULL
                UNION ALL SELECT c.parent_id, s.depth + 1 FROM shelf s JOIN catalog_category c ON c.id = s.category_id
                WHERE c.parent_id IS NOT NULL)
             SELECT u.policy_id FROM shelf s JOIN inventory_allocationpolicyuse u ON u.category_id = s.category_id
             ORDER BY s.depth LIMIT 1),
            (SELECT id FROM inventory_allocationpolicy WHERE is_default))
        WHERE y.definition ->> 'order_cap_percent' IS NOT NULL
          AND EXISTS (SELECT 1 FROM inventory_allocationpolicy WHERE definition ->> 'order_cap_percent' IS NOT NULL)
          AND p.id = ANY({products}))"""
_ASKED = "%(products)s::bigint[]"
_HELD_BACK_OF_PRODUCTS = f"""WITH {SHARED.format(products=_ASKED)}
    {RULED} = ANY({_ASKED}) UNION SELECT product_id FROM shared"""
RULED_OF_PRODUCTS = f"{RULED} = ANY(%(products)s::bigint[])"
# The shelves each product stands on, its own and all above it.
SHELVES = """
    on_shelf(product_id, category_id) AS (
        SELECT id, category_id FROM catalog_product WHERE id = ANY(%(products)s::bigint[]) AND category_id IS NOT NULL
        UNION SELECT o.product_id, c.parent_id FROM on_shelf o JOIN catalog_category c ON c.id = o.category_id
        WHERE c.parent_id IS NOT NULL)"""
# A row per product and pool in force over it: roots by what they are over, the others below them.
_TREE = f"""
    WITH RECURSIVE {SHELVES}, live AS (
        SELECT * FROM inventory_pool
        WHERE state <> 'inactive' AND valid_from <= %(on)s::date AND (valid_to IS NULL OR valid_to > %(on)s::date)
    ), over(pool_id, product_id) AS (
        SELECT p.id, p.product_id FROM live p WHERE p.product_id = ANY(%(products)s::bigint[])
        UNION SELECT p.id, o.product_id FROM live p JOIN on_shelf o ON o.category_id = p.category_id
    ), tree(product_id, pool_id, parent_id, places, until, since) AS (
        SELECT o.product_id, p.id, p.parent_id, ARRAY[p.id], p.valid_to, p.valid_from
        FROM live p JOIN over o ON o.pool_id = p.id WHERE p.parent_id IS NULL
        UNION ALL
        SELECT t.product_id, p.id, p.parent_id, t.places || p.id, least(t.until, p.valid_to), p.valid_from
        FROM live p JOIN tree t ON t.pool_id = p.parent_id
        LEFT JOIN over o ON o.pool_id = p.id AND o.product_id = t.product_id
        WHERE o.pool_id IS NOT NULL OR (p.product_id IS NULL AND p.category_id IS NULL))"""
# Which accounts `a` a pool `p` names itself.
_IN_GROUP = """EXISTS (SELECT 1 FROM accounts_groupmembership m WHERE m.group_id = p.group_id AND m.account_id = a.id
                AND m.valid_from <= %(on)s::date AND (m.valid_to IS NULL OR m.valid_to > %(on)s::date))"""
NAMES = f"""(p.who = 'everybody' OR p.account_id = a.id OR p.tier_id = a.tier_id
     OR (p.region <> '' AND lower(p.region) = lower(a.region)) OR {_IN_GROUP})"""
GOOD = """b.status = 'available' AND b.owner = '' AND NOT coalesce(l.is_recalled, false) AND s.is_active
        AND s.kind = ANY(%(kinds)s::text[])"""
# Claims whose stock is free for whom we ask: run out though nobody swept them, its own, dealt again.
_GIVEN_BACK = """coalesce(c.kind = 'soft' AND c.expires_at <= coalesce(%(now)s::timestamptz, statement_timestamp())
        OR c.kind IN ('soft', 'hard') AND (c.demand_id = ANY(%(own)s::bigint[]) OR c.id = ANY(%(again)s::bigint[])),
        false)"""

_POOLS = f"""{_TREE}
    SELECT t.product_id, p.id, t.parent_id, p.name, p.kind, p.state, p.who = 'below', p.amount, p.amount_kind, t.until,
           CASE WHEN p.site_id IS NOT NULL THEN ARRAY[p.site_id] WHEN p.site_region <> '' THEN
               coalesce((SELECT array_agg(s.id) FROM inventory_site s
                         WHERE lower(s.region) = lower(p.site_region)), '{{}}') END
    FROM tree t JOIN inventory_pool p ON p.id = t.pool_id ORDER BY t.product_id, p.id"""
_MEMBERS = f"""{_TREE}
    SELECT p.id, array_agg(a.id) FROM inventory_pool p JOIN accounts_account a ON {NAMES}
    WHERE p.id IN (SELECT pool_id FROM tree) AND a.id = ANY(%(accounts)s::bigint[]) GROUP BY p.id"""
# What was taken of each product by account, site and day (none: held now); then what of it each pool counts.
_HELD = f"""{_TREE}, oldest AS (
        SELECT product_id, min(since) AS day FROM tree GROUP BY product_id
    ), taken AS MATERIALIZED (
        SELECT b.product_id, d.account_id, b.site_id, NULL::date AS day, sum(c.qty) AS qty
        FROM oldest o JOIN inventory_stockbalance b ON b.product_id = o.product_id
        JOIN inventory_claim c ON c.balance_id = b.id AND c.state = 'open' JOIN inventory_demand d ON d.id = c.demand_id
        WHERE NOT {_GIVEN_BACK} GROUP BY 1, 2, 3
        UNION ALL
        SELECT b.product_id, d.account_id, b.site_id, (c.ended_at AT TIME ZONE 'UTC')::date, sum(c.qty)
        FROM oldest o JOIN inventory_stockbalance b ON b.product_id = o.product_id
        JOIN inventory_claim c ON c.balance_id = b.id AND c.ended = 'shipped'
             AND c.ended_at >= o.day::timestamp AT TIME ZONE 'UTC'
        JOIN inventory_demand d ON d.id = c.demand_id GROUP BY 1, 2, 3, 4
    ), names AS MATERIALIZED (
        SELECT p.id AS pool_id, a.id AS account_id FROM inventory_pool p JOIN accounts_account a ON {NAMES}
        WHERE p.id IN (SELECT pool_id FROM tree) AND a.id IN (SELECT account_id FROM taken)
    ), members AS MATERIALIZED (
        SELECT DISTINCT above.pool_id, n.account_id
        FROM tree t CROSS JOIN LATERAL unnest(t.places) AS above(pool_id) JOIN names n ON n.pool_id = t.pool_id)
    SELECT t.product_id, t.pool_id, coalesce(sum(k.qty) FILTER (WHERE m.account_id IS NOT NULL), 0),
           coalesce(sum(k.qty) FILTER (WHERE k.day IS NOT NULL), 0)
    FROM tree t JOIN inventory_pool p ON p.id = t.pool_id
    JOIN taken k ON k.product_id = t.product_id AND (k.day IS NULL OR k.day >= t.since)
    JOIN inventory_site s ON s.id = k.site_id LEFT JOIN members m ON m.pool_id = t.pool_id AND m.account_id = k.account_id
    WHERE NOT EXISTS (
        SELECT 1 FROM unnest(t.places) AS up(id) JOIN inventory_pool q ON q.id = up.id
        WHERE (q.site_id IS NOT NULL AND q.site_id <> k.site_id)
           OR (q.site_region <> '' AND lower(q.site_region) <> lower(s.region)))
    GROUP BY t.product_id, t.pool_id"""
# The claims given back are found by their own indexes: few of them, while the balances asked for may be thousands.
_STOCK = f"""
    WITH back AS MATERIALIZED (
        SELECT c.balance_id, sum(c.qty) AS qty FROM (
            SELECT balance_id, qty FROM inventory_claim WHERE state = 'open' AND kind = 'soft'
              AND expires_at <= coalesce(%(now)s::timestamptz, statement_timestamp())
            UNION ALL
            SELECT balance_id, qty FROM inventory_claim
            WHERE state = 'open' AND kind IN ('soft', 'hard')
              AND (demand_id = ANY(%(own)s::bigint[]) OR id = ANY(%(again)s::bigint[]))
              AND (expires_at IS NULL OR expires_at > coalesce(%(now)s::timestamptz, statement_timestamp()))
        ) c GROUP BY c.balance_id)
    SELECT b.product_id, p.order_multiple, b.site_id, sum(b.on_hand_qty),
           sum(b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty + coalesce(back.qty, 0))
    FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id LEFT JOIN inventory_lot l ON l.id = b.lot_id
    JOIN catalog_product p ON p.id = b.product_id
    LEFT JOIN back ON back.balance_id = b.id
    WHERE b.product_id = ANY(%(products)s::bigint[]) AND {GOOD} GROUP BY b.product_id, p.order_multiple, b.site_id"""
_SAFETY = """
    SELECT f.product_id, f.id, f.site_id, f.qty,
           ARRAY(SELECT a.id FROM accounts_account a JOIN accounts_servicetier t ON t.id = a.tier_id
                 WHERE a.id = ANY(%(accounts)s::bigint[]) AND t.rank <= (
                     SELECT rank FROM accounts_servicetier WHERE id = f.tier_id))
    FROM inventory_safetystock f JOIN inventory_site s ON s.id = f.site_id
    WHERE f.product_id = ANY(%(products)s::bigint[]) AND f.qty > 0 AND s.is_active AND s.kind = ANY(%(kinds)s::text[])
    ORDER BY f.id"""
# The closest cap of each account, product by product.
_CAPS = f"""
    WITH RECURSIVE {SHELVES}, cap AS (
        SELECT c.*, c.product_id AS of_product FROM inventory_ordercap c WHERE c.product_id = ANY(%(products)s::bigint[])
        UNION ALL
        SELECT c.*, o.product_id FROM inventory_ordercap c JOIN on_shelf o ON o.category_id = c.category_id)
    SELECT DISTINCT ON (p.of_product, a.id) p.of_product, p.id, a.id, p.max_qty
    FROM cap p JOIN accounts_account a ON a.id = ANY(%(accounts)s::bigint[])
         AND (p.who = 'everybody' OR p.account_id = a.id OR p.tier_id = a.tier_id OR {_IN_GROUP})
    WHERE p.valid_from <= %(on)s::date AND (p.valid_to IS NULL OR p.valid_to > %(on)s::date)
    ORDER BY p.of_product, a.id, array_position(ARRAY['account', 'group', 'tier', 'everybody'], p.who::text),
             p.product_id IS NULL, p.max_qty, p.id"""
# What a run deals of them: all but what is released or picked, and what a cart or quote holds for a while.
_SHARES = f"""WITH {SHARED.format(products=_ASKED)}, kept AS MATERIALIZED (
        SELECT balance_id, sum(qty) AS qty FROM inventory_claim
        WHERE state = 'open' AND kind = 'soft' AND expires_at > coalesce(%(now)s::timestamptz, statement_timestamp())
        GROUP BY balance_id)
    SELECT x.product_id, x.percent, x.lot, b.id, b.site_id,
           b.on_hand_qty - b.released_qty - b.picked_qty - coalesce(k.qty, 0), s.transit_days, l.expiry_date
    FROM shared x JOIN inventory_stockbalance b ON b.product_id = x.product_id JOIN inventory_site s ON s.id = b.site_id
    LEFT JOIN inventory_lot l ON l.id = b.lot_id LEFT JOIN kept k ON k.balance_id = b.id WHERE {GOOD} ORDER BY b.id"""
_BUYERS = """
    SELECT DISTINCT account_id FROM inventory_demand
    WHERE product_id = ANY(%(products)s::bigint[]) AND ordered_qty > cancelled_qty + shipped_qty
      AND account_id IS NOT NULL"""


@dataclass(frozen=True)
class Pools:
    """What rules the stock of some products on a day, for some accounts."""

    resolved: Mapping[int, Resolved]
    caps: tuple[OrderCap, ...]
    stock: Mapping[int, Mapping[int, SiteStock]]
    shares: Mapping[int, OrderShare] = field(default_factory=dict)  # by product, of those whose policy says a percent

    @property
    def protections(self) -> tuple[Protection, ...]:
        return tuple(p for r in self.resolved.values() for p in r.protections)

    @property
    def quotas(self) -> tuple[Quota, ...]:
        return tuple(q for r in self.resolved.values() for q in r.quotas)

    def caps_by_product(self) -> dict[int, list[OrderCap]]:
        found: dict[int, list[OrderCap]] = defaultdict(list)
        for cap in self.caps:
            found[cap.product_id].append(cap)
        return found

    @property
    def free(self) -> dict[tuple[int, int], Decimal]:
        """{(product, site): good stock nobody claims}, trunks and consignments left out."""
        return {(p, site): there.free for p, sites in self.stock.items() for site, there in sites.items()}


def pools_of(
    product_ids: Collection[int],
    *,
    on: date,
    account_ids: Collection[int] | None = None,
    dealt_again: Collection[int] = (),
    now: datetime | None = None,
) -> tuple[tuple[Protection, ...], tuple[Quota, ...], tuple[OrderCap, ...]]:
    """(floors with safety stock, ceilings, caps) of the products on that day, as they bind `account_ids` (all that
    have open demand of the products when None); their account sets name nobody else.

    The stock of the claims `dealt_again` (ids) counts as free and as held by nobody, like that of claims which ran out
    by `now` (the database's clock when None). At most seven statements, one for products without pools.
    """
    found = read_pools(product_ids, on=on, account_ids=account_ids, dealt_again=dealt_again, now=now)
    return found.protections, found.quotas, found.caps


def read_pools(
    product_ids: Collection[int],
    *,
    on: date,
    account_ids: Collection[int] | None = None,
    dealt_again: Collection[int] = (),
    ignore_demand_ids: Collection[int] = (),
    now: datetime | None = None,
) -> Pools:
    """The same with the stock it was worked out from. `ignore_demand_ids`: what these hold counts as free."""
    ruled = held_back_products(product_ids)
    if not ruled:
        return Pools({}, (), {})
    if account_ids is None:
        account_ids = [i for (i,) in sql.rows(_BUYERS, {"products": ruled})]
    return read_ruled(
        ruled, on=on, account_ids=account_ids, dealt_again=dealt_again, ignore_demand_ids=ignore_demand_ids, now=now
    )


def read_ruled(
    product_ids: Collection[int],
    *,
    on: date,
    account_ids: Collection[int],
    dealt_again: Collection[int] = (),
    ignore_demand_ids: Collection[int] = (),
    now: datetime | None = None,
) -> Pools:
    """The same for products known to be ruled. Seven statements in one round trip."""
    parameters = {
        "products": sorted(product_ids), "on": on, "accounts": sorted(account_ids), "again": sorted(dealt_again),
        "own": sorted(ignore_demand_ids), "now": now, "kinds": KINDS,
    }  # fmt: skip
    # The stock before who holds it: what a member gives back in between is protected again before it is seen as free.
    texts = (_POOLS, _MEMBERS, _STOCK, _HELD, _SAFETY, _CAPS, _SHARES)
    pools, members, stock, held, safety, caps, percents = sql.answers(
        *(sql.Statement(t, parameters, list) for t in texts)
    )
    shares = _shares(pools, dict(members), {(p, i): (mine, all_) for p, i, mine, all_ in held})
    there, lots = _stock(stock)
    kept: dict[int, list[SafetyShare]] = defaultdict(list)
    for product_id, pk, site_id, qty, accounts in safety:
        kept[product_id].append(SafetyShare(pk, site_id, qty, frozenset(accounts)))
    resolved = {
        i: resolve(i, shares[i], kept[i], there[i], lot=lots.get(i) or ONE) for i in sorted(shares.keys() | kept.keys())
    }
    return Pools(resolved, tuple(_caps(caps)), there, _order_shares(percents))


def offers(
    query: AvailabilityQuery, found: Mapping[int, Availability], product_ids: Collection[int]
) -> dict[int, Availability]:
    """What of `found` the account may take, for products that are ruled. Six statements in one round trip."""
    rules = read_ruled(
        product_ids,
        on=query.on,
        account_ids=() if query.account_id is None else (query.account_id,),
        ignore_demand_ids=query.ignore_demand_ids,
        now=query.now,
    )
    caps = rules.caps_by_product()
    return {
        i: offered(
            found[i], rules.resolved.get(i, Resolved()), caps.get(i, ()), rules.stock.get(i, {}),
            account_id=query.account_id, today=query.on,
        )
        for i in product_ids
    }  # fmt: skip


def ruled_products(product_ids: Collection[int]) -> list[int]:
    """Those of the products that have pools, safety stock or caps, now or on another day. One statement."""
    return [i for (i,) in sql.rows(RULED_OF_PRODUCTS, {"products": list(product_ids)})]


def held_back_products(product_ids: Collection[int]) -> list[int]:
    """These, and those whose allocation policy lets one order take a percent only. One statement."""
    return [i for (i,) in sql.rows(_HELD_BACK_OF_PRODUCTS, {"products": list(product_ids)})]


def _shares(
    rows: Iterable[tuple[Any, ...]],
    members: Mapping[int, Sequence[int]],
    held: Mapping[tuple[int, int], tuple[Decimal, Decimal]],
) -> dict[int, list[PoolShare]]:
    found: dict[int, list[PoolShare]] = defaultdict(list)
    for product_id, pk, parent_id, name, kind, state, is_collector, amount, amount_kind, until, sites in rows:
        mine, by_all = held.get((product_id, pk), (ZERO, ZERO))
        share = PoolShare(
            pk, name, PoolKind(kind), amount, AmountKind(amount_kind), parent_id, PoolState(state),
            None if sites is None else frozenset(sites), until, frozenset(members.get(pk, ())), mine, by_all, is_collector,
        )  # fmt: skip
        found[product_id].append(share)
    return found


def _stock(rows: Iterable[tuple[Any, ...]]) -> tuple[dict[int, dict[int, SiteStock]], dict[int, Decimal]]:
    stock: dict[int, dict[int, SiteStock]] = defaultdict(dict)
    lots: dict[int, Decimal] = {}
    for product_id, lot, site_id, on_hand, free in rows:
        stock[product_id][site_id] = SiteStock(on_hand, free)
        lots[product_id] = lot
    return stock, lots


def _order_shares(rows: Iterable[tuple[Any, ...]]) -> dict[int, OrderShare]:
    stock: dict[int, list[Supply]] = defaultdict(list)
    terms: dict[int, tuple[Decimal, Decimal]] = {}
    for product_id, percent, lot, balance_id, site_id, qty, transit_days, expiry in rows:
        terms[product_id] = percent, lot
        supply = Supply(balance_id, product_id, site_id, qty, transit_days=transit_days, expiry_date=expiry)
        stock[product_id].append(supply)
    return {i: OrderShare(*terms[i], stock[i]) for i in terms}


def _caps(rows: Iterable[tuple[Any, ...]]) -> Iterable[OrderCap]:
    accounts: dict[tuple[int, int, Decimal], set[int]] = defaultdict(set)
    for product_id, pk, account_id, qty in rows:
        accounts[product_id, pk, qty].add(account_id)
    for (product_id, pk, qty), whom in sorted(accounts.items()):
        yield OrderCap(pk, product_id, frozenset(whom), qty)
