"""What sourcing looks at: rules, sites, lanes and free stock around some lines. A constant number of statements."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.queries import account_snapshots
from core import sql
from core.clock import local_date
from core.explain import Explanation
from inventory import locks
from inventory.free_queries import reading_free_stock_of
from inventory.locks import LockedDemand
from inventory.models import DemandSourcing
from inventory.network_queries import reading_site_times
from inventory.pool_queries import Pools, read_pools
from inventory.rules.network import Destination
from inventory.rules.pegs import pegs_left
from inventory.rules.pool_book import PoolBook
from inventory.rules.promise import Peg
from inventory.rules.sourcing import Supply
from inventory.rules.sourcing_order import Place, Surroundings, Terms, Want
from inventory.rules.sourcing_rules import Rule
from inventory.rules.sourcing_words import in_words
from inventory.states import Fulfilment, Hardness

_WANT = """
    SELECT d.id, d.ref_kind, d.ref_id, d.product_id, d.backordered_qty, d.ordered_qty - d.cancelled_qty, d.requested_date,
           d.account_id, d.region, d.receiving_calendar_id, d.receiving_days, d.min_shelf_life_days, p.weight_kg,
           d.site_id IS NOT NULL OR d.account_id IS NULL, d.ship_complete
    FROM inventory_demand d JOIN catalog_product p ON p.id = d.product_id
    WHERE d.id = ANY(%(demands)s::bigint[])"""
_WANTS = f"{_WANT} AND d.backordered_qty > 0 ORDER BY d.requested_date, d.id"
_WEIGHTS = "SELECT id, weight_kg FROM catalog_product WHERE id = ANY(%(products)s::bigint[])"
_RULES = """
    SELECT id, name, account_id, product_id, category_id, region, fulfilment, sites, max_shipments, ship_complete,
           min_shelf_life_days, max_distance_km, distance, cutoff, capacity, joins_inbound
    FROM inventory_sourcingrule
    WHERE is_active AND (account_id IS NULL OR account_id = ANY(%(accounts)s::bigint[]))
      AND (product_id IS NULL OR product_id = ANY(%(products)s::bigint[])) ORDER BY id"""
_PLACES = "SELECT id, code, kind, name, rank, lines_per_day FROM inventory_site WHERE is_active"
# Each product's categories, the nearest first.
_SHELVES = """
    WITH RECURSIVE up(product_id, category_id, depth) AS (
        SELECT id, category_id, 0 FROM catalog_product WHERE id = ANY(%(products)s::bigint[]) AND category_id IS NOT NULL
        UNION ALL
        SELECT u.product_id, c.parent_id, u.depth + 1 FROM up u JOIN catalog_category c ON c.id = u.category_id
        WHERE c.parent_id IS NOT NULL)
    SELECT product_id, array_agg(category_id ORDER BY depth) FROM up GROUP BY product_id"""
_OWN = """
    SELECT inbound_id, sum(qty) FROM inventory_promise
    WHERE demand_id = ANY(%(demands)s::bigint[]) AND is_current AND inbound_id IS NOT NULL GROUP BY inbound_id"""
_WAITING = """
    SELECT b.site_id, count(*) FROM inventory_claim c JOIN inventory_stockbalance b ON b.id = c.balance_id
    WHERE c.state = 'open' AND c.kind IN ('hard', 'released', 'picked') GROUP BY b.site_id"""


# Sites an order ships from already, or did: what it may still hold elsewhere is planned again and does not count.
_IN_USE = """
    SELECT d.ref_kind, d.ref_id, array_agg(DISTINCT b.site_id)
    FROM inventory_demand d JOIN unnest(%(kinds)s::text[], %(refs)s::bigint[]) AS r(kind, ref)
         ON d.ref_kind = r.kind AND d.ref_id = r.ref
    JOIN inventory_claim c ON c.demand_id = d.id AND (c.state = 'open' OR c.ended = 'shipped')
    JOIN inventory_stockbalance b ON b.id = c.balance_id
    WHERE NOT (c.state = 'open' AND c.kind IN ('soft', 'hard') AND d.id = ANY(%(moving)s::bigint[])) GROUP BY 1, 2"""


def wants_of(demand_ids: Collection[int]) -> list[Want]:
    """What of the demands is backordered, as lines to be sourced. One statement."""
    return [_want(*row) for row in sql.rows(_WANTS, {"demands": list(demand_ids)})]


def whole_wants_of(demands: Collection[LockedDemand]) -> list[Want]:
    """All that is not released of the demands as they stand in memory, none where there is nothing. One statement."""
    products = sorted({d.product_id for d in demands})
    weights: dict[int, Decimal | None] = dict(sql.rows(_WEIGHTS, {"products": products}))
    open_ones = [d for d in demands if d.backordered_qty + d.reserved_qty + d.allocated_qty > 0]
    in_turn = sorted(open_ones, key=lambda d: (d.requested_date, d.pk))
    return [_whole_want(d, weights[d.product_id]) for d in in_turn]


def _whole_want(d: LockedDemand, weight_kg: Decimal | None) -> Want:
    is_fill_up = d.site_id is not None or d.account_id is None
    return _want(
        d.pk, d.ref_kind, d.ref_id, d.product_id, d.backordered_qty + d.reserved_qty + d.allocated_qty,
        d.ordered_qty - d.cancelled_qty, d.requested_date, d.account_id, d.region, d.receiving_calendar_id,
        d.receiving_days, d.min_shelf_life_days, weight_kg, is_fill_up, d.ship_complete,
    )  # fmt: skip


def _want(
    pk: int, kind: str, ref_id: int, product_id: int, qty: Decimal, ordered: Decimal, requested: date,
    account_id: int | None, region: str, calendar_id: int | None, days: Sequence[int], shelf_life: int,
    weight_kg: Decimal | None, is_fill_up: bool, ship_complete: str,
) -> Want:  # fmt: skip
    place = Destination(region, calendar_id, tuple(days))
    fulfilment = Fulfilment.FILL_UP if is_fill_up else Fulfilment.ORDER
    return Want(
        pk, (kind, ref_id), product_id, qty, ordered, requested, account_id, place, shelf_life,
        weight_kg or Decimal(0), fulfilment, ship_complete,
    )  # fmt: skip


def surroundings(
    wants: Sequence[Want],
    *,
    now: datetime,
    pools: Pools | None = None,
    own_demands: Collection[int] = (),
    coming_back: Mapping[int, Decimal] | None = None,
) -> Surroundings:
    """Everything the plan of these lines depends on: six statements, one more where a rule asks for capacity, another
    where shipments are limited, up to three where one waits for inbound supply, and those of the pools of their products
    where they are not given. What the `own_demands` are promised from inbound supply is theirs still, and so not taken;
    with `coming_back` (balance: base units that count as free) so is what they hold."""
    products = sorted({w.product_id for w in wants})
    accounts = {w.account_id for w in wants if w.account_id is not None}
    rules, places, shelves, network, free = sql.answers(
        reading_rules(products, sorted(accounts)),
        sql.Statement(_PLACES, {}, list),
        reading_shelves(products),
        reading_site_times(),
        reading_free_stock_of(products, coming_back),
    )
    waits: dict[int, int] = dict(sql.rows(_WAITING, {})) if any(r.capacity != Hardness.OFF for r in rules) else {}
    today = local_date(now, "UTC")
    terms: dict[int | None, Terms] = {
        i: Terms(a.ship_complete, a.min_line_percent, a.min_order_percent, a.max_shipments)
        for i, a in account_snapshots(accounts, on=today).items()
    }
    return Surroundings(
        rules,
        {pk: Place(pk, code, kind, name, rank, most, waits.get(pk, 0)) for pk, code, kind, name, rank, most in places},
        network,
        free,
        {product_id: tuple(ids) for product_id, ids in shelves.items()},
        terms,
        _room(free, pools or _pools(products, accounts, today, own_demands if coming_back else (), now), accounts)
        if rules
        else {},
        _coming(products, own_demands, today) if any(r.joins_inbound for r in rules) else {},
        _in_use(wants, own_demands if coming_back else ()) if _is_capped(rules, terms.values()) else {},
    )


def _is_capped(rules: Sequence[Rule], terms: Collection[Terms]) -> bool:
    most = [*(r.max_shipments for r in rules), *(t.max_shipments for t in terms)]
    return bool(rules) and any(n is not None for n in most)


def _in_use(wants: Sequence[Want], moving: Collection[int]) -> dict[tuple[str, int], frozenset[int]]:
    documents = sorted({w.document for w in wants})
    kinds, refs = [kind for kind, _ in documents], [ref for _, ref in documents]
    rows = sql.rows(_IN_USE, {"kinds": kinds, "refs": refs, "moving": list(moving)})
    return {(kind, ref): frozenset(sites) for kind, ref, sites in rows}


def _pools(
    product_ids: Sequence[int], accounts: Collection[int], on: date, own_demands: Collection[int], now: datetime
) -> Pools:
    return read_pools(product_ids, on=on, account_ids=sorted(accounts), ignore_demand_ids=own_demands, now=now)


def reading_rules(product_ids: Sequence[int], account_ids: Sequence[int]) -> sql.Statement[list[Rule]]:
    """The active rules that could decide for these, to be read in somebody's round trip."""
    parameters = {"products": product_ids, "accounts": account_ids}
    return sql.Statement(_RULES, parameters, lambda rows: [_rule(*row) for row in rows])


