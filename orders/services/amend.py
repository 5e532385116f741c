"""Change an order after it was submitted: a revision. Only what is different is asked again, given back or claimed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from accounts.buyer_queries import user_counted
from accounts.queries import buyer_of
from accounts.services.lock_spenders import lock_spenders
from accounts.services.withdraw_requests import lock_requests
from core.actors import Actor
from core.errors import InvalidInput, NotFound, Refused, Stale
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.services.check import check
from credit.services.lock_accounts import lock_accounts
from credit.states import CheckPoint
from inventory.queries import promises
from inventory.rules.asks import PromiseSlice
from orders.amendments import Assessed, amending_ask, assess, credit_results
from orders.locks import lock_orders
from orders.purchase_queries import Head, heads
from orders.queries import pictures
from orders.rules.amending_words import reason_errors
from orders.rules.asks import GateResult, HoldView
from orders.rules.gates import PO_TO_FOLLOW
from orders.rules.picture import OpenHold, OrderPicture
from orders.rules.purchase import BY_PEOPLE
from orders.rules.wishes import Change, Wish
from orders.services.ask_company import KIND
from orders.services.ask_company_again import ask_company_again
from orders.services.capture import REFUSE_ON
from orders.services.count_open_orders import ensure_counted
from orders.services.write_amendment import Written, tell_amendment, write_amendment


class AmendmentRefused(InvalidInput):
    """Everything that stands in the way, each with its place in the wish and its remedy. Nothing was changed."""

    status = 422
    template = "The order cannot be amended like this: {count} problem(s)."


class NothingToAmend(Refused):
    template = "Order {number} is like that already: nothing would change."
    remedy_template = "Say what is to be different."


@dataclass(frozen=True)
class Amended:
    """`promises` by number of the lines that were touched; `money_effect` the change of the goods' total."""

    order_id: int
    number: str
    revision: int
    version: int
    status: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    money_effect: Decimal
    total: Decimal
    currency: str
    holds: tuple[HoldView, ...]
    promises: Mapping[int, tuple[PromiseSlice, ...]]


@door_verb(refuse_on=REFUSE_ON)
def amend(*, order_id: int, wish: Wish, expected_version: int, reason: str, actor: Actor, now: datetime) -> Amended:
    """Make the order what is wished, in one transaction, and keep a revision of it. `expected_version` is the version of
    the order the caller looked at.

    A date reprices nothing; less gives back the claims of the difference, more keeps those there are and is counted
    against credit by the difference; lines that are not touched keep their price; what is released is not touched. Over
    credit, below a floor or waiting for the customer's company the order is held, not refused.
    Locks: credit 10, spenders 12, requests for approval 18, the order 20, demands and stock 50 to 60.

    Raises NotFound, Stale (somebody changed it since), AmendmentRefused with all problems, NothingToAmend,
    DuplicatePurchaseOrder.
    """
    head = heads([order_id]).get(order_id)
    if head is None:
        raise NotFound(kind="order", ident=order_id)
    ref = DocumentRef("order", order_id)
    lock_accounts([head.account_id])
    spender = spender_in(head, actor)
    lock_spenders([(spender, head.account_id)] if spender is not None else [], documents=[ref])
    requests = lock_requests(ref, kind=KIND) if head.channel in BY_PEOPLE else []
    row = lock_orders([order_id])[order_id]
    if row.version != expected_version:
        raise Stale(kind="order", given=expected_version, current=row.version)
    order = replace(pictures([order_id])[order_id], version=row.version + 1)
    found = _assessed(order, wish, reason, now)
    ensure_counted([order], now=now)
    results = [*found.results, *_credit(found, now)]
    asked = ask_company_again(found, spender=spender, pending=requests, actor=actor, now=now)
    written = write_amendment(found, wish, now=now)
    said = [*results, *asked.results]
    demands = list(written.demands.values())
    over = (*asked.cleared, *_no_longer_awaited(found))
    told = tell_amendment(found, said, over, demands, reason=reason.strip(), actor=actor, now=now)
    return Amended(
        order_id, order.number, told.revision, order.version, told.status, found.changes, found.notes,
        found.money_effect, found.after.total, order.currency, told.holds, _promises(found, written),
    )  # fmt: skip


def _assessed(order: OrderPicture, wish: Wish, reason: str, now: datetime) -> Assessed:
    found = assess(order, wish, now=now)
    errors = [*found.errors, *reason_errors(reason)]
    if errors:
        raise AmendmentRefused(errors)
    if not found.changes:
        raise NothingToAmend(number=found.before.number)
    return found


def _no_longer_awaited(found: Assessed) -> tuple[OpenHold, ...]:
    """The purchase order that was to follow has come with the amendment."""
    has_come = found.after.po_number and not found.before.po_number
    return tuple(h for h in found.before.open_holds if h.rule == PO_TO_FOLLOW) if has_come else ()


def spender_in(head: Head, actor: Actor) -> int | None:
    """Whose limits it counts towards: whose it does already, else who entered it, else who amends; a rep's for nobody's."""
    if head.channel not in BY_PEOPLE or head.on_behalf_of_id is not None:
        return None
    acting = actor.user_id if actor.on_behalf_of is None else None
    for user_id in (user_counted(DocumentRef("order", head.order_id)), head.entered_by_id, acting):
        if user_id is not None and (buyer := buyer_of(user_id, head.account_id)) is not None and buyer.may_order:
            return user_id
    return None


@require_uow
def _credit(found: Assessed, now: datetime) -> list[GateResult]:
    """Gate 5 on the difference, under the account's lock."""
    if not found.asks_credit:
        return []
    return credit_results(found, check([amending_ask(found)], point=CheckPoint.ENTRY, now=now)[0], now=now)


def _promises(found: Assessed, written: Written) -> dict[int, tuple[PromiseSlice, ...]]:
    """Of the lines that were touched, as they stand now."""
    touched = {c.line_no for c in found.lines} | {x.line_no for x in (*found.redated, *found.redirected)}
    standing = promises([written.demands[n] for n in sorted(touched)])
    return {n: standing.get(written.demands[n], ()) for n in sorted(touched)}
