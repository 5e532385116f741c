"""The statement that fetches every price that may apply, with what else prices are made of, in one round trip.

One row a source, its prices as arrays: a source's columns travel once, not once a price. The first row carries the
adjustments and the tables of tax and freight, as JSON with the numbers in quotes, so that no digit is lost.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.rules.asks import AccountSnapshot
from core import sql
from core.money import EXACT, round_price
from core.rates import GOOD_FOR
from pricing.rules.adjusting import Adjustment
from pricing.rules.estimate import RegionRate
from pricing.rules.scope import Activation, Span, Whom
from pricing.rules.waterfall import NO_RATE, Row, Source

ProductRow = tuple[int, Row]

_ALIVE = "{0}.valid_from <= %(last)s::date AND ({0}.valid_to IS NULL OR {0}.valid_to > %(first)s::date)"
_SOURCES = f"""
SELECT s.id, s.code, s.level, (s.group_id IS NOT NULL)::int + (s.territory_id IS NOT NULL)::int, s.priority,
       COALESCE(s.margin_floor_percent, min(c.margin_floor_percent)), s.account_id, s.group_id, s.territory_id,
       s.covers_children, s.date_policy,
       s.needs_activation, s.currency,
       GREATEST(s.valid_from, min(c.valid_from)), LEAST(s.valid_to, min(c.valid_to)), COALESCE(min(c.payment_terms), ''),
       array_agg(r.product_id), array_agg(r.min_qty), array_agg(r.unit_price), array_agg(r.valid_from),
       array_agg(r.valid_to), array_agg(r.tier), array_agg(r.unit), array_agg(r.break_group),
       CASE WHEN s.level = 'group' THEN
         (SELECT json_agg(json_build_array(t.account_id, t.tier, t.valid_from, t.valid_to))
            FROM pricing_tieractivation t
           WHERE t.source_id = s.id AND t.account_id = ANY(%(accounts)s::bigint[])) END AS tiers,
       CASE WHEN s.currency <> %(currency)s::text THEN
         COALESCE((SELECT x.rate FROM core_exchangerate x WHERE x.base = s.currency AND x.quote = %(currency)s::text
                      AND x.valid_from <= %(on)s::date AND x.valid_from > %(oldest)s::date
                    ORDER BY x.valid_from DESC LIMIT 1),
                  (SELECT 1 / x.rate FROM core_exchangerate x WHERE x.base = %(currency)s::text AND x.quote = s.currency
                      AND x.valid_from <= %(on)s::date AND x.valid_from > %(oldest)s::date
                    ORDER BY x.valid_from DESC LIMIT 1),
                  -1) END AS rate
  FROM pricing_pricesource s JOIN pricing_pricerow r ON r.source_id = s.id
  LEFT JOIN pricing_contract c ON c.id = s.contract_id
 WHERE s.is_active AND (c.id IS NULL OR c.is_active AND c.valid_from <= %(last)s::date AND c.valid_to > %(first)s::date)
   AND (s.currency = %(currency)s::text OR s.converts) AND r.product_id = ANY(%(products)s::bigint[])
   AND (s.level = 'list'
     OR s.level = 'account' AND (s.account_id = ANY(%(accounts)s::bigint[])
                              OR s.covers_children AND s.account_id = ANY(%(above)s::bigint[]))
     OR s.level = 'group' AND s.group_id = ANY(%(groups)s::bigint[])
     OR s.level = 'segment' AND (s.group_id IS NULL OR s.group_id = ANY(%(groups)s::bigint[]))
                            AND (s.territory_id IS NULL OR s.territory_id = ANY(%(territories)s::bigint[])))
   AND (%(everything)s::bool
     OR s.date_policy = 'order' AND s.valid_from <= %(on)s::date AND (s.valid_to IS NULL OR s.valid_to > %(on)s::date)
    AND r.valid_from <= %(on)s::date AND (r.valid_to IS NULL OR r.valid_to > %(on)s::date)
     OR s.date_policy <> 'order' AND {_ALIVE.format("s")} AND {_ALIVE.format("r")})
 GROUP BY s.id
"""
_ADJUSTMENTS = """
SELECT json_agg(json_build_array(a.id, a.code, a.kind, a.value::text, a.method, a.combination, a.sequence, a.counts,
         a.min_qty::text, a.account_id, a.group_id, a.territory_id, a.source_id, a.product_id, a.category_id,
         a.valid_from, a.valid_to))
  FROM pricing_priceadjustment a
 WHERE a.is_active AND a.currency IN ('', %(currency)s::text)
   AND (%(everything)s::bool OR a.valid_from <= %(on)s::date AND (a.valid_to IS NULL OR a.valid_to > %(on)s::date))
   AND (a.account_id IS NULL OR a.account_id = ANY(%(accounts)s::bigint[]))
   AND (a.group_id IS NULL OR a.group_id = ANY(%(groups)s::bigint[]))
   AND (a.territory_id IS NULL OR a.territory_id = ANY(%(territories)s::bigint[]))
   AND (a.product_id IS NULL OR a.product_id = ANY(%(products)s::bigint[]))
"""
_REGION_RATES = """
SELECT json_agg(json_build_array(x.region, x.percent::text, {free}, x.valid_from, x.valid_to)) FROM {table} x
 WHERE x.valid_from <= %(on)s::date AND (x.valid_to IS NULL OR x.valid_to > %(on)s::date)
