"""Reads of pricing: a constant number of statements whatever the number of lines."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from accounts import queries as accounts
from accounts.rules.asks import AccountSnapshot
from catalog import queries as catalog
from pricing.rules.asks import PriceAsk, PriceResult
from pricing.rules.estimate import FlatRates, estimated
from pricing.rules.waterfall import Row, Source, price_lines
from pricing.states import PriceLevel

RowsByProduct = dict[int, list[Row]]


class Scope(NamedTuple):
    """Whom a source is for: None is everybody."""

    account_id: int | None
    group_id: int | None
    territory_id: int | None

    def is_for(self, account: AccountSnapshot) -> bool:
        return (
            self.account_id in (None, account.id)
            and (self.group_id is None or self.group_id in account.group_ids)
            and self.territory_id in (None, account.territory_id)
        )


@dataclass(frozen=True)
class Basket:
    """Lines of one account, to be priced on one day in one currency."""

    account: AccountSnapshot
    currency: str
    on: date
    lines: Sequence[PriceAsk]


# One row a source, its prices as arrays: a source's columns travel once, not once a price.
_SOURCE_ROWS = """
SELECT s.id, s.code, s.level, (s.group_id IS NOT NULL)::int + (s.territory_id IS NOT NULL)::int, s.priority,
       s.margin_floor_percent, s.valid_from, s.valid_to,
       array_agg(r.product_id), array_agg(r.min_qty), array_agg(r.unit_price),
       array_agg(r.valid_from), array_agg(r.valid_to), s.account_id, s.group_id, s.territory_id
  FROM pricing_pricesource s JOIN pricing_pricerow r ON r.source_id = s.id
 WHERE s.is_active AND s.currency = %(currency)s AND r.product_id = ANY(%(products)s)
   AND (s.level = 'list'
     OR s.level = 'account' AND s.account_id = ANY(%(accounts)s)
     OR s.level = 'group' AND s.group_id = ANY(%(groups)s)
     OR s.level = 'segment' AND (s.group_id IS NULL OR s.group_id = ANY(%(groups)s))
                            AND (s.territory_id IS NULL OR s.territory_id = ANY(%(territories)s)))
   AND (%(everything)s
     OR s.valid_from <= %(on)s AND (s.valid_to IS NULL OR s.valid_to > %(on)s)
    AND r.valid_from <= %(on)s AND (r.valid_to IS NULL OR r.valid_to > %(on)s))
 GROUP BY s.id
