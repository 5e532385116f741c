"""What shipped, and was kept, at prices that were changed afterwards, for days that are over: shared by who proposes and
who issues. Goods that came back and were credited are nobody's debt any more."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts.queries import account_snapshots
from core.clock import company_day
from core.money import EXACT, line_amount, round_amount
from core.quantity import plain
from orders.beyond import given_back_of_lines
from orders.call_offs import shipped_orders_of
from orders.models import RepricedLine
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture
from pricing import queries as pricing
from pricing.rules.asks import PriceAsk
from pricing.states import PriceLevel

ZERO = Decimal(0)
MOST_ORDERS = 2_000
AGREED = frozenset({PriceLevel.OVERRIDE, PriceLevel.QUOTE})


@dataclass(frozen=True)
class Difference:
    """What the customer kept (`qty`, base units) of a shipped line, at its locked price and at today's for its day. `effect`
    below 0 is to credit, above to rebill: less what was credited and rebilled of the same goods before. `credited_qty` came
    back and was credited."""

    order_id: int
    order_number: str
    line_id: int
    line_no: int
    sku: str
    qty: Decimal
    was: Decimal
    now: Decimal
    effect: Decimal
    credited_qty: Decimal = ZERO
    carried: Decimal = ZERO


@dataclass(frozen=True)
class _Settled:
    """How far goods were repriced before: `amount` of `qty` kept when `credited_qty` had come back."""

    qty: Decimal
    credited_qty: Decimal
    amount: Decimal

    def carried(self, credited_qty: Decimal, currency: str) -> Decimal:
        """Of what is still kept: the credit of a return gave back its part."""
        kept = max(ZERO, self.qty - max(ZERO, credited_qty - self.credited_qty))
        return round_amount(EXACT.divide(EXACT.multiply(self.amount, kept), self.qty), currency)


def differences(account_id: int, *, since: date, until: date, now: datetime) -> list[Difference] | None:
    """Of the account's orders submitted over [since, until), at today's price book for their day; None: more than
    MOST_ORDERS. A constant number of statements per currency and day."""
    ids = shipped_orders_of(account_id, since=since, until=until, limit=MOST_ORDERS + 1)
    if len(ids) > MOST_ORDERS:
        return None
    return _differences(list(pictures(ids).values()), now)


def _differences(orders: Sequence[OrderPicture], now: datetime) -> list[Difference]:
    days = {o.order_id: o.submitted_on or company_day(now) for o in orders}
    snapshots = {
        day: account_snapshots({o.account_id for o in orders if days[o.order_id] == day}, on=day)
        for day in sorted(set(days.values()))
    }
    baskets = [
        pricing.Basket(snapshots[days[o.order_id]][o.account_id], o.currency, days[o.order_id], _asks(o))
        for o in orders
    ]
    line_ids = [x.line_id for o in orders for x in _shipped(o) if x.line_id is not None]
    credited, settled = given_back_of_lines(line_ids), _settled(line_ids)
    found = []
    for order, results in zip(orders, pricing.price_baskets(baskets), strict=True):
        new = {int(r.key): r.unit_price for r in results if r.unit_price is not None}
        for x in _shipped(order):
            back = credited.get(x.line_id or 0, ZERO)
            d = _difference(order, x, new.get(x.line_no), back, settled.get(x.line_id or 0))
            found += [] if d is None else [d]
    return found


def _settled(line_ids: Sequence[int]) -> dict[int, _Settled]:
    """{line: what was repriced of it last}. 1 SQL."""
    rows = RepricedLine.objects.filter(line__in=line_ids).order_by("line_id", "-pk").distinct("line_id")
    return {
        line_id: _Settled(*settled)
        for line_id, *settled in rows.values_list("line_id", "qty", "credited_qty", "amount")
    }


def _shipped(order: OrderPicture) -> list[LinePicture]:
    return [
        x
        for x in order.lines
        if x.product_id is not None and x.demand and x.demand.shipped > ZERO and x.price_basis not in AGREED
    ]


def _asks(order: OrderPicture) -> list[PriceAsk]:
    """All lines, so that breaks of groups are reached as they were; the quantity ordered, as it was priced."""
    return [
        PriceAsk(str(x.line_no), x.product_id, x.qty, unit=x.unit, ship_date=x.requested_date or order.requested_date)
        for x in order.lines
        if x.product_id is not None
    ]


def _difference(
    order: OrderPicture, line: LinePicture, price: Decimal | None, back: Decimal, before: _Settled | None
) -> Difference | None:
    if price is None or line.unit_price is None or line.demand is None:
        return None
    qty = line.demand.shipped - back
    carried = line.repriced if before is None else before.carried(back, order.currency)
    if qty <= ZERO:
        return None
    effect = line_amount(qty, price, order.currency) - line_amount(qty, line.unit_price, order.currency) - carried
    if not effect:
        return None
    return Difference(
        order.order_id,
        order.number,
        line.line_id or 0,
        line.line_no,
        line.sku,
        qty,
        line.unit_price,
        price,
        effect,
        back,
        carried,
    )


def differences_hash(found: Sequence[Difference]) -> str:
    """What an approval of them is bound to."""
    body = [[d.order_number, d.line_no, plain(d.qty), plain(d.was), plain(d.now), str(d.effect)] for d in found]
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()
