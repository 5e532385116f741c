"""Reads of what somebody with the authority allowed on single orders."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from orders.models import AllowedProduct

ZERO = Decimal(0)


def allowed_rules(order_ids: Collection[int]) -> dict[tuple[int, int, int], dict[str, Decimal]]:
    """{(order_id, line number, product_id): {authorization set aside: for a line of at most so many base units}}. 1 SQL."""
    found: dict[tuple[int, int, int], dict[str, Decimal]] = defaultdict(dict)
    rows = AllowedProduct.objects.filter(order_id__in=order_ids)
    for order_id, line_no, product_id, qty, rules in rows.values_list(
        "order_id", "line_no", "product_id", "qty", "rules"
    ):
        most = found[order_id, line_no, product_id]
        most.update({rule: max(qty, most.get(rule, ZERO)) for rule in rules})
    return dict(found)
