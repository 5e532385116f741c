"""Correct what is on hand, with a reason. What is not there cannot stay promised: claims on it give way, with a case."""

from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.services.open_case import open_cases
from inventory.models import StockBalance
from inventory.services.give_way import Standing, ask_for_allocation, gave_way_case, stand, taken_from
from inventory.services.movements import next_sequences
from inventory.services.places import refuse_vendors
from inventory.states import MovementKind

SHORTEST_REASON = 5
CAUSE = "stock was corrected"


class StockIsClaimed(Refused):
    template = "{on_hand} are on hand and {claimed} of them are released or picked: {asked} cannot be taken away."
    remedy_template = "Confirm the pick short first, or adjust by at most {free}."


@door_verb
def adjust_stock(*, balance_id: int, qty: Decimal, reason: str, actor: Actor, now: datetime) -> Decimal:
    """Add `qty` (negative: take away) to what is on hand; the new on-hand quantity.

    Below what is reserved and allocated, the lowest in rank lose their claims: they are backordered, a case tells who,
    and the next run allocates them again. Raises InvalidInput (no reason, nothing to adjust), NotFound,
    StockIsClaimed (the warehouse holds the units), ClaimsMoved.
    """
    _require_sense(qty, reason)
    standing = stand([balance_id] if qty < 0 else [])
    standing.lock([balance_id])
    balance = standing.balances.get(balance_id)
    if balance is None:
        raise NotFound(kind="stock balance", ident=balance_id)
    refuse_vendors([balance.site_id], verb="nothing is corrected there")
    if qty < 0 and standing.take(balance_id, -qty) > 0:
        raise _refusal(balance, qty)
    source = DocumentRef("stock_balance", balance_id)
    sequence = next_sequences([balance_id], MovementKind.ADJUST)[balance_id]
    standing.move(
        balance_id, MovementKind.ADJUST, qty, source=source, sequence=sequence, at=now, actor=actor, reason=reason.strip()
    )  # fmt: skip
    standing.settle(cause=CAUSE, now=now, actor=actor)
    _tell(balance, qty, reason.strip(), standing, sequence, actor=actor, now=now)
    return balance.on_hand_qty + qty


def _tell(
    balance: StockBalance, qty: Decimal, reason: str, standing: Standing, sequence: int, *, actor: Actor, now: datetime
) -> None:
    source = DocumentRef("stock_balance", balance.pk)
    lost = f"; {taken_from(standing.gave)} gave way" if standing.gave else ""
    summary = f"{'+' if qty > 0 else ''}{plain(qty)} on hand: {reason}{lost}"
    journal.write([journal.Entry(source, "adjusted", summary, {"qty": qty})], actor=actor, now=now)
    if qty > 0 or standing.gave:
        ask_for_allocation([balance.product_id], "adjusted", now=now, actor=actor)
    if standing.gave:
        words = f"{plain(-qty)} were taken off the books ({reason}): {taken_from(standing.gave)} gave way"
        case = gave_way_case(standing.gave, subject=source, cause_key=f"adjustment {sequence}", summary=words)
        open_cases([case], now=now, actor=actor)


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
    claimed = balance.released_qty + balance.picked_qty
    return StockIsClaimed(
        on_hand=plain(balance.on_hand_qty),
        claimed=plain(claimed),
        asked=plain(-qty),
        free=plain(balance.on_hand_qty - claimed),
    )
