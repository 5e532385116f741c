"""Look again at an account's credit holds after money came in, a limit rose or an order went away."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core import journal, outbox
from core.actors import Actor
from core.uow import door_verb, require_uow
from credit.queries import families_of
from credit.rules.asks import CreditDecision
from credit.services.check import check
from credit.services.lock_accounts import lock_accounts
from credit.states import CheckPoint, RuleKind
from orders.hold_queries import accounts_held_for_credit
from orders.locks import lock_orders
from orders.queries import held_for_credit, pictures
from orders.rules import gates as rules
from orders.rules.credit_queue import asks_again, unreleased_lines
from orders.rules.holds import refresh
from orders.rules.picture import OrderPicture
from orders.services.bump_versions import bump_versions
from orders.services.hold_rows import clear_by_rule, insert_holds, merged
from orders.states import Gate, OrderStatus


@dataclass(frozen=True)
class Reevaluated:
    """Order ids whose credit hold went, and those still held (forced holds included: no rule clears them)."""

    account_id: int
    cleared: tuple[int, ...]
    still_held: tuple[int, ...]


@door_verb
def reevaluate_credit_holds(*, account_id: int, actor: Actor, now: datetime) -> Reevaluated:
    """Clear the credit holds that pass now, oldest order first; the others wait with their reasons.

    Locks the account's credit (10), then the held orders in key order (20). Safe to run twice.
    """
    return look_again(account_id, actor=actor, now=now)


@door_verb
def reevaluate_many(*, account_ids: Collection[int], actor: Actor, now: datetime) -> dict[int, Reevaluated]:
    """The same for several accounts in one transaction, by account."""
    return look_again_at(account_ids, actor=actor, now=now)


@door_verb
def reevaluate_all(*, actor: Actor, now: datetime) -> dict[int, Reevaluated]:
    """The same for every account that credit holds an order of: after a rule changed, and by the clock."""
    return look_again_at(accounts_held_for_credit(), actor=actor, now=now)


@require_uow
def look_again(account_id: int, *, actor: Actor, now: datetime) -> Reevaluated:
    """The same inside a caller's transaction that holds no lock above rank 10, or these orders already."""
    return look_again_at([account_id], actor=actor, now=now)[account_id]


@require_uow
def look_again_at(account_ids: Collection[int], *, actor: Actor, now: datetime) -> dict[int, Reevaluated]:
    """The same for several accounts, and for those that share a head's limit with them."""
    family = {i for others in families_of(account_ids).values() for i in others}
    lock_accounts(family)
    rows = lock_orders(held_for_credit(family))
    alive = [i for i, row in rows.items() if row.status == OrderStatus.SUBMITTED]
    orders = {i: replace(o, version=rows[i].version + 1) for i, o in pictures(alive).items()} if alive else {}
    decisions = _decided(orders, now)
    clear, place = [], []
    for order_id, decision in decisions.items():
        order = orders[order_id]
        results = rules.after_waivers(order, rules.credit(order, decision), order.total, now)
        changes = refresh(order.open_holds, results, [Gate.CREDIT])
        clear += [(order, hold) for hold in changes.clear]
        if changes.clear:  # held for another reason from now on: there was no account, now there is no room
            place += [(order, spec) for spec in changes.place]
    placed = insert_holds(place, actor=actor, now=now)
    gone = clear_by_rule(clear, why="credit approves the order now", actor=actor, now=now)
    told = merged([*placed.values(), *gone.values()])
    cleared = sorted(gone.keys() - placed.keys())
    bump_versions(sorted(gone.keys() | placed.keys()))
    journal.write(told.entries, actor=actor, now=now)
    outbox.publish_many(told.notes, now=now, actor=actor)
    return {i: _outcome(i, orders, cleared) for i in account_ids}


@require_uow
def _decided(orders: Mapping[int, OrderPicture], now: datetime) -> dict[int, CreditDecision]:
    """As at entry; but what is paid before the goods leave as release will ask it: a hold that went without the money
    would be there again at the next try to release."""
    asks = asks_again(orders)
    found = {d.doc.id: d for d in check(asks, point=CheckPoint.ENTRY, now=now)} if asks else {}
    waiting = [ask for ask in asks if unreleased_lines(orders[ask.doc.id])]
    upfront = [ask for ask in waiting if any(r.rule == RuleKind.PREPAYMENT_DUE for r in found[ask.doc.id].results)]
    if upfront:
        unpaid = [d for d in check(upfront, point=CheckPoint.RELEASE, now=now) if _awaits_money(d)]
        found |= {d.doc.id: d for d in unpaid if found[d.doc.id].is_approved}
    return found


def _awaits_money(decision: CreditDecision) -> bool:
    return any(r.rule == RuleKind.PREPAYMENT_DUE and r.is_blocking for r in decision.reasons)


def _outcome(account_id: int, orders: Mapping[int, OrderPicture], cleared: Sequence[int]) -> Reevaluated:
    mine = [i for i in sorted(orders) if orders[i].account_id == account_id]
    gone = tuple(i for i in mine if i in cleared)
    return Reevaluated(account_id, gone, tuple(i for i in mine if i not in gone))
