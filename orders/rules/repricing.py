"""A price set aside for one line: what it gives away, and what an approval of it is bound to."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal

from core.money import EXACT, line_amount
from orders.rules.picture import LinePicture, OrderPicture, stated_amount, stated_unit_price
from pricing.rules.asks import PriceResult

ZERO = Decimal(0)
HUNDRED = Decimal(100)
POINT = Decimal("0.01")
PRICE_APPROVAL = "price"  # accounts.approvals.request(kind=…) for prices of lines
OVERRIDE = "price_override"  # the agreement of a line: DocumentRef(OVERRIDE, line id)


def line_hash(order_id: int, line: LinePicture, unit_price: Decimal) -> str:
    """Which line, of which product, how many, at what price: change any, and the approval no longer counts."""
    body = [order_id, line.line_no, line.product_id, f"{line.qty.normalize():f}", f"{unit_price.normalize():f}"]
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()


def set_hash(hashes: Iterable[str]) -> str:
    """Of several lines asked for at once."""
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


def money_effect(line: LinePicture, unit_price: Decimal, ours: PriceResult, currency: str) -> Decimal:
    """Against the price of list or contract; below 0 is money given away."""
    before = ours.amount if ours.is_priced else ZERO
    return line_amount(line.qty, unit_price, currency) - before


def points_given_up(unit_price: Decimal, ours: PriceResult) -> Decimal:
    """Points of margin on the price; where the cost is not known, the discount in percent of our price. Never below 0."""
    was = ours.unit_price
    if was is None or was <= ZERO or unit_price >= was:
        return ZERO
    if ours.unit_margin is None or unit_price <= ZERO:
        return _percent(was - unit_price, was)
    cost = was - ours.unit_margin
    given = _percent(was - cost, was) - _percent(unit_price - cost, unit_price)
    return min(max(ZERO, given), Decimal("9999.99"))


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return EXACT.divide(EXACT.multiply(part, HUNDRED), whole).quantize(POINT, context=EXACT)


def stated_prices(order: OrderPicture) -> dict[int, Decimal]:
    """{line number: the customer's price per base unit} of lines that cost another amount at it than at ours."""
    found = {}
    for line in order.lines:
        theirs, amount = stated_unit_price(line), stated_amount(line, order.currency)
        if theirs is not None and amount != line.amount:
            found[line.line_no] = theirs
    return found


def content_of(
    order: OrderPicture, prices: Mapping[int, Decimal], lines: Mapping[int, LinePicture]
) -> dict[str, object]:
    """What whoever decides reads, and what the price gate checks: never the cost, the floor or the margin."""
    first = min(prices)
    one = lines[first]
    told: dict[str, object] = {
        "part": "lines " + ", ".join(map(str, sorted(prices))),
        "hashes": sorted(line_hash(order.order_id, lines[n], p) for n, p in prices.items()),
        "lines": [
            {"line_no": n, "sku": lines[n].name, "qty": lines[n].qty, "price_asked": p}
            for n, p in sorted(prices.items())
        ],
        "currency": order.currency,
    }
    if len(prices) == 1:
        was = "none" if one.unit_price is None else f"{one.unit_price.normalize():f}"
        told |= {"sku": one.name, "qty": one.qty, "price_now": was, "price_asked": f"{prices[first].normalize():f}"}
    else:
        told["what"] = f"{len(prices)} lines at other prices"
    return told
