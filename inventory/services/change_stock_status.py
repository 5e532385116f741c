"""Quarantine, release from quarantine, write down as damaged: the same goods in another status, by a pair of movements."""

from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.services.open_case import open_cases
from inventory import locks
from inventory.models import StockBalance, StockMovement
from inventory.services.give_way import Standing, ask_for_allocation, gave_way_case, stand, taken_from
from inventory.services.places import balances_at, place_of, refuse_unfit, today_at
from inventory.states import STATUS_MOVES, MovementKind, StockStatus

SHORTEST_REASON = 5
CAUSE = "stock left good status"


class StatusNotAllowed(Refused):
    template = "Stock that is {current} cannot become {target} by hand."
    remedy_template = "Allowed from here: {allowed}."


@door_verb
def change_stock_status(
    *, balance_id: int, to: StockStatus, qty: Decimal, reason: str, key: int, actor: Actor, now: datetime
) -> int:
    """Move `qty` of the balance to the same place in status `to`; that balance's id. The same key again changes nothing.

    Good stock that is promised takes its claims with it: they give way, with a case. Raises InvalidInput, NotFound,
    StatusNotAllowed, NotThere, InTheWarehouse, LotIsRecalled, LotIsExpired (nothing bad becomes good again), ClaimsMoved.
    """
    require_sense(qty, reason)
    source = DocumentRef("status_change", key)
    if known := moved_by(source, MovementKind.STATUS):
        return known
    balance = StockBalance.objects.select_related("site", "lot").filter(pk=balance_id).first()
    if balance is None:
        raise NotFound(kind="stock balance", ident=balance_id)
    _refuse_status(StockStatus(balance.status), to)
    (target,) = balances_at([place_of(balance, to)]).values()
    standing = stand([balance_id])
    if to == StockStatus.AVAILABLE and balance.lot_id is not None:
        lots = locks.lock_lots([balance.lot_id])
        refuse_unfit(lots.values(), verb="it does not become good stock again", on=today_at(balance.site, now))
    standing.lock([balance_id, target])
    standing.require(balance_id, qty)
    for sequence, (place, moved) in enumerate([(balance_id, -qty), (target, qty)]):
        standing.move(
            place, MovementKind.STATUS, moved, source=source, sequence=sequence, at=now, actor=actor, reason=reason.strip()
        )  # fmt: skip
    standing.settle(cause=CAUSE, now=now, actor=actor)
    words = f"{plain(qty)} {balance.status} → {to}: {reason.strip()}"
    tell_taken(balance, standing, f"became_{to}", words, key, actor=actor, now=now)
    if to == StockStatus.AVAILABLE:
        ask_for_allocation([balance.product_id], "released from quarantine", now=now, actor=actor)
    return target


def moved_by(source: DocumentRef, kind: MovementKind) -> int | None:
    """The balance the last movement of this document went to, when it was booked before."""
    rows = StockMovement.objects.filter(source_kind=source.kind, source_id=source.id, kind=kind)
    return rows.order_by("-sequence").values_list("balance_id", flat=True).first()


def require_sense(qty: Decimal, reason: str) -> None:
    """Raises InvalidInput with all that is wrong."""
    errors = []
    if not is_exact(qty) or qty <= 0:
        words = "A quantity is above zero, of at most four decimal places."
        errors.append(FieldError("/qty", "not_a_quantity", words, "Give what is there in the base unit."))
    if len(reason.strip()) < SHORTEST_REASON:
        errors.append(FieldError("/reason", "reason_missing", "This needs a reason.", "Say what was found."))
    if errors:
        raise InvalidInput(errors)


def tell_taken(
    balance: StockBalance, standing: Standing, verb: str, words: str, key: int, *, actor: Actor, now: datetime
) -> None:
    """Journal, allocation and case after goods left a balance, whoever's they were."""
    source = DocumentRef("stock_balance", balance.pk)
    lost = f"; {taken_from(standing.gave)} gave way" if standing.gave else ""
    journal.write([journal.Entry(source, verb, words + lost)], actor=actor, now=now)
    if standing.gave:
        ask_for_allocation([balance.product_id], verb, now=now, actor=actor)
        case = gave_way_case(standing.gave, subject=source, cause_key=f"{verb} {key}", summary=words + lost)
        open_cases([case], now=now, actor=actor)


def _refuse_status(current: StockStatus, to: StockStatus) -> None:
    allowed = STATUS_MOVES[current]
    if to not in allowed:
        raise StatusNotAllowed(current=str(current), target=str(to), allowed=", ".join(sorted(allowed)) or "none")
