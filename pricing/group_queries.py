"""Reads of what is agreed with buying groups beside prices: rebates of their members, chargebacks of distributors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from pricing.models import RebateProgram

CLAIM_DAYS = 90  # domain.md §3, where nothing else was agreed


@dataclass(frozen=True)
class RebateAsk:
    """What was bought: `key` is the caller's (an invoice line's id)."""

    key: int
    account_id: int
    product_id: int
    on: date


@dataclass(frozen=True)
class Rebate:
    program_id: int
    percent: Decimal


@dataclass(frozen=True)
class RebateProgramView:
    id: int
    code: str
    name: str


@dataclass(frozen=True)
class ChargebackBasis:
    """A group's contract on the day of a sale. `unit_price` None: the item is not on it."""

    group_id: int
    unit_price: Decimal | None
    claim_days: int
    price_tolerance: Decimal


_REBATES = """
WITH RECURSIVE wanted AS (
  SELECT * FROM unnest(%(keys)s::bigint[], %(accounts)s::bigint[], %(products)s::bigint[], %(days)s::date[])
         AS w(key, account_id, product_id, day)
), shelf(category_id, start, distance) AS (
  SELECT DISTINCT p.category_id, p.category_id, 0 FROM wanted w JOIN catalog_product p ON p.id = w.product_id
  UNION ALL
  SELECT c.parent_id, s.start, s.distance + 1 FROM shelf s JOIN catalog_category c ON c.id = s.category_id
   WHERE c.parent_id IS NOT NULL AND s.distance < 20
)
SELECT DISTINCT w.key, r.id, r.percent
  FROM wanted w JOIN catalog_product p ON p.id = w.product_id
  JOIN pricing_rebateprogram r ON r.valid_from <= w.day AND (r.valid_to IS NULL OR r.valid_to > w.day)
   AND (r.product_id IS NULL OR r.product_id = w.product_id)
   AND (r.category_id IS NULL
        OR EXISTS (SELECT FROM shelf s WHERE s.start = p.category_id AND s.category_id = r.category_id))
  JOIN accounts_groupmembership m ON m.group_id = r.group_id AND m.account_id = w.account_id
   AND m.valid_from <= w.day AND (m.valid_to IS NULL OR m.valid_to > w.day)
 ORDER BY w.key, r.id
"""
_BASIS = """
SELECT s.group_id,
       (SELECT r.unit_price FROM pricing_pricerow r
         WHERE r.source_id = s.id AND r.product_id = %(product)s AND r.min_qty <= %(qty)s AND r.unit = ''
           AND r.valid_from <= %(on)s AND (r.valid_to IS NULL OR r.valid_to > %(on)s)
           AND (r.tier = '' OR EXISTS (SELECT FROM pricing_tieractivation t
                 WHERE t.source_id = s.id AND t.account_id = %(member)s AND t.tier = r.tier
                   AND t.valid_from <= %(on)s AND (t.valid_to IS NULL OR t.valid_to > %(on)s)))
         ORDER BY r.tier <> '' DESC, r.min_qty DESC LIMIT 1),
       coalesce(b.claim_days, %(days)s), coalesce(b.price_tolerance, 0)
  FROM pricing_pricesource s
  LEFT JOIN pricing_contract c ON c.id = s.contract_id
  LEFT JOIN pricing_chargebackterms b ON b.group_id = s.group_id
   AND b.valid_from <= %(on)s AND (b.valid_to IS NULL OR b.valid_to > %(on)s)
 WHERE s.level = 'group' AND s.is_active AND s.currency = %(currency)s
   AND (upper(s.code) = upper(%(code)s) OR s.contract_id IS NOT NULL
    AND regexp_replace(upper(s.code), ' V[0-9]+$', '') = regexp_replace(upper(%(code)s), ' V[0-9]+$', ''))
   AND s.valid_from <= %(on)s AND (s.valid_to IS NULL OR s.valid_to > %(on)s)
   AND (c.id IS NULL OR c.is_active AND c.valid_from <= %(on)s AND c.valid_to > %(on)s)
 ORDER BY upper(s.code) = upper(%(code)s) DESC, s.id LIMIT 1
"""


def has_rebates() -> bool:
    return RebateProgram.objects.exists()


def rebates_on(asks: Sequence[RebateAsk]) -> dict[int, list[Rebate]]:
    """{key: the programs that owe a rebate for it}: the account was a member on that day, the product is meant. 1 SQL."""
    if not asks:
        return {}
    columns = zip(*((a.key, a.account_id, a.product_id, a.on) for a in asks), strict=True)
    found: dict[int, list[Rebate]] = {}
    with connection.cursor() as cursor:
        named = dict(zip(("keys", "accounts", "products", "days"), map(list, columns), strict=True))
        cursor.execute(_REBATES, named)
        for key, program_id, percent in cursor.fetchall():
            found.setdefault(key, []).append(Rebate(program_id, percent))
    return found


def rebate_programs(ids: Iterable[int] | None = None) -> list[RebateProgramView]:
    """By code; without ids the first 500. 1 SQL."""
    rows = RebateProgram.objects.order_by("code")
    rows = rows[:500] if ids is None else rows.filter(pk__in=list(ids))
    return [RebateProgramView(*row) for row in rows.values_list("pk", "code", "name")]


def chargeback_basis(
    code: str, *, product_id: int | None, member_id: int | None, qty: Decimal, currency: str, on: date
) -> ChargebackBasis | None:
    """The group's contract of that code on the day, in whichever version ("GPO-1" is also "GPO-1 v2"), with the price a
    member has there (that of its tier before that of every member) and what a claim has to keep to; None: not in force.
    1 SQL."""
    asked = {"code": code, "product": product_id, "member": member_id, "qty": qty, "currency": currency, "on": on}
    with connection.cursor() as cursor:
        cursor.execute(_BASIS, {**asked, "days": CLAIM_DAYS})
        row = cursor.fetchone()
    return ChargebackBasis(*row) if row else None
