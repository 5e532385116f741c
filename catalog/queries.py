"""Reads of the catalog: batch-shaped, a constant number of SQL statements for 1 and for 500 lines."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.search import TrigramSimilarity
from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Greatest, Upper

from accounts import queries as account_queries
from accounts.rules.asks import AccountSnapshot
from catalog.models import AuthorizationRule, Category, CustomerPartNumber, License, Product, Substitution
from catalog.rules import eligibility, licences, parts, scans
from catalog.rules.asks import (
    AuthorizationView,
    Eligibility,
    EligibilityItem,
    KitPart,
    LicenceView,
    PartMatch,
    PartQuery,
    ProductSnapshot,
    Scan,
    Substitute,
    UnitFactor,
    Violation,
)
from catalog.rules.circles import way_up
from catalog.states import Effect, LicenceState, ProductStatus, Tracking
from core import sql, uow
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
               FROM catalog_productunit WHERE product_id = ANY(%(ids)s::bigint[]) GROUP BY product_id) u
         ON u.product_id = p.id
 WHERE p.id = ANY(%(ids)s::bigint[])
"""


@once_per_unit
def product_snapshots(product_ids: Iterable[int]) -> dict[int, ProductSnapshot]:
    """The products with their units. Unknown ids are absent. 1 SQL."""
    if not (ids := list(set(product_ids))):
        return {}
    return {row[0]: _snapshot(row) for row in sql.rows(_SNAPSHOTS, {"ids": ids})}


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
        cursor.execute(_KNOWN_PARTS, parts.as_arrays(asked))
        rows = cursor.fetchall()
    known: dict[tuple[str, int], set[tuple[int, str]]] = defaultdict(set)
    for how, n, product_id, unit in rows:
        known[how, n].add((product_id, unit))
    return parts.match(asked, known)


def part_numbers_of(account_id: int) -> dict[int, str]:
    """{product: what the account calls it}, of active products, by SKU; the last number where it has several. 1 SQL."""
    rows = CustomerPartNumber.objects.filter(
        account_id=account_id, ended_at__isnull=True, product__status=ProductStatus.ACTIVE
    )
    return dict(rows.order_by("product__sku", "id").values_list("product_id", "part_number"))


def scan(codes: Sequence[str], *, account_id: int | None = None) -> list[Scan]:
    """Each code in the order given: a barcode, a GS1 element string, our SKU, the maker's number or (with `account_id`)
    the customer's; or why it is none of them. 2 SQL."""
    readings = [scans.read(code) for code in codes]
    asked = [
        PartQuery(str(n), account_id, r.gtin or r.code, "UK" if r.gtin else "")
        for n, r in enumerate(readings)
        if isinstance(r, scans.Reading)
    ]
    found = resolve_parts(asked)
    products = product_snapshots(match.product_id for match in found.values())
    matches = [found.get(str(n)) for n in range(len(codes))]
    return [scans.answer(*one, products) for one in zip(codes, readings, matches, strict=True)]


_KITS_BELOW = """
WITH RECURSIVE below(kit_id) AS (
    SELECT id FROM catalog_product WHERE upper(sku) = ANY(%s)
    UNION
    SELECT k.component_id FROM below JOIN catalog_kitcomponent k ON k.kit_id = below.kit_id
)
SELECT kit.sku, component.sku FROM below JOIN catalog_kitcomponent k USING (kit_id)
  JOIN catalog_product kit ON kit.id = k.kit_id JOIN catalog_product component ON component.id = k.component_id
"""


def kits_below(skus: Iterable[str]) -> dict[str, set[str]]:
    """{SKU of a kit: SKUs of what goes into it} of these products and of everything in them, to the last. 1 SQL."""
    found: dict[str, set[str]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_KITS_BELOW, [sorted({sku.upper() for sku in skus})])
        for kit, component in cursor.fetchall():
            found[kit].add(component)
    return found


