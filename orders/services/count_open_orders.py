"""Count into exposure what was ordered before the account had a credit account, and look at its holds."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from core.actors import Actor
from core.uow import door_verb, require_uow
from credit.queries import counted
from credit.rules.asks import PostingSpec
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from orders.locks import lock_orders
from orders.queries import open_orders_of, pictures
from orders.rules.credit_queue import open_part
from orders.rules.exposure import by_ship_date, open_posting
from orders.rules.picture import OrderPicture
from orders.services.reevaluate_credit_holds import Reevaluated, look_again, look_again_at


@dataclass(frozen=True)
class Counted:
    """`postings` made now; `holds` is what looking again at the account's credit holds gave."""

    postings: int
    holds: Reevaluated


@door_verb
def count_open_orders(*, account_id: int, actor: Actor, now: datetime) -> Counted:
    """Post every open order that is in no ledger yet. Locks credit (10), then the orders (20). Safe to run twice."""
    lock_accounts([account_id])
    postings = _count([account_id], now)
    return Counted(postings, look_again(account_id, actor=actor, now=now))


@door_verb
def count_open_orders_of(*, account_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """The same for several accounts in one transaction; the postings made now."""
    lock_accounts(account_ids)
    postings = _count(account_ids, now)
    look_again_at(account_ids, actor=actor, now=now)
    return postings


@require_uow
def _count(account_ids: Collection[int], now: datetime) -> int:
    order_ids = open_orders_of(account_ids)
    lock_orders(order_ids)
    return ensure_counted(pictures(order_ids).values(), now=now) if order_ids else 0


@require_uow
def ensure_counted(orders: Iterable[OrderPicture], *, now: datetime) -> int:
    """Post what is open of submitted, locked orders that have no open-order posting: before anything is taken off it.

    One statement where all are counted, as nearly always. Accounts without a credit account take no postings.
    """
    open_now = {o.order_id: o for o in orders if o.submitted_on is not None}
    known = counted("order", open_now)
    return post([s for i, order in open_now.items() if i not in known for s in _postings(order)], now=now)


def _postings(order: OrderPicture) -> list[PostingSpec]:
    days = by_ship_date(open_part(order, line) for line in order.lines if line.demand)
    key = f"order:{order.order_id}:counted"
    return [open_posting(order, amount, f"{key}:{day}", day) for day, amount in days.items()]
