"""Reads of allocation policies: which one a product is allocated by, and what the demands they rank are like."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from accounts.queries import account_snapshots
from accounts.rules.asks import AccountSnapshot
from accounts.states import ShipComplete
from core import codec, sql
from inventory.models import ServiceShortfall
from inventory.pool_queries import RULED_OF_PRODUCTS
from inventory.rules.policy import DEFAULT, Policy
from inventory.rules.policy_text import Names
from inventory.rules.sourcing import Terms

ZERO = Decimal(0)
HISTORY_DAYS = 90

_POLICIES = "SELECT id, code, name, version, definition, is_default FROM inventory_allocationpolicy"
# The use closest to the product: its own, then its category's, then those above.
_USES = """
    WITH RECURSIVE shelf(product_id, category_id, depth) AS (
        SELECT id, category_id, 1 FROM catalog_product
        WHERE id = ANY(%(products)s::bigint[]) AND category_id IS NOT NULL
        UNION ALL SELECT s.product_id, c.parent_id, s.depth + 1 FROM shelf s JOIN catalog_category c ON c.id = s.category_id
        WHERE c.parent_id IS NOT NULL)
    SELECT DISTINCT ON (product_id) product_id, policy_id FROM (
        SELECT u.product_id, u.policy_id, 0 AS depth FROM inventory_allocationpolicyuse u
        WHERE u.product_id = ANY(%(products)s::bigint[])
        UNION ALL SELECT s.product_id, u.policy_id, s.depth FROM shelf s
        JOIN inventory_allocationpolicyuse u ON u.category_id = s.category_id) used
    ORDER BY product_id, depth"""
_TERMS = """
    WITH RECURSIVE shelf(product_id, category_id) AS (
        SELECT id, category_id FROM catalog_product WHERE id = ANY(%(products)s::bigint[]) AND category_id IS NOT NULL
        UNION SELECT s.product_id, c.parent_id FROM shelf s JOIN catalog_category c ON c.id = s.category_id
        WHERE c.parent_id IS NOT NULL)
    SELECT p.id, p.order_multiple, ARRAY(SELECT category_id FROM shelf WHERE product_id = p.id)
    FROM catalog_product p WHERE p.id = ANY(%(products)s::bigint[])"""
_HISTORY = """
    SELECT d.account_id, d.product_id, sum(c.qty) FROM inventory_claim c JOIN inventory_demand d ON d.id = c.demand_id
    WHERE d.product_id = ANY(%(products)s::bigint[]) AND c.ended = 'shipped' AND c.ended_at >= %(since)s::date
      AND d.account_id IS NOT NULL GROUP BY 1, 2"""
_CODES = """
    SELECT 'group', upper(code), id FROM accounts_accountgroup WHERE upper(code) = ANY(%(group)s::text[])
    UNION ALL SELECT 'category', upper(code), id FROM catalog_category WHERE upper(code) = ANY(%(category)s::text[])
    UNION ALL SELECT 'account', upper(code), id FROM accounts_account WHERE upper(code) = ANY(%(account)s::text[])"""


@dataclass(frozen=True)
class Rules:
    """By what each product is allocated, and which have pools, safety stock or caps."""

    policies: Mapping[int, Policy]
    ruled: frozenset[int]
    explains_all: bool = False  # no short way, for a plan that people look at
    is_part: bool = False  # of a run over everything: what an order's lines hold elsewhere is dealt again there
    tied: frozenset[int] = frozenset()  # products of no policy of their own, in orders that another one's policy judges

    @cached_property
    def by_policy(self) -> set[int]:
        """The products whose run must know who is who."""
        return (
            set(self.policies)
            if self.explains_all
            else {i for i, policy in self.policies.items() if not policy.is_plain or i in self.ruled or i in self.tied}
        )

    @property
    def judging(self) -> set[int]:
        """The products whose policy judges orders as a whole."""
        return {i for i, policy in self.policies.items() if policy.passes is not None}

    @cached_property
    def dealt_again(self) -> set[int]:
        """The products whose firm claims are dealt too."""
        return {i for i, policy in self.policies.items() if not policy.is_plain}


def rules_of(product_ids: Collection[int], *, only: Policy | None = None, explains_all: bool = False) -> Rules:
    """The rules of the products; `only` puts one policy in the place of every other. Three statements, one round trip."""
    products = {"products": sorted(product_ids)}
    rows, uses, ruled = sql.answers(
        sql.Statement(_POLICIES, {}, list), sql.Statement(_USES, products, dict),
        sql.Statement(RULED_OF_PRODUCTS, products, list),
    )  # fmt: skip
    found = {pk: policy_of(*row) for pk, *row, _ in rows}
    default = next((found[pk] for pk, *_, is_default in rows if is_default), DEFAULT)
    policies = {i: only or found.get(uses.get(i), default) for i in product_ids}
    return Rules(policies, frozenset(i for (i,) in ruled), explains_all)


def policy_called(code: str) -> Policy | None:
    """The policy in force under this code, whatever the case. One statement."""
    rows = sql.rows(f"{_POLICIES} WHERE upper(code) = upper(%(code)s)", {"code": code})
    return policy_of(*rows[0][1:5]) if rows else None


def policies() -> list[Policy]:
    """All of them, the default first, then by name. One statement."""
    return [policy_of(*row[1:5]) for row in sql.rows(f"{_POLICIES} ORDER BY NOT is_default, name", {})]


def policy_of(code: str, name: str, version: int, definition: Any) -> Policy:
    loaded: Policy = codec.load(Policy, codec_input(definition))
    return replace(loaded, code=code, name=name, version=version)


def codec_input(definition: Any) -> Any:
    import json

    return json.loads(definition) if isinstance(definition, str) else definition


def ids_named(codes: Mapping[str, Collection[str]]) -> Names:
    """The ids of the accounts, groups and categories segments name. One statement, none for no codes."""
    if not any(codes.values()):
        return Names()
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for kind, code, pk in sql.rows(_CODES, {kind: sorted(some) for kind, some in codes.items()}):
        found[kind][code] = pk
    return Names(found["account"], found["group"], found["category"])


class Parties:
    """The accounts and products behind a run's demands. Two statements, one more for shares by history and one for
    targets of service."""

    def __init__(
        self,
        accounts: Iterable[int],
        product_ids: Collection[int],
        *,
        on: date,
        with_history: bool,
        with_targets: bool = False,
    ) -> None:
        self.accounts: Mapping[int, AccountSnapshot] = account_snapshots(accounts, on=on)
        rows = sql.rows(_TERMS, {"products": sorted(product_ids)})
        self.products = {pk: (multiple, frozenset(shelves)) for pk, multiple, shelves in rows}
        self.history: dict[tuple[int, int], Decimal] = {}
        if with_history:
            since = on - timedelta(days=HISTORY_DAYS)
            rows = sql.rows(_HISTORY, {"products": sorted(product_ids), "since": since})
            self.history = {(account, product): qty for account, product, qty in rows}
        self.behind: dict[int, tuple[Decimal, str]] = shortfalls(self.accounts) if with_targets else {}
        self._terms: dict[tuple[int | None, int], Terms] = {}

    def terms(self, account_id: int | None, product_id: int) -> Terms:
        pair = account_id, product_id
        if pair not in self._terms:
            lot, shelves = self.products[product_id]
            account = self.accounts.get(account_id) if account_id is not None else None
            self._terms[pair] = (
                Terms(category_ids=shelves, lot=lot)
                if account is None
                else Terms(
                    account.region,
                    account.group_ids,
                    shelves,
                    lot,
                    account.fair_share_weight,
                    account.order_lock_days,
                    *self.behind.get(account.id, ()),
                )
            )
        return self._terms[pair]


def shortfalls(account_ids: Iterable[int]) -> dict[int, tuple[Decimal, str]]:
    """{account: (points behind what its contract promises, in words)} of those that are behind. One statement."""
    rows = ServiceShortfall.objects.filter(account_id__in=list(account_ids))
    return {
        account_id: (points, words) for account_id, points, words in rows.values_list("account_id", "points", "words")
    }


# Materialized: few orders ship whole, while all the open lines of a run may be read to find them.
_TIES = """
    WITH waiting AS MATERIALIZED (
        SELECT DISTINCT w.ref_kind, w.ref_id FROM inventory_demand w JOIN accounts_account a ON a.id = w.account_id
        WHERE EXISTS (SELECT 1 FROM inventory_allocationpolicy WHERE definition ->> 'passes' IS NOT NULL)
          AND w.product_id = ANY(%(products)s::bigint[]) AND w.ordered_qty > w.cancelled_qty + w.shipped_qty
          AND w.backordered_qty + w.reserved_qty > 0 AND NOT w.is_blocked
          AND (coalesce(nullif(w.ship_complete, ''), a.ship_complete) = %(order)s OR a.min_order_percent > 0))
    SELECT array_agg(DISTINCT d.product_id ORDER BY d.product_id)
    FROM waiting w JOIN inventory_demand d ON d.ref_kind = w.ref_kind AND d.ref_id = w.ref_id
    WHERE d.backordered_qty + d.reserved_qty + d.allocated_qty > 0 AND NOT d.is_blocked AND d.account_id IS NOT NULL
    GROUP BY d.ref_kind, d.ref_id HAVING count(DISTINCT d.product_id) > 1 ORDER BY d.ref_kind, d.ref_id"""


def with_ties(rules: Rules) -> Rules:
    """With the products of no policy of their own that are in orders which ship whole beside one that is judged: they
    are planned with it. One statement, none where all products have a policy, or none of them judges orders."""
    if not rules.judging or rules.by_policy.issuperset(rules.policies):
        return rules
    ties = (tie for tie in ties_between(rules.policies) if not rules.judging.isdisjoint(tie))
    tied = {i for tie in ties for i in tie if i in rules.policies}
    return replace(rules, tied=frozenset(tied))


def ties_between(product_ids: Iterable[int]) -> list[tuple[int, ...]]:
    """The products of each order that waits for one of these and ships complete, or a percent of it, or not at all: they
    are allocated together. One statement; nothing where no policy judges orders."""
    rows = sql.rows(_TIES, {"products": list(product_ids), "order": ShipComplete.ORDER})
    return [tuple(products) for (products,) in rows]