_KIT_PARTS = """
WITH RECURSIVE parts(kit_id, component_id, qty, path) AS (
    SELECT kit_id, component_id, qty::numeric, ARRAY[kit_id, component_id] FROM catalog_kitcomponent
     WHERE kit_id = ANY(%s)
    UNION ALL
    SELECT parts.kit_id, deeper.component_id, parts.qty * deeper.qty, parts.path || deeper.component_id
      FROM parts JOIN catalog_kitcomponent deeper ON deeper.kit_id = parts.component_id
     WHERE deeper.component_id <> ALL(parts.path)
)
SELECT kit_id, component_id, sum(qty) FROM parts
 WHERE NOT EXISTS (SELECT FROM catalog_kitcomponent below WHERE below.kit_id = parts.component_id)
 GROUP BY kit_id, component_id ORDER BY kit_id, component_id
"""


def kit_components(product_ids: Iterable[int]) -> dict[int, tuple[KitPart, ...]]:
    """{kit id: what goes into one}; what is no kit is absent. Kits inside kits are taken apart to the last component, so
    that one that comes twice is counted once, in sum. 1 SQL."""
    found: dict[int, list[KitPart]] = defaultdict(list)
    if ids := list(set(product_ids)):
        with connection.cursor() as cursor:
            cursor.execute(_KIT_PARTS, [ids])
            for kit_id, component_id, qty in cursor.fetchall():
                found[kit_id].append(KitPart(component_id, qty))
    return {kit_id: tuple(components) for kit_id, components in found.items()}


def substitutes(product_ids: Iterable[int], *, on: date) -> dict[int, tuple[Substitute, ...]]:
    """{product id: what may stand in on that day}, the best first; only what is sold. Products without one are absent.
    1 SQL."""
    in_force = _in_force(on) & Q(product_id__in=set(product_ids), substitute__status=ProductStatus.ACTIVE)
    rows = Substitution.objects.filter(in_force).order_by("product_id", "priority", "id")
    found: dict[int, list[Substitute]] = defaultdict(list)
    columns = ("substitute_id", "substitute__sku", "substitute__name", "ratio", "priority", "needs_consent")
    for product_id, *values in rows.values_list("product_id", *columns):
        found[product_id].append(Substitute(*values))
    return {product_id: tuple(stand_ins) for product_id, stand_ins in found.items()}


def _in_force(on: date) -> Q:
    begun = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    return begun & (Q(valid_to__isnull=True) | Q(valid_to__gt=on))


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


def explain_eligibility(items: Iterable[EligibilityItem], *, on: date) -> dict[str, Eligibility]:
    """{key: the same decision as check_eligibility with its reasons, also of a sale that is allowed}. At most 5 SQL."""
    asked = list(items)
    account_ids = {i.account_id for i in asked}
    rules = _rules_in_force(on, account_ids)
    parties = _parties(account_ids, rules, on)
    goods = _items({i.product_id for i in asked}, rules)
    found: dict[str, Eligibility] = {}
    for one in asked:
        violations = tuple(_violations_of(one, parties, goods, rules, on))
        party, item = parties.get(one.account_id), goods.get(one.product_id)
        if party is None or item is None:
            why = violations[0].explanation
        else:
            why, _objection = eligibility.judgement(party, item, rules, on=on)
        found[one.key] = Eligibility(not violations, violations, why)
    return found


def authorizations_of(product_id: int, *, on: date, limit: int = 50) -> list[AuthorizationView]:
    """The rules that reach a product, those in force first, those about the product itself before its category's. 4 SQL."""
    snapshot = product_snapshots([product_id]).get(product_id)
    if snapshot is None:
        return []
    above = way_up(snapshot.category_id, dict(Category.objects.values_list("id", "parent_id")))
    reaching = Q(product_id=product_id) | Q(product__isnull=True)
    reaching &= Q(category_id__in=above) | Q(category__isnull=True)
    reaching &= Q(regulated_class__in=("", snapshot.regulated_class))
    rows = AuthorizationRule.objects.filter(reaching).alias(holds=_in_force(on))
    related = rows.select_related("account", "group", "tier", "territory", "product", "category")
    ordered = related.order_by(
        "-holds", F("product_id").asc(nulls_last=True), F("category_id").asc(nulls_last=True), "id"
    )
    return [_authorization(row, on) for row in ordered[:limit]]


