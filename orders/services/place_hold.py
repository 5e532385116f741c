"""A person stops an order: what it blocks and why. Only a person clears it again."""

from collections.abc import Sequence
from datetime import datetime

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory.rules.asks import DemandChange
from inventory.services.refresh_demands import refresh_demands
from orders.events import HoldPlaced
from orders.hold_queries import clearers_of, types_by_hand
from orders.locks import lock_orders
from orders.models import Hold, Order
from orders.models.hold import WAREHOUSE_FREE
from orders.queries import demand_ids_of, hold_view
from orders.rules.asks import HoldView
from orders.rules.holds import HandHold
from orders.states import ORDER, Blocks, HoldReason, OrderStatus

LEAST_REASON = 10


class AlreadyOnHold(Refused):
    template = "Order {number} is on this hold already."
    remedy_template = "Clear the hold, or say something else with another reason."


@door_verb(refuse_on={"one_open_hold_per_rule": AlreadyOnHold})
def place_hold(
    *,
    order_id: int,
    note: str,
    actor: Actor,
    now: datetime,
    blocks: Sequence[str] = (Blocks.RELEASE,),
    reason: HoldReason = HoldReason.MANUAL,
    clearable_by: Sequence[str] = (),
    type_code: str = "",
) -> HoldView:
    """Put the order on hold by hand. `note` is what people read; with another `reason` than manual the hold is forced:
    the rule of that reason never clears it. `type_code` names a hold type, which says the reason, what it blocks and who
    clears it.

    Raises NotFound, InvalidInput (note too short, nothing blocked, no such type, a credit hold that reaches into the
    warehouse), IllegalTransition for an order that is over.
    """
    if type_code:
        kind = _type(type_code)
        reason, blocks, clearable_by = HoldReason(kind.reason), kind.blocks, kind.clearable_by
    _require_sense(note, blocks, reason)
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise NotFound(kind="order", ident=order_id)
    if ORDER.is_terminal(OrderStatus(order.status)):
        ORDER.require(OrderStatus(order.status), OrderStatus.SUBMITTED)
    hold = Hold.objects.create(
        order_id=order_id,
        reason=reason,
        blocks=[str(Blocks(b)) for b in blocks],
        rule=f"by_hand:{type_code or reason}",
        explanation={"rule": "by_hand", "outcome": note, "inputs": {"blocks": list(blocks)}, "losers": []},
        clearable_by=list(clearable_by or clearers_of([reason])[reason]),
        is_forced=reason != HoldReason.MANUAL,
        placed_at=now,
        placed_by=actor.label,
    )
    order.version += 1
    Order.objects.filter(pk=order_id).update(version=order.version)
    if Blocks.ALLOCATE in hold.blocks:
        set_blocked(order_id, True, now)
    _tell(order, hold, note, actor, now)
    return hold_view(hold)


@require_uow
def hold_again(order_id: int, *, note: str, actor: Actor, now: datetime) -> None:
    """Inside a caller's transaction, which may go on to shipments: a submitted order is held by hand before its next
    release; one that is held by hand already stays as it is. Locks the order (20)."""
    order = lock_orders([order_id]).get(order_id)
    if order is None or order.status != OrderStatus.SUBMITTED:
        return
    rule = f"by_hand:{HoldReason.MANUAL}"
    if Hold.objects.filter(order_id=order_id, rule=rule, cleared_at__isnull=True).exists():
        return
    hold = Hold.objects.create(
        order_id=order_id,
        reason=HoldReason.MANUAL,
        blocks=[str(Blocks.RELEASE)],
        rule=rule,
        explanation={"rule": "by_hand", "outcome": note, "inputs": {"blocks": [Blocks.RELEASE]}, "losers": []},
        clearable_by=list(clearers_of([HoldReason.MANUAL])[HoldReason.MANUAL]),
        placed_at=now,
        placed_by=actor.label,
    )
    order.version += 1
    Order.objects.filter(pk=order_id).update(version=order.version)
    _tell(order, hold, note, actor, now)


def set_blocked(order_id: int, is_blocked: bool, now: datetime) -> None:
    """Allocation passes over the order's demands, or no longer."""
    change = DemandChange(is_blocked=is_blocked)
    if demand_ids := demand_ids_of([order_id]):
        refresh_demands(dict.fromkeys(demand_ids, change), now=now)


def _type(code: str) -> HandHold:
    found = types_by_hand().get(code)
    if found is None:
        raise InvalidInput([FieldError("/type_code", "unknown", f"There is no hold type {code!r} to place by hand.")])
    return found


def _require_sense(note: str, blocks: Sequence[str], reason: HoldReason) -> None:
    errors = []
    if len(note.strip()) < LEAST_REASON:
        errors.append(FieldError("/note", "too_short", "Say why in at least ten characters."))
    if not blocks or any(b not in set(Blocks) for b in blocks):
        known = ", ".join(Blocks)
        errors.append(FieldError("/blocks", "invalid", "A hold blocks something.", f"One or more of {known}."))
    if reason == HoldReason.CREDIT and not set(blocks) <= set(WAREHOUSE_FREE):
        words = "Credit is decided before the warehouse: it keeps nothing from being picked or shipped."
        errors.append(FieldError("/blocks", "too_late", words, "Block release, or hold by hand for another reason."))
    if errors:
        raise InvalidInput(errors)


def _tell(order: Order, hold: Hold, note: str, actor: Actor, now: datetime) -> None:
    ref = DocumentRef("order", order.pk, order.number)
    what = ", ".join(hold.blocks)
    journal.write([journal.Entry(ref, "held", f"On hold ({what}): {note}", {"hold": hold.pk})], actor=actor, now=now)
    fact = HoldPlaced(
        hold.pk,
        order.pk,
        order.number,
        order.account_id,
        hold.reason,
        hold.rule,
        note,
        order.total_amount,
        order.currency,
    )
    outbox.publish(fact, stream=f"order:{order.pk}", seq=order.version, now=now, actor=actor)
