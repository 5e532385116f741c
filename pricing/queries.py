"""Reads of pricing: a constant number of statements whatever the number of lines."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.conf import settings
from django.db import connection

from accounts import queries as accounts
from accounts.rules.asks import AccountSnapshot
from catalog import queries as catalog
from core.money import EXACT, round_price
from core.rates import rates
from pricing import ports, source_rows
from pricing.rules.adjusting import Adjustment
from pricing.rules.asks import PriceAsk, PriceResult
from pricing.rules.estimate import FlatRates, rates_for
from pricing.rules.scope import ALWAYS, Buyer, Span, distance, late_penalty
from pricing.rules.waterfall import NOBODY, Row, Source, price_lines
from pricing.source_rows import PriceBook
from pricing.states import PriceLevel

ZERO = Decimal(0)
RowsByProduct = dict[int, list[Row]]


@dataclass(frozen=True)
class Basket:
    """Lines of one account, to be priced on one day in one currency."""

    account: AccountSnapshot
    currency: str
    on: date
    lines: Sequence[PriceAsk]
    beside: Decimal = ZERO  # what other lines of the same document are worth


def price(
    lines: Sequence[PriceAsk],
    *,
    account_id: int,
    currency: str,
    on: date,
    account: AccountSnapshot | None = None,
    costs: Mapping[int, Decimal] | None = None,
    with_ended: bool = False,
    beside: Decimal = ZERO,
) -> list[PriceResult]:
    """A result per line, in the order asked. Nothing that prices the product is a result (unit_price None).

    `on` is the day of the order. One statement; one more each where agreements are asked for, where the account has a
    parent, where a line ships on another day, where a discount is for a category. A caller that has them already passes
    the `account` on that day and the `costs` per base unit by product, in COST_CURRENCY; otherwise accounts and catalog
    are asked.
    `beside` is what the document's other lines are worth, where that decides whether freight is free.
    `with_ended` also reads rows outside their dates, to explain them as losers.
    """
    asks = list(lines)
    if not asks:
        return []
    account = account or accounts.account_snapshots([account_id], on=on).get(account_id)
    buyers = [account] if account else []
    book, known = _book(asks, buyers, currency, on, everything=with_ended)
    buyer = known.get(account_id, NOBODY)
    rows = _rows_for(book, buyer)
    _add_agreed(rows, asks, account_id=account_id, currency=currency)
    costs = _costs_in(currency, _costs(rows) if costs is None else costs, on)
    return _priced(asks, rows, costs, book, account, buyer, currency=currency, on=on, beside=beside)


def price_baskets(baskets: Sequence[Basket]) -> list[list[PriceResult]]:
    """The same for the lines of many accounts: a list of results per basket, in the order asked.

    The statements of `price` once per currency and day, and again for a basket that names agreements.
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
                beside=basket.beside,
            )
        elif basket.lines:
            together[basket.currency, basket.on].append(place)
    for (currency, on), places in together.items():
        many = [baskets[i] for i in places]
        for place, results in zip(places, _priced_together(many, currency, on), strict=True):
            found[place] = results
    return found


def _priced_together(baskets: Sequence[Basket], currency: str, on: date) -> list[list[PriceResult]]:
    buyers = {basket.account.id: basket.account for basket in baskets}
    asks = [ask for basket in baskets for ask in basket.lines]
    book, known = _book(asks, list(buyers.values()), currency, on, everything=False)
    rows_of = {account_id: _rows_for(book, known[account_id]) for account_id in buyers}
    costs = _costs_in(currency, _costs({product_id for rows in rows_of.values() for product_id in rows}), on)
    return [
        _priced(
            list(b.lines),
            rows_of[b.account.id],
            costs,
            book,
            b.account,
            known[b.account.id],
            currency=currency,
            on=on,
            beside=b.beside,
        )
        for b in baskets
    ]


def _priced(
    asks: list[PriceAsk],
    rows: RowsByProduct,
    costs: Mapping[int, Decimal],
    book: PriceBook,
    account: AccountSnapshot | None,
    buyer: Buyer,
    *,
    currency: str,
    on: date,
    beside: Decimal = ZERO,
) -> list[PriceResult]:
    adjustments = [a for a, _ in book.adjustments]
    is_best_first = getattr(settings, "PRICING_WITHIN_LEVEL", "specific") == "best_price"
    results = price_lines(
        asks,
        rows,
        costs,
        currency=currency,
        on=on,
        buyer=buyer,
        adjustments=adjustments,
        best_price_first=is_best_first,
    )
    if late := late_penalty(book.penalties, buyer, on):
        results = [replace(r, sla_penalty=late) for r in results]
    rates = rates_for(
        account.region if account else "", on, taxes=book.taxes, freights=book.freights, otherwise=flat_rates()
    )
    return ports.estimator()(results, account=account, rates=rates.beside(beside))


