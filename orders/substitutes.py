"""What may stand in for what is backordered, with its effect on price, date and margin. Nothing is taken here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from catalog.queries import product_snapshots, substitutes
from catalog.rules.asks import ProductSnapshot, Substitute
from core.clock import company_day
from core.money import line_amount
from core.quantity import is_exact, is_multiple, plain
from inventory.rules.asks import SplitAsk, SplitLine
from inventory.split_queries import split_plan
from orders.gates import Verdicts, look_at_many
from orders.line_queries import line_margins
from orders.queries import pictures
from orders.rules.gates import PRICE_FLOOR
from orders.rules.picture import LinePicture, OrderPicture
from orders.states import Verdict
from pricing.rules.asks import PriceResult

ZERO = Decimal(0)
PRICE_UNCONFIRMED = "Its price has to be confirmed by us first."


@dataclass(frozen=True)
class SubstituteOffer:
    """`qty` base units of the product for the `replaces` that wait. `difference` is what the customer pays more (less:
    negative) and `margin_change` what we earn more, None where a cost is unknown. `why_not` is empty when it may be taken.
    """

    line_no: int
    product_id: int
    sku: str
    name: str
    qty: Decimal
    replaces: Decimal
    unit_price: Decimal | None
    amount: Decimal
    difference: Decimal
    margin_change: Decimal | None
    split: str
    arrives: date | None
    needs_consent: bool
    why_not: str = ""


@dataclass(frozen=True)
class Candidate:
    """A substitute for a line with its probe: the order as it would be with the substitute alone, judged."""

    line: LinePicture
    substitute: Substitute
    qty: Decimal
    verdicts: Verdicts


def substitute_offers(
    order_id: int, *, now: datetime, line_nos: Collection[int] | None = None
) -> list[SubstituteOffer]:
    """Of the order's backordered lines, the best first a line. About 30 statements for any number of lines, five where
    none has a substitute."""
    order = pictures([order_id]).get(order_id)
    found = candidates(order, now=now, line_nos=line_nos) if order else []
    if not found or order is None:
        return []
    account = found[0].verdicts.account
    asks = [
        SplitAsk(
            n, c.substitute.product_id, c.qty, c.line.requested_date or order.requested_date or c.verdicts.today,
            c.line.ship_to_id or order.ship_to_id, account.min_shelf_life_days,
        )
        for n, c in enumerate(found)
    ]  # fmt: skip
    splits = split_plan(asks, account_id=order.account_id, now=now, are_alternatives=True)
    margins = line_margins([c.line.line_id or 0 for c in found])
    return [_offer(order, c, splits[n], margins) for n, c in enumerate(found)]


def candidates(order: OrderPicture, *, now: datetime, line_nos: Collection[int] | None = None) -> list[Candidate]:
    """What the catalog knows for the backordered lines, priced and judged by the gates of submit."""
    waiting = [x for x in order.lines if x.demand and x.demand.backordered > 0 and x.product_id]
    waiting = [x for x in waiting if line_nos is None or x.line_no in line_nos]
    known = substitutes({x.product_id for x in waiting if x.product_id}, on=company_day(now)) if waiting else {}
    pairs = [(x, s) for x in waiting for s in known.get(x.product_id or 0, ())]
    if not pairs:
        return []
    products = product_snapshots({s.product_id for _, s in pairs})
    probes = [_probe(order, x, s, n) for n, (x, s) in enumerate(pairs)]
    judged = look_at_many(probes, now=now)
    return [
        Candidate(x, s, probe.lines[0].qty, verdicts)
        for (x, s), probe, verdicts in zip(pairs, probes, judged, strict=True)
        if _is_whole(probe.lines[0].qty, products.get(s.product_id))
    ]


def _is_whole(qty: Decimal, product: ProductSnapshot | None) -> bool:
    """A quantity the substitute is sold in."""
    return product is not None and is_exact(qty) and is_multiple(qty, product.order_multiple)


def _probe(order: OrderPicture, line: LinePicture, substitute: Substitute, n: int) -> OrderPicture:
    """The order with the substitute as its only line, beside what is left of the others. A number of its own keeps the
    probes' answers apart."""
    assert line.demand is not None
    qty = (line.demand.backordered * substitute.ratio).normalize()
    stand_in = LinePicture(
        0, line.line_no, substitute.product_id, substitute.sku, qty, qty,
        ship_to_id=line.ship_to_id, requested_date=line.requested_date,
    )  # fmt: skip
    beside = order.total - line_amount(line.demand.backordered, line.unit_price or ZERO, order.currency)
    meta = {**order.meta, "beside": beside}
    return replace(order, order_id=-n - 1, lines=(stand_in,), open_holds=(), waivers=(), meta=meta)


def refusal(candidate: Candidate) -> str:
    """Why the gates of submit would not take the substitute as it is; empty when they would. Customers and reps read it:
    a price below its floor is said without the floor."""
    result = next((r for r in candidate.verdicts.results if r.verdict != Verdict.PASS), None)
    if result is None:
        return ""
    return PRICE_UNCONFIRMED if result.rule == PRICE_FLOOR else result.message


def price_of(candidate: Candidate) -> PriceResult | None:
    return candidate.verdicts.prices.get(candidate.line.line_no)


def _offer(order: OrderPicture, c: Candidate, split: SplitLine, margins: Mapping[int, Decimal]) -> SubstituteOffer:
    assert c.line.demand is not None
    price, line = price_of(c), c.line
    old = line_amount(c.line.demand.backordered, line.unit_price or ZERO, order.currency)
    amount = price.amount if price is not None else ZERO
    days = [s.delivery_date for s in split.slices]
    return SubstituteOffer(
        line.line_no, c.substitute.product_id, c.substitute.sku, c.substitute.name, c.qty, c.line.demand.backordered,
        price.unit_price if price else None, amount, amount - old, _margin_change(order, c, margins), split.words,
        max((d for d in days if d is not None), default=None) if None not in days else None,
        c.substitute.needs_consent or not c.verdicts.account.substitution_allowed, refusal(c),
    )  # fmt: skip


def _margin_change(order: OrderPicture, c: Candidate, margins: Mapping[int, Decimal]) -> Decimal | None:
    price, was = price_of(c), margins.get(c.line.line_id or 0)
    if price is None or price.unit_margin is None or was is None or c.line.demand is None:
        return None
    return line_amount(c.qty, price.unit_margin, order.currency) - line_amount(
        c.line.demand.backordered, was, order.currency
    )


def in_words(offer: SubstituteOffer, currency: str) -> str:
    """ "6 of GLOVE-L instead of 6: 3.00 USD more, 6 now from Reno DC" """
    if offer.why_not:
        return f"{plain(offer.qty)} of {offer.sku} instead of {plain(offer.replaces)}: {offer.why_not}"
    change = f"{abs(offer.difference):,} {currency} {'more' if offer.difference > 0 else 'less'}"
    price = change if offer.difference else "the same price"
    return f"{plain(offer.qty)} of {offer.sku} instead of {plain(offer.replaces)}: {price}, {offer.split}"


def by_line(offers: Sequence[SubstituteOffer]) -> Mapping[int, list[SubstituteOffer]]:
    found: dict[int, list[SubstituteOffer]] = {}
    for offer in offers:
        found.setdefault(offer.line_no, []).append(offer)
    return found
