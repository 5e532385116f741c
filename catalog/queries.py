"""Reads of the catalog: batch-shaped, a constant number of SQL statements for 1 and for 500 lines."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Greatest, Upper

from accounts import queries as account_queries
from accounts.rules.asks import AccountSnapshot
from catalog.models import Category, License, Product
from catalog.rules import eligibility, parts
from catalog.rules.asks import (
    EligibilityItem,
    PartMatch,
    PartQuery,
    ProductSnapshot,
    UnitFactor,
    Violation,
)
from catalog.states import Effect, ProductStatus, Tracking
from core.memo import once_per_unit

# fmt: off
_PRODUCT_COLUMNS = (
    "id", "sku", "name", "base_unit", "order_multiple", "min_order_qty", "max_order_qty", "tracking",
    "status", "standard_cost", "category_id", "regulated_class", "shelf_life_days", "weight_kg", "cube_m3",
    "gtin", "public_id",
)
# fmt: on
# Raw, because every order asks; a product's units come as three arrays beside it.
_SNAPSHOTS = f"""
SELECT {", ".join("p." + column for column in _PRODUCT_COLUMNS)}, u.codes, u.numerators, u.denominators
  FROM catalog_product p
  LEFT JOIN (SELECT product_id, array_agg(code) AS codes, array_agg(numerator) AS numerators,
                    array_agg(denominator) AS denominators
               FROM catalog_productunit WHERE product_id = ANY(%(ids)s) GROUP BY product_id) u ON u.product_id = p.id
 WHERE p.id = ANY(%(ids)s)
"""


@once_per_unit
def product_snapshots(product_ids: Iterable[int]) -> dict[int, ProductSnapshot]:
    """The products with their units. Unknown ids are absent. 1 SQL."""
    if not (ids := list(set(product_ids))):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOTS, {"ids": ids})
        return {row[0]: _snapshot(row) for row in cursor.fetchall()}


def _snapshot(values: Sequence[Any]) -> ProductSnapshot:
    *columns, codes, numerators, denominators = values
    factors = zip(codes or (), numerators or (), denominators or (), strict=True)
    units = {code.upper(): UnitFactor(numerator, denominator) for code, numerator, denominator in factors}
    row = dict(zip(_PRODUCT_COLUMNS, columns, strict=True))
    row |= {
        "tracking": Tracking(row["tracking"]),
        "status": ProductStatus(row["status"]),
        "public_id": str(row["public_id"]),
    }
    return ProductSnapshot(**row, units=units)


_BY_SKU = """
SELECT wanted.key, product.id FROM unnest(%(keys)s::text[], %(skus)s::text[]) AS wanted(key, sku)
  JOIN catalog_product product ON upper(product.sku) = upper(wanted.sku)
"""


def products_by_sku(skus: Iterable[str]) -> dict[str, int]:
    """{SKU: product_id} in upper case, however the SKUs were written; unknown ones are absent. 1 SQL.

    The database compares, so that its idea of upper case and its unique index are one.
    """
    wanted = [sku.strip() for sku in set(skus)]
    with connection.cursor() as cursor:
        cursor.execute(_BY_SKU, {"keys": [sku.upper() for sku in wanted], "skus": wanted})
        return dict(cursor.fetchall())


def names(product_ids: Iterable[int]) -> dict[int, str]:
    """{id: "SKU Name"}. 1 SQL."""
    rows = Product.objects.filter(id__in=set(product_ids)).values_list("id", "sku", "name")
    return {pk: f"{sku} {name}" for pk, sku, name in rows}


# Each branch is answered by its own index. `n` is the question's place; `how` the word of catalog.rules.parts.
_KNOWN_PARTS = """
SELECT 'sku', n, product.id, '' FROM unnest(%(sku_n)s::int[], %(sku)s::text[]) AS wanted(n, code)
  JOIN catalog_product product ON upper(product.sku) = upper(wanted.code)