def reading_shelves(product_ids: Sequence[int]) -> sql.Statement[dict[int, Sequence[int]]]:
    """{product: its categories, the nearest first}, to be read in somebody's round trip."""
    return sql.Statement(_SHELVES, {"products": product_ids}, dict)


def _coming(product_ids: Sequence[int], own_demands: Collection[int], today: date) -> Mapping[int, Sequence[Peg]]:
    """What is on its way and promised to nobody else; pools keep nothing of it, so it is offered as promises offer it."""
    own: dict[int | None, Decimal] = dict(sql.rows(_OWN, {"demands": list(own_demands)})) if own_demands else {}
    return pegs_left(locks.look_at_inbound(product_ids), own, today=today)


def _rule(pk: int, name: str, account: int | None, product: int | None, category: int | None, region: str,
          fulfilment: str, sites: Sequence[str], *rest: Any) -> Rule:  # fmt: skip
    return Rule(pk, name, account, product, category, region, fulfilment, tuple(sites), *rest)


def _room(
    free: Sequence[Supply], pools: Pools, accounts: Collection[int]
) -> Mapping[tuple[int | None, int, int], Decimal]:
    """What pools leave each account of the products they rule, site by site; absent: everything."""
    protections, quotas, caps = pools.protections, pools.quotas, pools.caps
    ruled = {p.product_id for p in protections} | {q.product_id for q in quotas} | {c.product_id for c in caps}
    ruled |= set(pools.shares)
    if not ruled:
        return {}
    there: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for supply in free:
        if supply.is_general and supply.product_id in ruled:
            there[supply.product_id, supply.site_id] += supply.qty
    book = PoolBook(protections, quotas, caps, free=there)
    shares = {i: share.by_site() for i, share in pools.shares.items()}
    most = {(p, s): min(qty, shares[p].get(s, Decimal(0)) if p in shares else qty) for (p, s), qty in there.items()}
    return {(a, p, s): min(book.room(a, p, s), book.cap(a, p), qty) for a in accounts for (p, s), qty in most.items()}


def sourcing_of(demand_ids: Collection[int]) -> dict[int, Explanation]:
    """Why each demand is served from where it is; absent where no rule decided. One statement."""
    rows = DemandSourcing.objects.filter(demand_id__in=demand_ids).values_list("demand_id", "explanation")
    return {demand_id: Explanation.from_json(data) for demand_id, data in rows}


def why_these_sites(demand_ids: Collection[int]) -> dict[int, str]:
    """The same as one line for people. One statement."""
    return {i: in_words(why) for i, why in sourcing_of(demand_ids).items()}
