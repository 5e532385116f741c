"""Count an order towards its buyer's limits, or ask the company first: by its rules, or because a limit is reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import approvals
from accounts.queries import buyer_of
from accounts.services.spend import OrderLimitExceeded, PeriodLimitExceeded, SpendingCurrencyMismatch, spend
from catalog import queries as catalog
from core.actors import Actor
from core.outbox import publish
from core.refs import DocumentRef
from core.uow import require_uow
from orders import purchase_queries as purchases
from orders.events import CompanyAsked
from orders.rules.asks import GateResult
from orders.rules.content import content_hash
from orders.rules.picture import OrderPicture
from orders.rules.purchase import reasons, waiting

KIND = "purchase order"  # accounts.approvals: customers hear of this kind
OPEN_FOR = timedelta(days=14)
LIMITS = (OrderLimitExceeded, PeriodLimitExceeded, SpendingCurrencyMismatch)


@dataclass(frozen=True)
class Asking:
    """An order that people of the customer, or their rep, entered; `buyer_id` is the user whose limits it counts
    towards (None: a rep's, who has none)."""

    order: OrderPicture
    buyer_id: int | None


@require_uow
def ask_company(asking: Sequence[Asking], *, actor: Actor, now: datetime) -> dict[int, GateResult]:
    """{order id: gate 4 holds} of those that wait; the others count towards their buyer's limits from now on.

    The buyers are locked (accounts.services.lock_spenders), so that neither splitting an order nor sending two at once
    passes a limit. An order that waits counts nothing until the company says yes. Raises NotPermitted (who only looks).
    """
    rules = purchases.rules_of({a.order.account_id for a in asking})
    known = purchases.shipped_to([a.order for a in asking if a.order.account_id in rules])
    classes = _classes([a.order for a in asking if a.order.account_id in rules])
    held: dict[int, GateResult] = {}
    for one in asking:
        order = one.order
        why = reasons(
            order,
            rules.get(order.account_id, ()),
            known_ship_tos=known.get(order.account_id, frozenset()),
            classes=classes,
        )
        if not why and one.buyer_id is not None and (limit := _spend(order, one.buyer_id, actor, now)):
            why = [limit]
        if why:
            held[order.order_id] = waiting(why)
            _request(order, "; ".join(why), actor, now)
    return held


def _spend(order: OrderPicture, user_id: int, actor: Actor, now: datetime) -> str:
    """Counted, or which limit says no."""
    try:
        spend(
            user_id=user_id,
            account_id=order.account_id,
            document=ref_of(order),
            amount=order.total,
            currency=order.currency,
            actor=actor,
            now=now,
        )
    except LIMITS as reached:
        return reached.message.rstrip(".")
    return ""


@require_uow
def _request(order: OrderPicture, why: str, actor: Actor, now: datetime) -> None:
    what = f"{len(order.lines)} lines, PO {order.po_number or 'none'}"
    approvals.request(
        kind=KIND,
        subject=ref_of(order),
        content_hash=content_hash(order),
        amount=order.total,
        currency=order.currency,
        account_id=order.account_id,
        content={"what": what},
        reason=why,
        actor=actor,
        now=now,
        expires_at=now + OPEN_FOR,
    )
    fact = CompanyAsked(
        order.order_id,
        order.number,
        order.account_id,
        order.total,
        order.currency,
        actor.label,
        actor.user_id,
        why,
    )
    publish(fact, stream=f"order:{order.order_id}", seq=order.version, now=now, actor=actor)


def ref_of(order: OrderPicture) -> DocumentRef:
    return DocumentRef("order", order.order_id, order.number)


def _classes(orders: Sequence[OrderPicture]) -> Mapping[int, str]:
    ids = sorted({i for o in orders for i in o.product_ids})
    return {i: p.regulated_class for i, p in catalog.product_snapshots(ids).items()} if ids else {}


def spender_of(account_id: int, *, entered_by: int | None, actor: Actor) -> int | None:
    """Whose limits an order counts towards: of who sends it, or else of who entered it, if they buy for the account."""
    for user_id in (actor.user_id, entered_by):
        if user_id is not None and actor.on_behalf_of is None and buyer_of(user_id, account_id) is not None:
            return user_id
    return None
