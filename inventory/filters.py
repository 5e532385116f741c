"""Lists of stock for people and machines: movements, the ledger of a product, and what is short. Constant statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core import sql
from inventory.pool_queries import NAMES
from inventory.rules.sourcing import GENERAL_KINDS

ZERO = Decimal(0)


@dataclass(frozen=True)
class MovementFilter:
    """None and empty: all. `before_id`: older than this one, for pages."""

    product_ids: Sequence[int] | None = None
    site_code: str = ""
    kinds: Sequence[str] = ()
    before_id: int | None = None


@dataclass(frozen=True)
class MovementLine:
    """One entry of the ledger: what it did to which place, by which document."""

    id: int
    product_id: int
    site: str
    lot: str
    status: str
    owner: str
    kind: str
    qty: Decimal
    source_kind: str
    source_id: int
    at: datetime
    actor: str
    reason: str


_MOVEMENTS = """
    SELECT m.id, b.product_id, s.code, coalesce(l.code, ''), b.status, b.owner, m.kind, m.qty, m.source_kind,
           m.source_id, m.at, m.actor_label, m.reason
    FROM inventory_stockmovement m JOIN inventory_stockbalance b ON b.id = m.balance_id
    JOIN inventory_site s ON s.id = b.site_id LEFT JOIN inventory_lot l ON l.id = b.lot_id
    WHERE (%(products)s::bigint[] IS NULL OR b.product_id = ANY(%(products)s::bigint[]))
      AND (%(site)s::text = '' OR s.code = %(site)s::text)
      AND (%(kinds)s::text[] IS NULL OR m.kind = ANY(%(kinds)s::text[]))
      AND (%(before)s::bigint IS NULL OR m.id < %(before)s::bigint)
    ORDER BY m.id DESC LIMIT %(limit)s::int"""


def find_movements(wanted: MovementFilter, *, limit: int) -> list[MovementLine]:
    """The newest first. One statement."""
    parameters = {
        "products": None if wanted.product_ids is None else list(wanted.product_ids),
        "site": wanted.site_code,
        "kinds": list(wanted.kinds) or None,
        "before": wanted.before_id,
        "limit": limit,
    }
    return [MovementLine(*row) for row in sql.rows(_MOVEMENTS, parameters)]


@dataclass(frozen=True)
class PoolFilter:
    """Empty and None: all. `account_ids`: pools that name one of these on the day, and the pools above those."""

    on: date
    kind: str = ""
    state: str = ""
    pool_ids: Sequence[int] | None = None
    account_ids: Sequence[int] | None = None
    before_id: int | None = None


@dataclass(frozen=True)
class PoolLine:
    """A pool in the words people know: codes, empty where it names none."""

    id: int
    code: str
    name: str
    kind: str
    state: str
    part_of: str
    who: str
    account: str
    group: str
    tier: str
    region: str
    sku: str
    category: str
    site: str
    site_region: str
    amount_kind: str
    amount: Decimal
    valid_from: date
    valid_to: date | None


_POOLS = f"""
    WITH RECURSIVE concerned(id, parent_id) AS (
        SELECT p.id, p.parent_id FROM inventory_pool p WHERE EXISTS (
            SELECT FROM accounts_account a WHERE a.id = ANY(%(accounts)s::bigint[]) AND {NAMES})
        UNION SELECT p.id, p.parent_id FROM concerned c JOIN inventory_pool p ON p.id = c.parent_id)
    SELECT p.id, p.code, p.name, p.kind, p.state, coalesce(above.code, ''), p.who, coalesce(a.code, ''),
           coalesce(g.code, ''), coalesce(t.code, ''), p.region, coalesce(i.sku, ''), coalesce(c.code, ''),
           coalesce(s.code, ''), p.site_region, p.amount_kind, p.amount, p.valid_from, p.valid_to
    FROM inventory_pool p LEFT JOIN inventory_pool above ON above.id = p.parent_id
    LEFT JOIN accounts_account a ON a.id = p.account_id LEFT JOIN accounts_accountgroup g ON g.id = p.group_id
    LEFT JOIN accounts_servicetier t ON t.id = p.tier_id LEFT JOIN catalog_product i ON i.id = p.product_id
    LEFT JOIN catalog_category c ON c.id = p.category_id LEFT JOIN inventory_site s ON s.id = p.site_id
    WHERE (%(kind)s::text = '' OR p.kind = %(kind)s::text) AND (%(state)s::text = '' OR p.state = %(state)s::text)
      AND (%(pools)s::bigint[] IS NULL OR p.id = ANY(%(pools)s::bigint[]))
      AND (%(accounts)s::bigint[] IS NULL OR p.id IN (SELECT id FROM concerned))
      AND (%(before)s::bigint IS NULL OR p.id < %(before)s::bigint)
    ORDER BY p.id DESC LIMIT %(limit)s::int"""


def find_pools(wanted: PoolFilter, *, limit: int) -> list[PoolLine]:
    """The newest first. One statement."""
    parameters = {
        "on": wanted.on,
        "kind": wanted.kind,
        "state": wanted.state,
        "pools": None if wanted.pool_ids is None else list(wanted.pool_ids),
        "accounts": None if wanted.account_ids is None else list(wanted.account_ids),
        "before": wanted.before_id,
        "limit": limit,
    }
    return [PoolLine(*row) for row in sql.rows(_POOLS, parameters)]


@dataclass(frozen=True)
class LedgerEvent:
    """Something that changed what can be had of a product: goods that moved, a claim made or ended.

    `qty` is signed by what it does to what is available; `kind`, `id` and `number` name the document behind it. `note` is
    the reason of a movement, the kind of a claim that is open, how one ended; `movement_id` is None for claims.
    """

    at: datetime
    what: str
    site: str
    lot: str
    qty: Decimal
    kind: str
    id: int
    number: str
    note: str
    movement_id: int | None = None


_LEDGER = """
    SELECT * FROM (
        SELECT m.at, m.kind, s.code, coalesce(l.code, ''), m.qty, m.source_kind, m.source_id, '', m.reason,
               m.id
        FROM inventory_stockmovement m JOIN inventory_stockbalance b ON b.id = m.balance_id
        JOIN inventory_site s ON s.id = b.site_id LEFT JOIN inventory_lot l ON l.id = b.lot_id
        WHERE b.product_id = %(product)s::bigint ORDER BY m.id DESC LIMIT %(limit)s::int) moved
    UNION ALL SELECT * FROM (
        SELECT c.opened_at, 'claimed', s.code, coalesce(l.code, ''), -c.qty, d.ref_kind, d.ref_id, d.ref_number,
               CASE c.state WHEN 'open' THEN c.kind ELSE c.ended END, NULL::bigint
        FROM inventory_claim c JOIN inventory_demand d ON d.id = c.demand_id
        JOIN inventory_stockbalance b ON b.id = c.balance_id JOIN inventory_site s ON s.id = b.site_id
        LEFT JOIN inventory_lot l ON l.id = b.lot_id
        WHERE d.product_id = %(product)s::bigint ORDER BY c.id DESC LIMIT %(limit)s::int) claimed
    UNION ALL SELECT * FROM (
        SELECT c.ended_at, 'freed', s.code, coalesce(l.code, ''), c.qty, d.ref_kind, d.ref_id, d.ref_number, c.ended,
               NULL::bigint
        FROM inventory_claim c JOIN inventory_demand d ON d.id = c.demand_id
        JOIN inventory_stockbalance b ON b.id = c.balance_id JOIN inventory_site s ON s.id = b.site_id
        LEFT JOIN inventory_lot l ON l.id = b.lot_id
        WHERE d.product_id = %(product)s::bigint AND c.state = 'closed' ORDER BY c.id DESC LIMIT %(limit)s::int) freed
    ORDER BY 1 DESC LIMIT %(limit)s::int"""


def ledger_of(product_id: int, *, limit: int) -> list[LedgerEvent]:
    """What happened to the product's stock, the newest first. One statement, whatever the history's length."""
    return [LedgerEvent(*row) for row in sql.rows(_LEDGER, {"product": product_id, "limit": limit})]


@dataclass(frozen=True)
class Shortage:
    """What of a product is wanted at a site (empty: at none in particular) by a day and has no stock."""

    product_id: int
    site: str
    day: date
    short: Decimal
    demands: int
    pegged: Decimal  # of it rests on inbound that has a date
    free: Decimal  # of the product lies free at general sites now: worth a run


_SHORTAGES = """
    WITH short AS (
        SELECT product_id, site_id, requested_date, sum(backordered_qty) AS qty, count(*) AS demands,
               array_agg(id) AS ids
        FROM inventory_demand WHERE backordered_qty > 0 AND ordered_qty > cancelled_qty + shipped_qty
        GROUP BY product_id, site_id, requested_date ORDER BY requested_date, sum(backordered_qty) DESC
        LIMIT %(limit)s::int)
    SELECT h.product_id, coalesce(s.code, ''), h.requested_date, h.qty, h.demands,
           (SELECT coalesce(sum(p.qty), 0) FROM inventory_promise p
             WHERE p.demand_id = ANY(h.ids) AND p.is_current AND p.kind = 'inbound'),
           (SELECT coalesce(sum(b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty), 0)
              FROM inventory_stockbalance b JOIN inventory_site t ON t.id = b.site_id
             WHERE b.product_id = h.product_id AND b.status = 'available' AND b.owner = '' AND t.is_active
               AND t.kind = ANY(%(kinds)s::text[]))
    FROM short h LEFT JOIN inventory_site s ON s.id = h.site_id ORDER BY h.requested_date, h.qty DESC"""


def shortages(*, limit: int) -> list[Shortage]:
    """What is short, by product, site and day: the earliest day first, then the most. One statement."""
    parameters = {"limit": limit, "kinds": [str(kind) for kind in GENERAL_KINDS]}
    return [Shortage(*row) for row in sql.rows(_SHORTAGES, parameters)]
