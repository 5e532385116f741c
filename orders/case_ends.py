"""What tells that the pushed cases of drafts are over. One statement each, whatever the number of cases."""

from collections.abc import Collection, Sequence
from datetime import datetime

from core import sql
from exceptions_app.rules.asks import CaseSnapshot

_KNOWN = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(orders)s::bigint[]) AS w(id, order_id) JOIN orders_order o ON o.id = w.order_id
 WHERE o.status <> 'draft' OR NOT EXISTS (SELECT FROM orders_orderline l WHERE l.order_id = o.id AND l.product_id IS NULL)
"""


def parts_are_known(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """Every line has its product, or the order is a draft no more (given up too)."""
    return _of_orders(_KNOWN, cases)


_NO_DRAFT = """
SELECT w.id FROM unnest(%(ids)s::bigint[], %(orders)s::bigint[]) AS w(id, order_id) JOIN orders_order o ON o.id = w.order_id
 WHERE o.status <> 'draft'
"""


def no_draft_any_more(cases: Sequence[CaseSnapshot], now: datetime) -> Collection[int]:
    """The order was submitted, or given up, from wherever."""
    return _of_orders(_NO_DRAFT, cases)


def _of_orders(statement: str, cases: Sequence[CaseSnapshot]) -> set[int]:
    named = [c for c in cases if c.subject.kind == "order"]
    asked = {"ids": [c.id for c in named], "orders": [c.subject.id for c in named]}
    return {pk for (pk,) in sql.rows(statement, asked)}