UNION ALL
SELECT 'customer_part', n, part.product_id, ''
  FROM unnest(%(part_n)s::int[], %(part_account)s::bigint[], %(part)s::text[]) AS wanted(n, account_id, code)
  JOIN catalog_customerpartnumber part
    ON part.account_id = wanted.account_id AND upper(part.part_number) = upper(wanted.code)
   AND part.ended_at IS NULL
UNION ALL
SELECT 'gtin', n, product.id, '' FROM unnest(%(gtin_n)s::int[], %(gtin)s::text[]) AS wanted(n, code)
  JOIN catalog_product product ON product.gtin = wanted.code AND product.gtin <> ''
UNION ALL
SELECT 'gtin', n, unit.product_id, unit.code FROM unnest(%(gtin_n)s::int[], %(gtin)s::text[]) AS wanted(n, code)
  JOIN catalog_productunit unit ON unit.gtin = wanted.code AND unit.gtin <> ''
UNION ALL
SELECT 'maker_part', n, product.id, '' FROM unnest(%(maker_n)s::int[], %(maker)s::text[]) AS wanted(n, code)
  JOIN catalog_product product
    ON upper(product.manufacturer_part) = upper(wanted.code) AND product.manufacturer_part <> ''
"""


def resolve_parts(queries: Sequence[PartQuery]) -> dict[str, PartMatch]:
    """{key: PartMatch}; a key without a match is absent. Precedence and qualifiers: catalog.rules.parts. 1 SQL."""
    asked = [q for q in queries if q.code.strip()]
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN_PARTS, _part_parameters(asked))
        rows = cursor.fetchall()
    known: dict[tuple[str, int], set[tuple[int, str]]] = defaultdict(set)
    for how, n, product_id, unit in rows:
        known[how, n].add((product_id, unit))
    return parts.match(asked, known)


def _part_parameters(asked: Sequence[PartQuery]) -> dict[str, list[Any]]:
    """The questions as arrays, each kind of number only for the qualifiers that allow it."""

    def of(how: str) -> list[tuple[int, PartQuery]]:
        return [(n, q) for n, q in enumerate(asked) if how in parts.ways(q.qualifier)]

    skus, makers = of(parts.SKU), of(parts.MAKER_PART)
    theirs = [(n, q) for n, q in of(parts.CUSTOMER_PART) if q.account_id is not None]
    gtins = [(n, spelling) for n, q in of(parts.GTIN) for spelling in parts.gtin_spellings(q.code)]
    return {
        "sku_n": [n for n, _ in skus],
        "sku": [q.code.strip() for _, q in skus],
        "part_n": [n for n, _ in theirs],
        "part_account": [q.account_id for _, q in theirs],
        "part": [q.code.strip() for _, q in theirs],
        "gtin_n": [n for n, _ in gtins],
        "gtin": [spelling for _, spelling in gtins],
        "maker_n": [n for n, _ in makers],
        "maker": [q.code.strip() for _, q in makers],
    }


def suggest_skus(text: str, *, limit: int = 3) -> list[tuple[str, str]]:
    """[(sku, name)] of active products most like `text` (did you mean …), the likeliest first. 1 SQL."""
    words = text.strip().upper()
    if not words:
        return []
    like = Q(upper_sku__trigram_similar=words) | Q(upper_name__trigram_similar=words)
    rows = (
        Product.objects.filter(status=ProductStatus.ACTIVE)
        .annotate(upper_sku=Upper("sku"), upper_name=Upper("name"))
        .filter(like)
        .annotate(likeness=Greatest(TrigramSimilarity(Upper("sku"), words), TrigramSimilarity(Upper("name"), words)))
        .order_by("-likeness", "sku")
    )
    return list(rows.values_list("sku", "name")[:limit])


def search_products(text: str, *, limit: int = 20) -> list[ProductSnapshot]:
    """Active products whose SKU or name contains `text`, SKUs that start with it first. 2 SQL."""
    words = text.strip()
    named = Q(sku__icontains=words) | Q(name__icontains=words)
    rows = Product.objects.filter(named, status=ProductStatus.ACTIVE).alias(starts=Q(sku__istartswith=words))
    ids = list(rows.order_by("-starts", "sku").values_list("id", flat=True)[:limit])
    found = product_snapshots(ids)
    return [found[i] for i in ids]


def check_eligibility(items: Iterable[EligibilityItem], *, on: date) -> list[Violation]:
    """All that forbids these sales on that day, in the order asked; empty when all are allowed. At most 5 SQL.

    Licences and categories are read only where a rule in force asks for one; accounts and products once per unit.

    An account or product that does not exist is a violation too ("unknown_account", "unknown_product").
    """
    asked = list(items)
    if not asked:
        return []
    account_ids = {i.account_id for i in asked}
    rules = _rules_in_force(on, account_ids)
    parties = _parties(account_ids, rules, on)
    goods = _items({i.product_id for i in asked}, rules)
    return [v for i in asked for v in _violations_of(i, parties, goods, rules, on)]


def _violations_of(
    asked: EligibilityItem,
    parties: dict[int, eligibility.Party],
    goods: dict[int, eligibility.Item],
    rules: list[eligibility.Rule],
    on: date,
) -> list[Violation]:
    party, item = parties.get(asked.account_id), goods.get(asked.product_id)
    if party is None:
        return [eligibility.unknown(asked.key, "account")]
    if item is None:
        return [eligibility.unknown(asked.key, "product")]
    return eligibility.violations(asked.key, party, item, rules, on=on)


def _parties(account_ids: set[int], rules: list[eligibility.Rule], on: date) -> dict[int, eligibility.Party]:
    asks_for_licence = any(rule.license_kind for rule in rules)
    licences = _licences(account_ids, on) if asks_for_licence else {}
    snapshots = account_queries.account_snapshots(account_ids, on=on)
    return {pk: _party(a, frozenset(licences.get(pk, ()))) for pk, a in snapshots.items()}


def _licences(account_ids: set[int], on: date) -> dict[int, set[str]]:
    licences: dict[int, set[str]] = defaultdict(set)
    valid = Q(valid_from__lte=on) & (Q(valid_to__isnull=True) | Q(valid_to__gt=on))
    for account_id, kind in License.objects.filter(valid, account_id__in=account_ids).values_list("account_id", "kind"):
        licences[account_id].add(kind)
    return licences


def _party(account: AccountSnapshot, licences: frozenset[str]) -> eligibility.Party:
    return eligibility.Party(
        account_id=account.id,
        name=account.name,
        status=account.status,
        group_ids=account.group_ids,
        tier_id=account.tier_id,
        territory_id=account.territory_id,
        licences=licences,
    )


def _items(product_ids: set[int], rules: list[eligibility.Rule]) -> dict[int, eligibility.Item]:
    names_category = any(rule.category_id is not None for rule in rules)
    parents: dict[int, int | None] = dict(Category.objects.values_list("id", "parent_id")) if names_category else {}
    return {
        p.id: eligibility.Item(p.id, p.sku, p.status, _up_from(p.category_id, parents), p.regulated_class)
        for p in product_snapshots(product_ids).values()
    }


def _up_from(category_id: int | None, parents: dict[int, int | None]) -> tuple[int, ...]:
    path: list[int] = []
    while category_id is not None and category_id not in path:
        path.append(category_id)
        category_id = parents.get(category_id)
    return tuple(path)


_RULES = f"""
SELECT {", ".join(eligibility.Rule.__dataclass_fields__)} FROM catalog_authorizationrule
 WHERE (valid_from IS NULL OR valid_from <= %(on)s) AND (valid_to IS NULL OR valid_to > %(on)s)
   AND (account_id IS NULL OR account_id = ANY(%(accounts)s))
 ORDER BY id
"""


def _rules_in_force(on: date, account_ids: set[int]) -> list[eligibility.Rule]:
    with connection.cursor() as cursor:
        cursor.execute(_RULES, {"accounts": list(account_ids), "on": on})
        return [eligibility.Rule(pk, name, Effect(effect), *rest) for pk, name, effect, *rest in cursor.fetchall()]
