"""What stock is free to be claimed, read without a lock: hints that the guarded claim checks again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from core import arrays, sql
from inventory.locks import SOLD_OUT
from inventory.rules.sourcing import GENERAL_KINDS, Supply

_KINDS = arrays.written([str(kind) for kind in GENERAL_KINDS])  # once, not with every claim

_FREE = """
    SELECT b.id, b.product_id, b.site_id,
           b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty,
           s.rank, s.code, s.kind = ANY(%(kinds)s::text[]), s.transit_days, b.lot_id, l.expiry_date
    FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id LEFT JOIN inventory_lot l ON l.id = b.lot_id
    WHERE b.product_id = ANY({products}) AND b.status = 'available' AND b.owner = '' AND s.is_active
      AND NOT coalesce(l.is_recalled, false)
      AND {wanted}"""
_MORE_THAN_NOTHING = "b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty > 0"
_FREE_FOR_DEMANDS = _FREE.format(
    products="ARRAY(SELECT product_id FROM inventory_demand WHERE id = ANY(%(demands)s::bigint[]))",
    wanted=_MORE_THAN_NOTHING,
)
# With a row that has no balance for each product of which nothing is left.
_FREE_OR_SOLD_OUT = f"""{_FREE_FOR_DEMANDS}
    UNION ALL
    SELECT NULL, product_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM ({SOLD_OUT}) sold_out"""
_FREE_OF_PRODUCTS = _FREE.format(
    products="%(products)s::bigint[]",
    wanted=f"""({_MORE_THAN_NOTHING} OR b.id = ANY(%(back)s::bigint[]))
      AND (%(only)s::bigint[] IS NULL OR b.id = ANY(%(only)s::bigint[]) OR b.id > %(above)s::bigint)""",
)


def free_stock(
    product_ids: Collection[int],
    *,
    coming_back: Mapping[int, Decimal] | None = None,
    locked: Collection[int] | None = None,
) -> list[Supply]:
    """Our own unclaimed stock of good status at active sites, not locked: a hint the guarded claim checks again.

    `coming_back` (balance id → qty) counts as free: claims that ended, not yet written. With `locked`, only those
    balances and such as come after them in lock order. One statement.
    """
    back = coming_back or {}
    only = None if locked is None else list(locked)
    parameters = {
        "products": list(product_ids),
        "back": list(back),
        "only": only,
        "kinds": _KINDS,
        "above": max(only or [0]),
    }
    return _with_back(sql.rows(_FREE_OF_PRODUCTS, parameters), back)


class Free(NamedTuple):
    """What is free, and the products of which neither anything is nor will be: inbound is promised to the last unit."""

    supplies: list[Supply]
    sold_out: set[int]


def reading_free_stock(demand_ids: Collection[int]) -> sql.Statement[Free]:
    """The same for the products of these demands, to be read in somebody's round trip."""
    ids = list(demand_ids)
    return sql.Statement(_FREE_OR_SOLD_OUT, {"demands": ids, "own": ids, "kinds": _KINDS}, _free_or_sold_out)


def _free_or_sold_out(rows: list[tuple[Any, ...]]) -> Free:
    supplies = [Supply._make(row) for row in rows if row[0] is not None]
    return Free(supplies, set() if len(supplies) == len(rows) else {row[1] for row in rows if row[0] is None})


def reading_free_stock_of(
    product_ids: Collection[int], coming_back: Mapping[int, Decimal] | None = None
) -> sql.Statement[list[Supply]]:
    """The same for these products, to be read in somebody's round trip."""
    back = coming_back or {}
    parameters = {"products": list(product_ids), "back": list(back), "only": None, "kinds": _KINDS, "above": 0}
    return sql.Statement(_FREE_OF_PRODUCTS, parameters, lambda rows: _with_back(rows, back))


def _with_back(rows: Iterable[Sequence[Any]], back: Mapping[int, Decimal]) -> list[Supply]:
    found = map(Supply._make, rows)
    return [s._replace(qty=s.qty + back[s.balance_id]) if s.balance_id in back else s for s in found]
