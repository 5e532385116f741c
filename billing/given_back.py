"""What came back of order lines and was credited: told to orders, which reprice only what a customer kept."""

from collections.abc import Collection
from decimal import Decimal

from core import sql

_GIVEN_BACK = """
SELECT order_line_id, sum(credited_qty) FROM billing_invoiceline
 WHERE order_line_id = ANY(%(lines)s::bigint[]) AND rebills_id IS NULL AND credited_qty > 0 GROUP BY order_line_id
"""


def given_back(order_line_ids: Collection[int]) -> dict[int, Decimal]:
    """Base units by order line; absent: none. What was rebilled of the same goods is not counted again. One statement."""
    return dict(sql.rows(_GIVEN_BACK, {"lines": list(order_line_ids)}))