def freight_anew(
    lines: Sequence[PriceResult], *, account: AccountSnapshot, on: date, was: Decimal, beside: Decimal
) -> dict[str, Decimal]:
    """The freight of priced lines by key, their prices as they are, where the document around them is worth enough now for
    free freight and was not (`was`), or the other way round; else nothing. `beside`: what its other lines are worth. One
    statement.
    """
    if not lines:
        return {}
    book, _ = _book([], [account], lines[0].currency, on, everything=False)
    rates = rates_for(account.region, on, taxes=book.taxes, freights=book.freights, otherwise=flat_rates())
    worth = sum((x.amount for x in lines), beside)
    if rates.frees(was) == rates.frees(worth):
        return {}
    told = ports.estimator()(lines, account=account, rates=rates.beside(beside))
    return {x.key: x.freight for x in told}


def flat_rates() -> FlatRates:
    """The settings PRICING_TAX_PERCENT and PRICING_FREIGHT_PERCENT; 0 where unset."""
    return FlatRates(
        tax_percent=Decimal(str(getattr(settings, "PRICING_TAX_PERCENT", 0))),
        freight_percent=Decimal(str(getattr(settings, "PRICING_FREIGHT_PERCENT", 0))),
    )


def _book(
    asks: Sequence[PriceAsk], buyers: Sequence[AccountSnapshot], currency: str, on: date, *, everything: bool
) -> tuple[PriceBook, dict[int, Buyer]]:
    """What may price the lines, and the buyers as the rules see them."""
    days = {on, *(ask.ship_date for ask in asks if ask.ship_date is not None)}
    known = _buyers(buyers, days, everything=everything)
    book = source_rows.fetch(
        sorted({ask.product_id for ask in asks}),
        buyers,
        currency=currency,
        on=on,
        first=min(days),
        last=max(days),
        above=(i for b in known.values() for i in b.above),
        groups=(g for b in known.values() for g in b.memberships),
        everything=everything,
    )
    book.adjustments = _with_categories(book.adjustments, asks)
    return book, known


def _buyers(snapshots: Sequence[AccountSnapshot], days: set[date], *, everything: bool) -> dict[int, Buyer]:
    """Where all lines are priced on one day, the groups of the snapshots do; else the spans of membership are asked."""
    with_parents = [s.id for s in snapshots if s.parent_id is not None]
    above = accounts.accounts_above(with_parents) if with_parents else {}
    spans: Mapping[int, Mapping[int, Sequence[Span]]] = {}
    if len(days) > 1 or everything:
        spans = accounts.membership_spans([s.id for s in snapshots])
    return {
        s.id: Buyer(
            s.id,
            s.territory_id,
            above.get(s.id, ()),
            spans.get(s.id, {}) if spans or len(days) > 1 or everything else dict.fromkeys(s.group_ids, (ALWAYS,)),
        )
        for s in snapshots
    }


def _with_categories(
    adjustments: Sequence[tuple[Adjustment, int | None]], asks: Sequence[PriceAsk]
) -> list[tuple[Adjustment, int | None]]:
    wanted = {category for _, category in adjustments if category is not None}
    if not wanted:
        return list(adjustments)
    inside = catalog.products_within(wanted, {ask.product_id for ask in asks})
    return [
        (a if c is None else a._replace(products=inside[c] if a.products is None else a.products & inside[c]), c)
        for a, c in adjustments
    ]


def _rows_for(book: PriceBook, buyer: Buyer) -> RowsByProduct:
    """By product the rows that may be the buyer's; a parent's are less specific the further up it stands."""
    rows: RowsByProduct = defaultdict(list)
    for whom, products in book.sources:
        if whom.account_id is not None and whom.account_id != buyer.account_id and whom.account_id not in buyer.above:
            continue
        if whom.group_id is not None and whom.group_id not in buyer.memberships:
            continue
        up = distance(whom, buyer)
        further = products[0][1].source._replace(specificity=-up) if up else None
        for product_id, row in products:
            rows[product_id].append(row if further is None else row._replace(source=further))
    return rows


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
    """What a document agreed with the customer beforehand is a quote; an override sets a price aside."""
    return PriceLevel.QUOTE if ref_kind in ("quote", "sold_line") else PriceLevel.OVERRIDE


def _first_day_without(valid_until: datetime) -> date:
    """An agreement holds on the (UTC) day it runs out, and not on the next."""
    moment = valid_until.astimezone(UTC)
    return date.fromordinal(moment.toordinal() + (moment.time() > time.min))


def _costs_in(currency: str, costs: Mapping[int, Decimal], on: date) -> Mapping[int, Decimal]:
    """The costs in the order's currency, at the rate of the day: floors and margins are measured against them. Without a
    rate nothing is known of either, as without a cost. 1 SQL where the currencies differ."""
    home = str(getattr(settings, "COST_CURRENCY", "USD"))
    if currency == home or not costs:
        return costs
    rate = rates([(home, currency)], on=on).get((home, currency))
    if rate is None:
        return {}
    return {product_id: round_price(EXACT.multiply(cost, rate)) for product_id, cost in costs.items()}


def _costs(product_ids: Iterable[int]) -> dict[int, Decimal]:
    wanted = list(product_ids)
    return catalog.standard_costs(wanted) if wanted else {}
