"""Count an order towards its buyer's limits, or ask the company first: by its rules, or because a limit is reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import approvals
from accounts.services.spend import (
    OrderLimitExceeded,
    PeriodLimitExceeded,
    Spending,
    SpendingCurrencyMismatch,
    spend_many,
    spending_outlook,
)
from accounts.spending_queries import buyers_of
from catalog import queries as catalog
from core.actors import Actor
from core.choices import counted
from core.errors import DomainError
from core.outbox import Note, publish_many
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
def ask_company(asking: Sequence[Asking], *, actor: Actor, now: datetime) -> dict[int, GateResult | DomainError]:
    """{order id: gate 4 holds} of those that wait; the others count towards their buyer's limits from now on, one after
    the other. A refusal (NotPermitted: who only looks) stands in the place of a result.

    The buyers are locked (accounts.services.lock_spenders), so that neither splitting an order nor sending two at once
    passes a limit. An order that waits counts nothing until the company says yes. The same statements for one and many.
    """
    why = company_reasons([a.order for a in asking])
    to_count = [one for one in asking if one.order.order_id not in why and one.buyer_id is not None]
    spendings = [_spending(one.order, one.buyer_id) for one in to_count if one.buyer_id is not None]
    refused: dict[int, DomainError] = {}
    for one, outcome in zip(to_count, spend_many(spendings, actor=actor, now=now), strict=True):
        if isinstance(outcome, LIMITS):
            why[one.order.order_id] = [outcome.message.rstrip(".")]
        elif isinstance(outcome, DomainError):
            refused[one.order.order_id] = outcome
    held = [(one.order, why[one.order.order_id]) for one in asking if one.order.order_id in why]
    _request(held, actor, now)
    return {**refused, **{order.order_id: waiting(reasons) for order, reasons in held}}


def company_reasons(orders: Sequence[OrderPicture]) -> dict[int, list[str]]:
    """{order id: what the company's rules want to see it for}, of those that they do; limits of a buyer are not looked
    at. Reads only."""
    rules = purchases.rules_of({o.account_id for o in orders})
    ruled = [o for o in orders if o.account_id in rules]
    known = purchases.shipped_to(ruled)
    classes = _classes(ruled)
    found = {
        order.order_id: reasons(
            order,
            rules[order.account_id],
            known_ship_tos=known.get(order.account_id, frozenset()),
            classes=classes,
        )
        for order in ruled
    }
    return {order_id: why for order_id, why in found.items() if why}


def would_ask(one: Asking, *, actor: Actor, now: datetime) -> list[str]:
    """Why the company would be asked now, by its rules or because a limit of the buyer is reached. Reads only."""
    if why := company_reasons([one.order]).get(one.order.order_id):
        return why
    if one.buyer_id is None:
        return []
    (outcome,) = spending_outlook([_spending(one.order, one.buyer_id)], actor=actor, now=now)
    return [outcome.message.rstrip(".")] if isinstance(outcome, LIMITS) else []


def _spending(order: OrderPicture, user_id: int) -> Spending:
    return Spending(user_id, order.account_id, ref_of(order), order.total, order.currency)


@require_uow
def _request(held: Sequence[tuple[OrderPicture, Sequence[str]]], actor: Actor, now: datetime) -> None:
    """Ask, and tell the company's approvers: a constant number of statements, none for none."""
    asked = [
        approvals.Asked(
            kind=KIND,
            subject=ref_of(order),
            content_hash=content_hash(order),
            amount=order.total,
            currency=order.currency,
            account_id=order.account_id,
            content={"what": f"{counted(len(order.lines), 'line')}, PO {order.po_number or 'none'}"},
            reason="; ".join(why),
            expires_at=now + OPEN_FOR,
        )
        for order, why in held
    ]
    approvals.request_many(asked, actor=actor, now=now)
    notes = [Note(_fact(order, why, actor), f"order:{order.order_id}", order.version) for order, why in held]
    if notes:
        publish_many(notes, now=now, actor=actor)


def _fact(order: OrderPicture, why: Sequence[str], actor: Actor) -> CompanyAsked:
    return CompanyAsked(
        order.order_id,
        order.number,
        order.account_id,
        order.total,
        order.currency,
        actor.label,
        actor.user_id,
        "; ".join(why),
    )


def ref_of(order: OrderPicture) -> DocumentRef:
    return DocumentRef("order", order.order_id, order.number)


def _classes(orders: Sequence[OrderPicture]) -> Mapping[int, str]:
    ids = sorted({i for o in orders for i in o.product_ids})
    return {i: p.regulated_class for i, p in catalog.product_snapshots(ids).items()} if ids else {}


def spenders_of(wanted: Mapping[int, tuple[int, int | None]], *, actor: Actor) -> dict[int, int | None]:
    """{order id: whose limits it counts towards} of {order id: (account id, who entered it)}: who sends it, or else who
    entered it, if they buy for the account. One statement."""
    if actor.on_behalf_of is not None:
        return dict.fromkeys(wanted)
    pairs = {
        i: [(u, account_id) for u in (actor.user_id, by) if u is not None] for i, (account_id, by) in wanted.items()
    }
    buyers = buyers_of(pair for mine in pairs.values() for pair in mine)
    return {i: next((user_id for user_id, of in mine if (user_id, of) in buyers), None) for i, mine in pairs.items()}


def spender_of(account_id: int, *, actor: Actor) -> int | None:
    """The same of an order that is entered and sent at once."""
    return spenders_of({0: (account_id, None)}, actor=actor)[0]
