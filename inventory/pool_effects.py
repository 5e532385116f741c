"""What pools do at this moment, for the people who keep them: over which products, used by whom, who waits."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core import sql
from core.clock import local_date
from inventory.pool_queries import read_pools
from inventory.rules.pool_book import PoolBook

ZERO = Decimal(0)
# What a pool is over: itself, or the nearest above it that says so.
_OVER = """
    WITH RECURSIVE chain(pool_id, parent_id, product_id, category_id) AS (
        SELECT id, parent_id, product_id, category_id FROM inventory_pool WHERE id = ANY(%(pools)s::bigint[])
        UNION ALL
        SELECT c.pool_id, p.parent_id, p.product_id, p.category_id
        FROM chain c JOIN inventory_pool p ON p.id = c.parent_id WHERE c.product_id IS NULL AND c.category_id IS NULL
    ), shelf(pool_id, category_id) AS (
        SELECT pool_id, category_id FROM chain WHERE category_id IS NOT NULL
        UNION SELECT s.pool_id, c.id FROM shelf s JOIN catalog_category c ON c.parent_id = s.category_id
    ), covered AS (
        SELECT pool_id, product_id FROM chain WHERE product_id IS NOT NULL
        UNION SELECT s.pool_id, p.id FROM shelf s JOIN catalog_product p ON p.category_id = s.category_id)"""
_UNDER = f"""{_OVER}
    SELECT pool_id, (array_agg(product_id ORDER BY product_id))[1:%(most)s::int], count(*) FROM covered GROUP BY pool_id"""
_WAITING = f"""{_OVER}
    SELECT DISTINCT d.product_id FROM covered c JOIN inventory_demand d ON d.product_id = c.product_id
    WHERE d.backordered_qty > 0 AND d.ordered_qty > d.cancelled_qty + d.shipped_qty"""


@dataclass(frozen=True)
class PoolEffect:
    """A pool over one product: what it comes to, what its members hold or had shipped, what is protected or left now,
    and what of the stock is open to who is in no pool. Base units."""

    on_hand: Decimal
    amount: Decimal
    used: Decimal
    now: Decimal
    for_others: Decimal


def effects(product_ids: Collection[int], *, now: datetime) -> dict[tuple[int, int], PoolEffect]:
    """{(pool, product): its effect} of every pool in force over the products. Seven statements, none for no products."""
    if not product_ids:
        return {}
    rules = read_pools(product_ids, on=local_date(now, "UTC"), account_ids=(), now=now)
    book = PoolBook(rules.protections, (), free=rules.free)
    found = {}
    for product_id, resolved in rules.resolved.items():
        stock = rules.stock.get(product_id, {})
        on_hand = sum((s.on_hand for s in stock.values()), ZERO)
        free = ZERO
        for site_id in stock:  # a stranger takes what he may, site by site
            qty = book.open_at(None, product_id, site_id)
            book.take(None, product_id, site_id, qty)
            free += qty
        for s in resolved.standings:
            found[s.share.pool_id, product_id] = PoolEffect(on_hand, s.amount, s.used, s.qty, free)
    return found


def products_under(pool_ids: Collection[int], *, most: int) -> dict[int, tuple[list[int], int]]:
    """{pool: (the first products it is over, how many there are)}. One statement."""
    rows = sql.rows(_UNDER, {"pools": list(pool_ids), "most": most})
    return {pool_id: (list(products), count) for pool_id, products, count in rows}


def products_waiting_under(pool_ids: Collection[int]) -> list[int]:
    """Products the pools are over of which demand is backordered. One statement."""
    return [i for (i,) in sql.rows(_WAITING, {"pools": list(pool_ids)})]
