"""Reads of what somebody with the authority allowed on single orders."""

from collections import defaultdict
from collections.abc import Collection

from orders.models import AllowedProduct


def allowed_rules(order_ids: Collection[int]) -> dict[tuple[int, int], set[str]]:
    """{(order_id, product_id): the authorizations set aside for it}. 1 SQL."""
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    rows = AllowedProduct.objects.filter(order_id__in=order_ids)
    for order_id, product_id, rules in rows.values_list("order_id", "product_id", "rules"):
        found[order_id, product_id].update(rules)
    return dict(found)
