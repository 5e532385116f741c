"""What makes an order binding: credit decided and posted, demand opened, stock reserved. Part of submit and of place.

The caller holds no lock above rank 20; nothing contended follows but what the caller inserts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.rules.asks import AccountSnapshot
from core.refs import DocumentRef
from core.uow import require_uow
from credit.rules.asks import CreditDecision, PostingSpec
from credit.services.check import check
from credit.services.post import post
from credit.states import Bucket, CheckPoint
from inventory.rules.asks import DemandSpec, Reservation
from inventory.services.open_demands import open_demands
from inventory.services.reserve import reserve
from orders.gates import credit_ask
from orders.rules.exposure import by_ship_date, ship_date_of
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.ranking import rank_of
from orders.states import Blocks
from pricing.rules.asks import PriceResult


@dataclass(frozen=True)
class Accepted:
    """`demand_ids` and `reservations` by line number."""

    demand_ids: dict[int, int]
    reservations: dict[int, Reservation]


@require_uow
def decide_credit(order: OrderPicture, *, today: date, now: datetime) -> CreditDecision:
    """Locks the account's credit row (rank 10): the first lock where the caller has none yet."""
    return check([credit_ask(order, today=today)], point=CheckPoint.ENTRY, now=now)[0]


@require_uow
def accept(
    order: OrderPicture,
    account: AccountSnapshot,
    prices: dict[int, PriceResult],
    *,
    today: date,
    now: datetime,
) -> Accepted:
    """Post the exposure, open a demand per line and reserve what is there. Held orders count and reserve as well."""
    ref = DocumentRef("order", order.order_id, order.number)
    post(_postings(order, ref, now.date()), now=now)
    ids = open_demands([_demand(order, line, account, prices, ref, today) for line in order.lines], now=now)
    demand_ids = {int(key): demand_id for key, demand_id in ids.items()}
    reserved = reserve(sorted(demand_ids.values()), now=now)
    return Accepted(demand_ids, {n: reserved[d] for n, d in demand_ids.items() if d in reserved})


def _postings(order: OrderPicture, ref: DocumentRef, submitted_on: date) -> Sequence[PostingSpec]:
    """Ship dates count from the UTC day of submit, so that every later reversal finds the same day."""
    days = by_ship_date(
        (ship_date_of(x.requested_date or order.requested_date, submitted_on), x.amount) for x in order.lines
    )
    return [
        PostingSpec(order.account_id, ref, Bucket.OPEN_ORDER, amount, f"order:{ref.id}:submit:{day}", ship_date=day)
        for day, amount in days.items()
    ]


def _demand(
    order: OrderPicture,
    line: LinePicture,
    account: AccountSnapshot,
    prices: dict[int, PriceResult],
    ref: DocumentRef,
    today: date,
) -> DemandSpec:
    assert line.product_id is not None  # the data gate let it pass
    return DemandSpec(
        str(line.line_no),
        ref,
        line.line_no,
        line.product_id,
        line.qty,
        order.account_id,
        line.requested_date or order.requested_date or today,
        rank=rank_of(order, account, prices.get(line.line_no)),
        is_blocked=any(Blocks.ALLOCATE in hold.blocks for hold in order.open_holds),
        min_shelf_life_days=account.min_shelf_life_days,
        backorder_allowed=account.backorders_allowed,
    )