"""


def price(
    lines: Sequence[PriceAsk],
    *,
    account_id: int,
    currency: str,
    on: date,
    account: AccountSnapshot | None = None,
    costs: Mapping[int, Decimal] | None = None,
    with_ended: bool = False,
) -> list[PriceResult]:
    """A result per line, in the order asked. Nothing that prices the product is a result (unit_price None).

    One statement, and one more where agreements are asked for. A caller that has them already passes the
    `account` on that day and the `costs` per base unit by product; otherwise accounts and catalog are asked.
    `with_ended` also reads rows outside their dates, to explain them as losers.
    """
    asks = list(lines)
    if not asks:
        return []
    product_ids = sorted({ask.product_id for ask in asks})
    account = account or accounts.account_snapshots([account_id], on=on).get(account_id)
    buyers = [account] if account else []
    rows: RowsByProduct = defaultdict(list)
    for _scope, products in _source_rows(product_ids, buyers, currency, on, everything=with_ended):
        _add_rows(rows, products)
    _add_agreed(rows, asks, account_id=account_id, currency=currency)
    if costs is None:
        costs = _costs(rows)
    results = price_lines(asks, rows, costs, currency=currency, on=on)
    return _with_estimates(results, account)


def price_baskets(baskets: Sequence[Basket]) -> list[list[PriceResult]]:
    """The same for the lines of many accounts: a list of results per basket, in the order asked.

    Two statements per currency and day, and those of `price` for a basket that names agreements.
    """
    found: list[list[PriceResult]] = [[] for _ in baskets]
    together: dict[tuple[str, date], list[int]] = defaultdict(list)
    for place, basket in enumerate(baskets):
        if any(ask.agreement for ask in basket.lines):
            found[place] = price(
                basket.lines,
                account_id=basket.account.id,
                currency=basket.currency,
                on=basket.on,
                account=basket.account,
            )
        elif basket.lines:
            together[basket.currency, basket.on].append(place)
    for (currency, on), places in together.items():
        for place, results in zip(places, _priced_together([baskets[i] for i in places], currency, on), strict=True):
            found[place] = results
    return found


def _priced_together(baskets: Sequence[Basket], currency: str, on: date) -> Iterator[list[PriceResult]]:
    product_ids = sorted({ask.product_id for basket in baskets for ask in basket.lines})
    buyers = {basket.account.id: basket.account for basket in baskets}
    sources = list(_source_rows(product_ids, list(buyers.values()), currency, on, everything=False))
    costs = _costs({product_id for _, products in sources for product_id, _ in products})
    rows_of: dict[int, RowsByProduct] = {}
    for account_id, account in buyers.items():
        rows_of[account_id] = defaultdict(list)
        for scope, products in sources:
            if scope.is_for(account):
                _add_rows(rows_of[account_id], products)
    for basket in baskets:
        results = price_lines(basket.lines, rows_of[basket.account.id], costs, currency=currency, on=on)
        yield _with_estimates(results, basket.account)


def _add_rows(rows: RowsByProduct, products: Iterable[tuple[int, Row]]) -> None:
    for product_id, row in products:
        rows[product_id].append(row)


def _with_estimates(results: list[PriceResult], account: AccountSnapshot | None) -> list[PriceResult]:
    rates = flat_rates()
    if rates.is_free:
        return results
    return [estimated(result, rates, is_tax_exempt=bool(account and account.is_tax_exempt)) for result in results]


def flat_rates() -> FlatRates:
    """The settings PRICING_TAX_PERCENT and PRICING_FREIGHT_PERCENT; 0 where unset."""
    return FlatRates(
        tax_percent=Decimal(str(getattr(settings, "PRICING_TAX_PERCENT", 0))),
        freight_percent=Decimal(str(getattr(settings, "PRICING_FREIGHT_PERCENT", 0))),
    )


def _source_rows(
    product_ids: list[int], buyers: Sequence[AccountSnapshot], currency: str, on: date, *, everything: bool
) -> Iterator[tuple[Scope, list[tuple[int, Row]]]]:
    """Every source that is for one of the buyers, with its rows for the products. One statement."""
    asked: dict[str, Any] = {
        "products": product_ids,
        "accounts": [b.id for b in buyers],
        "groups": sorted({g for b in buyers for g in b.group_ids}),
        "territories": sorted({b.territory_id for b in buyers if b.territory_id is not None}),
        "currency": currency,
        "on": on,
        "everything": everything,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SOURCE_ROWS, asked)
        for *columns, starts, ends, products, qtys, prices, froms, tos, account, group, territory in cursor.fetchall():
            source = Source(*columns)
            listed = zip(products, qtys, prices, froms, tos, strict=True)
            rows = [(p, Row(source, q, price_, max(f, starts), _earlier(t, ends))) for p, q, price_, f, t in listed]
            yield Scope(account, group, territory), rows


def _earlier(one: date | None, other: date | None) -> date | None:
    return one if other is None else other if one is None else min(one, other)


def _add_agreed(rows: RowsByProduct, asks: Iterable[PriceAsk], *, account_id: int, currency: str) -> None:
    """Add the rows of the agreements that the asks name, if made with this account in this currency."""
    wanted = sorted({ask.agreement for ask in asks if ask.agreement})
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, a.ref_kind, a.ref_id, a.ref_number, a.valid_until, r.product_id, r.min_qty, r.unit_price "
            "  FROM unnest(%s::text[], %s::bigint[]) AS w(kind, id) "
            "  JOIN pricing_priceagreement a ON a.ref_kind = w.kind AND a.ref_id = w.id "
            "  JOIN pricing_priceagreementrow r ON r.agreement_id = a.id "
            " WHERE a.account_id = %s AND a.currency = %s",
            [[kind for kind, _ in wanted], [ref_id for _, ref_id in wanted], account_id, currency],
        )
        for agreement_id, kind, ref_id, number, valid_until, product_id, min_qty, unit_price in cursor.fetchall():
            source = Source(agreement_id, number or f"{kind} {ref_id}", _level_of(kind), document=(kind, ref_id))
            row = Row(source, min_qty, unit_price, valid_to=_first_day_without(valid_until))
            rows.setdefault(product_id, []).append(row)


def _level_of(ref_kind: str) -> PriceLevel:
    return PriceLevel.QUOTE if ref_kind == "quote" else PriceLevel.OVERRIDE


def _first_day_without(valid_until: datetime) -> date:
    """An agreement holds on the (UTC) day it runs out, and not on the next."""
    moment = valid_until.astimezone(UTC)
    return date.fromordinal(moment.toordinal() + (moment.time() > time.min))


def _costs(product_ids: Iterable[int]) -> dict[int, Decimal]:
    wanted = list(product_ids)
    found = catalog.product_snapshots(wanted) if wanted else {}
    return {i: product.standard_cost for i, product in found.items() if product.standard_cost is not None}
