"""Reads of a company's own rules for what its people order."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from core import sql
from orders.models import Order
from orders.rules.picture import OrderPicture
from orders.rules.purchase import Rule
from orders.states import OrderStatus, PurchaseRuleKind


class Head(NamedTuple):
    """Whose order it is, and how it came."""

    order_id: int
    account_id: int
    channel: str
    entered_by_id: int | None
    on_behalf_of_id: int | None


def heads(order_ids: Iterable[int]) -> dict[int, Head]:
    """Of the orders that exist. One statement."""
    rows = Order.objects.filter(pk__in=set(order_ids))
    found = rows.values_list("id", "account_id", "channel", "entered_by_id", "on_behalf_of_id")
    return {row[0]: Head(*row) for row in found}


# Raw, because every order of a customer's people asks.
_RULES = """
    SELECT account_id, kind, amount, product_class FROM orders_purchaserule
    WHERE account_id = ANY(%(accounts)s::bigint[]) AND is_active ORDER BY id"""


def rules_of(account_ids: Collection[int]) -> dict[int, tuple[Rule, ...]]:
    """The active rules of each account that has any. One statement."""
    found: dict[int, list[Rule]] = {}
    for account_id, kind, amount, product_class in sql.rows(_RULES, {"accounts": list(account_ids)}):
        found.setdefault(account_id, []).append(Rule(PurchaseRuleKind(kind), amount, product_class))
    return {i: tuple(rules) for i, rules in found.items()}


def shipped_to(orders: Collection[OrderPicture]) -> dict[int, frozenset[int]]:
    """{account id: addresses of submitted orders before these}. No statement for none."""
    if not orders:
        return {}
    rows = Order.objects.filter(
        account_id__in={o.account_id for o in orders},
        ship_to_id__in={i for o in orders for i in (o.ship_to_id, *(x.ship_to_id for x in o.lines)) if i is not None},
        status__in=[OrderStatus.SUBMITTED, OrderStatus.CLOSED],
    ).exclude(pk__in=[o.order_id for o in orders])
    found: dict[int, set[int]] = {}
    for account_id, ship_to_id in rows.values_list("account_id", "ship_to_id").distinct():
        found.setdefault(account_id, set()).add(ship_to_id)
    return {i: frozenset(places) for i, places in found.items()}
