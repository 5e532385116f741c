"""Throw goods away: they leave the books by a movement of their own."""

from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import NotFound
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from inventory.models import StockBalance
from inventory.services.change_stock_status import moved_by, require_sense, tell_taken
from inventory.services.give_way import stand
from inventory.states import MovementKind

CAUSE = "stock was scrapped"


@door_verb
def scrap_stock(*, balance_id: int, qty: Decimal, reason: str, key: int, actor: Actor, now: datetime) -> None:
    """The same key again changes nothing. Raises InvalidInput, NotFound, NotThere, InTheWarehouse, ClaimsMoved."""
    require_sense(qty, reason)
    source = DocumentRef("scrap", key)
    if moved_by(source, MovementKind.SCRAP):
        return
    balance = StockBalance.objects.filter(pk=balance_id).first()
    if balance is None:
        raise NotFound(kind="stock balance", ident=balance_id)
    standing = stand([balance_id])
    standing.lock([balance_id])
    standing.require(balance_id, qty)
    standing.move(
        balance_id, MovementKind.SCRAP, -qty, source=source, sequence=0, at=now, actor=actor, reason=reason.strip()
    )
    standing.settle(cause=CAUSE, now=now, actor=actor)
    words = f"{plain(qty)} {balance.status} scrapped: {reason.strip()}"
    tell_taken(balance, standing, "scrapped", words, key, actor=actor, now=now)