"""
# In the order's currency, at the rate of the day; without one nothing is known of it, and nothing ranks by it.
_PENALTIES = """
SELECT json_agg(json_build_array(c.account_id, c.group_id, c.covers_children,
         round((c.penalty_per_late_line + c.penalty_per_late_day) * CASE WHEN c.currency = %(currency)s::text THEN 1 ELSE
           COALESCE((SELECT x.rate FROM core_exchangerate x WHERE x.base = c.currency AND x.quote = %(currency)s::text
                        AND x.valid_from <= %(on)s::date AND x.valid_from > %(oldest)s::date
                      ORDER BY x.valid_from DESC LIMIT 1),
                    (SELECT 1 / x.rate FROM core_exchangerate x WHERE x.base = %(currency)s::text AND x.quote = c.currency
                        AND x.valid_from <= %(on)s::date AND x.valid_from > %(oldest)s::date
                      ORDER BY x.valid_from DESC LIMIT 1), 0) END, 2)::text)) FROM pricing_contract c
 WHERE c.is_active AND c.valid_from <= %(on)s::date AND c.valid_to > %(on)s::date
   AND (c.account_id = ANY(%(accounts)s::bigint[]) OR c.group_id = ANY(%(groups)s::bigint[])
     OR c.covers_children AND c.account_id = ANY(%(above)s::bigint[]))
"""
_STATEMENT = f"""
SELECT q.*, CASE WHEN row_number() OVER () = 1 THEN json_build_array(
         ({_ADJUSTMENTS}),
         ({_REGION_RATES.format(table="pricing_taxrate", free="NULL")}),
         ({_REGION_RATES.format(table="pricing_freightrate", free="x.free_from_amount::text")}),
         ({_PENALTIES}))::text END
  FROM (SELECT 1) one LEFT JOIN ({_SOURCES}) q ON TRUE
"""


@dataclass
class PriceBook:
    """What was fetched: each source's whom with its rows by product, the adjustments (those of a category with its id,
    not yet its products), the tables."""

    sources: list[tuple[Whom, list[ProductRow]]] = field(default_factory=list)
    adjustments: list[tuple[Adjustment, int | None]] = field(default_factory=list)
    taxes: list[RegionRate] = field(default_factory=list)
    freights: list[RegionRate] = field(default_factory=list)
    penalties: list[tuple[Whom, Decimal]] = field(default_factory=list)


def fetch(
    product_ids: list[int],
    buyers: Sequence[AccountSnapshot],
    *,
    currency: str,
    on: date,
    first: date,
    last: date,
    above: Iterable[int],
    groups: Iterable[int],
    everything: bool,
) -> PriceBook:
    """Every price that may apply to one of the buyers for the products: on the day of the order, or from `first` to
    `last` where a source looks at the ship date. 1 SQL."""
    asked: dict[str, Any] = {
        "products": product_ids,
        "accounts": [b.id for b in buyers],
        "above": sorted(set(above)),
        "groups": sorted(set(groups)),
        "territories": sorted({b.territory_id for b in buyers if b.territory_id is not None}),
        "currency": currency,
        "on": on,
        "first": first,
        "last": last,
        "oldest": on - GOOD_FOR,
        "everything": everything,
    }
    book = PriceBook()
    for *columns, tiers, rate, extras in sql.rows(_STATEMENT, asked):
        if extras is not None:
            _read_extras(book, json.loads(extras))
        if columns[0] is not None:
            book.sources.append(_source_rows(columns, tiers, rate))
    return book


def _source_rows(columns: Sequence[Any], tiers: Any, rate: Decimal | None) -> tuple[Whom, list[ProductRow]]:
    (pk, code, level, named, priority, floor, account, group, territory, covers) = columns[:10]
    (policy, activation, currency, starts, ends, terms, products, qtys, prices, froms, tos, tier, unit, together) = (
        columns[10:]
    )
    whom = Whom(account, group, territory, covers)
    activations = tuple(Activation(a, name, _span(f, t)) for a, name, f, t in tiers or ())
    source = Source(
        pk, code, level, named, priority, floor, None, whom, policy, activation, activations, currency, rate, terms
    )
    if rate is not None and rate != NO_RATE:
        prices = [round_price(EXACT.multiply(p, rate)) for p in prices]
    listed = zip(products, qtys, prices, froms, tos, tier, unit, together, strict=True)
    rows = [
        (p, Row(source, q, price, f if f > starts else starts, _earlier(t, ends), in_tier, in_unit, in_group))
        for p, q, price, f, t, in_tier, in_unit, in_group in listed
    ]
    return whom, rows


def _read_extras(book: PriceBook, extras: Sequence[Any]) -> None:
    adjustments, taxes, freights, penalties = extras
    book.adjustments = [_adjustment(a) for a in adjustments or ()]
    book.taxes = [_region_rate(x) for x in taxes or ()]
    book.freights = [_region_rate(x) for x in freights or ()]
    book.penalties = [(Whom(a, g, None, covers), Decimal(late)) for a, g, covers, late in penalties or ()]


def _adjustment(a: Sequence[Any]) -> tuple[Adjustment, int | None]:
    pk, code, kind, value, method, combination, sequence, counts, min_qty = a[:9]
    account, group, territory, source, product, category, starts, ends = a[9:]
    whom = None if (account, group, territory) == (None, None, None) else Whom(account, group, territory)
    found = Adjustment(
        pk,
        code,
        kind,
        Decimal(value),
        method,
        combination,
        sequence,
        counts,
        Decimal(min_qty),
        whom,
        source,
        None if product is None else frozenset({product}),
        _span(starts, ends),
    )
    return found, category


def _region_rate(x: Sequence[Any]) -> RegionRate:
    region, percent, free, starts, ends = x
    return RegionRate(region, Decimal(percent), _span(starts, ends), None if free is None else Decimal(free))


def _span(starts: str, ends: str | None) -> Span:
    return date.fromisoformat(starts), None if ends is None else date.fromisoformat(ends)


def _earlier(one: date | None, other: date | None) -> date | None:
    return one if other is None else other if one is None else min(one, other)
