"""What tells that stock's pushed cases are over: everybody is served, or the goods are not there any more. One statement
each, whatever the number of cases."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from core import sql
from exceptions_app.rules.asks import CaseSnapshot

_SERVED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(kinds)s::text[], %(subjects)s::bigint[]) AS w(id, kind, subject)
 WHERE NOT EXISTS (
    SELECT FROM (
        SELECT b.product_id FROM inventory_stockbalance b WHERE w.kind = 'stock_balance' AND b.id = w.subject
        UNION ALL
        SELECT b.product_id FROM inventory_countline c JOIN inventory_stockbalance b ON b.id = c.balance_id
         WHERE w.kind = 'stock_count' AND c.count_id = w.subject
        UNION ALL
        SELECT l.product_id FROM inventory_lot l WHERE w.kind = 'lot' AND l.id = w.subject) p
      JOIN inventory_demand d ON d.product_id = p.product_id
     WHERE d.backordered_qty > 0 AND d.ordered_qty > d.cancelled_qty + d.shipped_qty)
"""


def served_again(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Stock gave way, and nobody waits for the product any more."""
    return _ids(_SERVED, {**_columns(cases), "kinds": [c.subject.kind for c in cases]})


_SCRAPPED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[]) AS w(id, subject)
 WHERE NOT EXISTS (SELECT FROM inventory_stockbalance b
                    WHERE b.lot_id = w.subject AND b.on_hand_qty > 0 AND b.status = 'expired')
"""


def scrapped(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Nothing of the expired lot is on hand any more."""
    return _ids(_SCRAPPED, _columns(cases))


_USED = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(subjects)s::bigint[], %(sites)s::text[]) AS w(id, subject, site)
 WHERE NOT EXISTS (SELECT FROM inventory_stockbalance b JOIN inventory_site s ON s.id = b.site_id
                    WHERE b.lot_id = w.subject AND b.on_hand_qty > 0 AND s.code = w.site)
"""


def left_the_field(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The lot that was to expire is used, or brought back; the cause is "<site>: <n> days"."""
    return _ids(_USED, {**_columns(cases), "sites": [c.cause_key.rpartition(":")[0] for c in cases]})


def _columns(cases: Sequence[CaseSnapshot]) -> dict[str, Any]:
    return {"ids": [c.id for c in cases], "subjects": [c.subject.id for c in cases]}


def _ids(statement: str, asked: Mapping[str, Any]) -> set[int]:
    return {pk for (pk,) in sql.rows(statement, asked)}
