"""What makes an order binding: credit decided and posted, demand opened, stock reserved. Part of submit and of place.

The caller holds no lock above rank 20. It opens the demands, writes all it has to write, and reserves last of all: the
claims go with its commit, so that who waits for the same stock waits for nothing else of this order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from accounts.rules.asks import AccountSnapshot
from core.refs import DocumentRef
from core.uow import require_uow
from credit.rules.asks import CreditDecision, PostingSpec
from credit.services.check import check
from credit.services.post import post
from credit.states import CheckPoint
from inventory.rules.asks import DemandSpec, Reservation
from inventory.services.open_demands import open_demands
from inventory.services.reserve import reserve
from orders.gates import credit_ask
from orders.rules.exposure import by_ship_date, open_posting, ship_date_of
from orders.rules.holds import is_blocked
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.ranking import rank_of
from pricing.rules.asks import PriceResult

OrderLines = Mapping[int, Mapping[int, int]]  # {order id: {line number: demand id}}


@dataclass(frozen=True)
class Entering:
    """An order that becomes binding, with what its demand is ranked and dated by."""

    order: OrderPicture
    account: AccountSnapshot
    prices: Mapping[int, PriceResult]
    today: date


@require_uow
def decide_credit(order: OrderPicture, *, today: date, now: datetime) -> CreditDecision:
    """Locks the account's credit row (rank 10): the first lock where the caller has none yet."""
    return check([credit_ask(order, today=today)], point=CheckPoint.ENTRY, now=now)[0]


@require_uow
def decide_credit_of_many(orders: Sequence[tuple[OrderPicture, date]], *, now: datetime) -> list[CreditDecision]:
    """One after the other, on the `today` of each: what an order takes is gone for the next, held or not."""
    asks = [replace(credit_ask(order, today=today), counts_when_held=True) for order, today in orders]
    return check(asks, point=CheckPoint.ENTRY, now=now) if asks else []


@require_uow
def open_lines(entering: Sequence[Entering], *, now: datetime) -> dict[int, dict[int, int]]:
    """Post the exposure and open a demand per line; {order id: {line number: demand id}}. Held orders count as well."""
    refs = {e.order.order_id: DocumentRef("order", e.order.order_id, e.order.number) for e in entering}
    post([s for e in entering for s in _postings(e.order, now.date())], now=now)
    ids = open_demands(
        [demand_of(e, line, refs[e.order.order_id]) for e in entering for line in e.order.lines], now=now
    )
    return {e.order.order_id: {x.line_no: ids[_key(e.order, x)] for x in e.order.lines} for e in entering}


@require_uow
def reserve_lines(
    demands: OrderLines, *, now: datetime, in_place_of: Collection[int] = (), heirs: Collection[int] = ()
) -> dict[int, dict[int, Reservation]]:
    """What is there for them, the best-ranked demand of all orders first; by order id and line number. The last thing
    the door does. Held orders reserve as well. `in_place_of`: the demands of what the orders `heirs` held as drafts,
    theirs without a gap."""
    ids = sorted(demand_id for lines in demands.values() for demand_id in lines.values())
    first = [i for order_id in heirs for i in demands[order_id].values()]
    got = reserve(ids, now=now, in_place_of=in_place_of, heirs=first, is_last=True) if ids else {}
    return {order_id: {n: got[i] for n, i in lines.items()} for order_id, lines in demands.items()}


def _key(order: OrderPicture, line: LinePicture) -> str:
    return f"{order.order_id}:{line.line_no}"


def _postings(order: OrderPicture, submitted_on: date) -> Sequence[PostingSpec]:
    """Ship dates count from the UTC day of submit, so that every later reversal finds the same day."""
    days = by_ship_date(
        (ship_date_of(x.requested_date or order.requested_date, submitted_on), x.unit_worth.of(x.qty, order.currency))
        for x in order.lines
    )
    return [
        open_posting(order, amount, f"order:{order.order_id}:submit:{day}", day, rate_date=submitted_on)
        for day, amount in days.items()
    ]


def demand_of(entering: Entering, line: LinePicture, ref: DocumentRef) -> DemandSpec:
    """What the line asks of the stock, ranked and dated; `ref` is what it is asked for: the order, a draft's hold."""
    assert line.product_id is not None  # the data gate let it pass
    order, account = entering.order, entering.account
    return DemandSpec(
        _key(order, line),
        ref,
        line.line_no,
        line.product_id,
        line.qty,
        order.account_id,
        line.requested_date or order.requested_date or entering.today,
        rank=rank_of(order, account, entering.prices.get(line.line_no)),
        is_blocked=is_blocked(order.open_holds),
        min_shelf_life_days=account.min_shelf_life_days,
        backorder_allowed=account.backorders_allowed,
        ship_to_id=line.ship_to_id or order.ship_to_id,
    )
