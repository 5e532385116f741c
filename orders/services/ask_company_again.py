"""A purchase that was decided, or waits to be, becomes another: its company is asked again where there is a reason."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from accounts.approval_queries import approvals_of
from accounts.services.lower_spend import lower_spend
from accounts.services.spend import spend
from accounts.services.withdraw_requests import withdraw_requests
from accounts.states import ApprovalState
from core.actors import Actor
from core.errors import DomainError
from core.uow import require_uow
from orders.amendments import Assessed
from orders.rules.asks import GateResult
from orders.rules.content import content_hash
from orders.rules.gates import PURCHASE_APPROVAL
from orders.rules.picture import OpenHold, OrderPicture
from orders.services.ask_company import KIND, Asking, ask_company, ref_of


@dataclass(frozen=True)
class Answer:
    """`results` hold the order; `cleared` are holds that waited for a yes nobody has to give any more."""

    results: tuple[GateResult, ...] = ()
    cleared: tuple[OpenHold, ...] = ()


@require_uow
def ask_company_again(
    found: Assessed, *, spender: int | None, pending: Collection[int], actor: Actor, now: datetime
) -> Answer:
    """What grew is asked about and counted; less counts less. Content the company has approved before needs no second
    yes. `pending` are its locked requests: those about another content end here."""
    after = found.after
    if found.money_effect < 0:
        lower_spend(ref_of(after), after.total, actor=actor, now=now)
    if not found.asks_company:
        return Answer()
    waiting = tuple(h for h in after.open_holds if h.rule == PURCHASE_APPROVAL)
    if is_approved_already(after, now):
        _count_approved(after, spender, actor, now)
        held = None
    else:
        held = _asked(Asking(after, spender), actor, now)
    withdraw_requests(pending, keep=content_hash(after) if held else "", actor=actor, now=now)
    return Answer((held,)) if held else Answer(cleared=waiting)


@require_uow
def _asked(asking: Asking, actor: Actor, now: datetime) -> GateResult | None:
    """The hold, or None: nobody has to be asked, and it is counted. Raises NotPermitted (who only looks)."""
    outcome = ask_company([asking], actor=actor, now=now).get(asking.order.order_id)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def is_approved_already(order: OrderPicture, now: datetime) -> bool:
    """The company said yes to just this content before, and the yes still stands."""
    content = content_hash(order)
    known = approvals_of(ref_of(order), kind=KIND)
    return any(a.content_hash == content and a.state == ApprovalState.APPROVED and a.expires_at > now for a in known)


@require_uow
def _count_approved(order: OrderPicture, spender: int | None, actor: Actor, now: datetime) -> None:
    if spender is not None:
        spend(
            user_id=spender, account_id=order.account_id, document=ref_of(order), amount=order.total,
            currency=order.currency, actor=actor, now=now, is_approved=True,
        )  # fmt: skip