def _authorization(row: AuthorizationRule, on: date) -> AuthorizationView:
    whom = [str(who) for who in (row.account, row.group, row.tier, row.territory) if who]
    what = [str(thing) for thing in (row.product, row.category, row.regulated_class) if thing]
    begun = row.valid_from is None or row.valid_from <= on
    holds = begun and (row.valid_to is None or on < row.valid_to)
    named = (" and ".join(whom), " and ".join(what))
    return AuthorizationView(
        row.pk, row.name, row.effect, *named, row.license_kind, row.valid_from, row.valid_to, holds
    )


def licences_expiring(*, now: datetime, within_days: int = licences.SOON_DAYS) -> list[LicenceView]:
    """Licences that are valid today and end within so many days, the soonest first; today is the account's. 3 SQL."""
    near = (now.date() - timedelta(days=1), now.date() + timedelta(days=within_days + 1))
    rows = list(License.objects.filter(valid_to__range=near, revoked_date__isnull=True).order_by("valid_to", "id"))
    accounts = account_queries.account_snapshots({row.account_id for row in rows}, on=now.date())
    found = [_licence(r, now.astimezone(ZoneInfo(accounts[r.account_id].time_zone)).date(), within_days) for r in rows]
    return [licence for licence in found if licence.state == LicenceState.EXPIRES_SOON]


def licences_of(account_id: int, *, now: datetime) -> list[LicenceView]:
    """The account's licences on its day, the latest first. 2 SQL."""
    accounts = account_queries.account_snapshots([account_id], on=now.date())
    if account_id not in accounts:
        return []
    today = now.astimezone(ZoneInfo(accounts[account_id].time_zone)).date()
    rows = License.objects.filter(account_id=account_id).order_by("-valid_from", "-id")
    return [_licence(row, today, licences.SOON_DAYS) for row in rows]


def _licence(row: License, on: date, soon_days: int) -> LicenceView:
    state = licences.state(
        valid_from=row.valid_from, valid_to=row.valid_to, revoked_date=row.revoked_date, on=on, soon_days=soon_days
    )
    return LicenceView(row.pk, row.account_id, row.kind, row.number, row.valid_from, row.valid_to, state)


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
    valid &= Q(revoked_date__isnull=True) | Q(revoked_date__gt=on)
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


def standard_costs(product_ids: Iterable[int]) -> dict[int, Decimal]:
    """{product: cost per base unit} of those that have one. 1 SQL, none for products this unit of work knows already."""
    if uow.current() is not None:
        snapshots = product_snapshots(product_ids).values()
        return {p.id: p.standard_cost for p in snapshots if p.standard_cost is not None}
    rows = Product.objects.filter(id__in=list(product_ids), standard_cost__isnull=False)
    return {pk: cost for pk, cost in rows.values_list("id", "standard_cost") if cost is not None}


def products_within(category_ids: Iterable[int], product_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """{category: those of the products that are in it or below it}. 2 SQL."""
    parents: dict[int, int | None] = dict(Category.objects.values_list("id", "parent_id"))
    paths = {p.id: set(way_up(p.category_id, parents)) for p in product_snapshots(product_ids).values()}
    return {c: frozenset(p for p, path in paths.items() if c in path) for c in set(category_ids)}


def _items(product_ids: set[int], rules: list[eligibility.Rule]) -> dict[int, eligibility.Item]:
    names_category = any(rule.category_id is not None for rule in rules)
    parents: dict[int, int | None] = dict(Category.objects.values_list("id", "parent_id")) if names_category else {}
    return {
        p.id: eligibility.Item(p.id, p.sku, p.status, way_up(p.category_id, parents), p.regulated_class)
        for p in product_snapshots(product_ids).values()
    }


_RULES = f"""
SELECT {", ".join(eligibility.Rule.__dataclass_fields__)} FROM catalog_authorizationrule
 WHERE (valid_from IS NULL OR valid_from <= %(on)s) AND (valid_to IS NULL OR valid_to > %(on)s)
   AND (account_id IS NULL OR account_id = ANY(%(accounts)s::bigint[]))
 ORDER BY id
"""


def _rules_in_force(on: date, account_ids: set[int]) -> list[eligibility.Rule]:
    found = sql.rows(_RULES, {"accounts": list(account_ids), "on": on})
    return [eligibility.Rule(pk, name, Effect(effect), *rest) for pk, name, effect, *rest in found]
