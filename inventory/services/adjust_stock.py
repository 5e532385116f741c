"""Correct what is on hand, with a reason. Never below what is claimed: those units are promised."""

from datetime import datetime
from decimal import Decimal

from django.db.models import Max

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.models import StockBalance, StockMovement
from inventory.services.claim import shift_balances
from inventory.services.promise import sequence_of
from inventory.states import MovementKind

SHORTEST_REASON = 5


class StockIsClaimed(Refused):
    template = "{on_hand} are on hand and {claimed} of them are promised: {asked} cannot be taken away."
    remedy_template = "Free the claims first (cancel, or reallocate to another site), or adjust by at most {free}."


@door_verb
def adjust_stock(*, balance_id: int, qty: Decimal, reason: str, actor: Actor, now: datetime) -> Decimal:
    """Add `qty` (negative: take away) to what is on hand; the new on-hand quantity.

    Raises InvalidInput (no reason, nothing to adjust), NotFound, StockIsClaimed.
    """
    _require_sense(qty, reason)
    balance = locks.lock_balances([balance_id]).get(balance_id)
    if balance is None:
        raise NotFound(kind="stock balance", ident=balance_id)
    if shift_balances({balance_id: {"on_hand_qty": qty}}):
        raise _refusal(balance, qty)
    StockMovement.objects.create(
        balance_id=balance_id,
        kind=MovementKind.ADJUST,
        qty=qty,
        source_kind="stock_balance",
        source_id=balance_id,
        sequence=_next_sequence(balance_id),
        at=now,
        actor_label=actor.label,
        reason=reason.strip()[:200],
    )
    summary = f"{'+' if qty > 0 else ''}{plain(qty)} on hand: {reason.strip()}"
    journal.write(
        [journal.Entry(DocumentRef("stock_balance", balance_id), "adjusted", summary, {"qty": qty})],
        actor=actor,
        now=now,
    )
    if qty > 0:
        fact = SupplyIncreased((balance.product_id,), "adjusted")
        outbox.publish(fact, stream=f"product:{balance.product_id}", seq=sequence_of(now), now=now, actor=actor)
    return balance.on_hand_qty + qty


def _next_sequence(balance_id: int) -> int:
    """Adjustments of a balance are numbered; its lock is held, so two cannot take the same number."""
    known = StockMovement.objects.filter(source_kind="stock_balance", source_id=balance_id, kind=MovementKind.ADJUST)
    return (known.aggregate(last=Max("sequence"))["last"] or 0) + 1


def _require_sense(qty: Decimal, reason: str) -> None:
    errors = []
    if not is_exact(qty):
        errors.append(FieldError("/qty", "too_precise", f"{qty} has more than four decimal places.", "Round it."))
    elif qty == 0:
        errors.append(FieldError("/qty", "nothing_to_adjust", "The adjustment is zero.", "Give what to add or take."))
    if len(reason.strip()) < SHORTEST_REASON:
        errors.append(FieldError("/reason", "reason_missing", "An adjustment needs a reason.", "Say what was found."))
    if errors:
        raise InvalidInput(errors)


def _refusal(balance: StockBalance, qty: Decimal) -> StockIsClaimed:
    claimed = balance.reserved_qty + balance.allocated_qty + balance.released_qty + balance.picked_qty
    return StockIsClaimed(
        on_hand=plain(balance.on_hand_qty),
        claimed=plain(claimed),
        asked=plain(-qty),
        free=plain(balance.on_hand_qty - claimed),
    )
