"""Sweep by date: good stock past its expiry becomes expired, and what a recall could not reach becomes recalled."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.open_case import open_cases
from inventory import locks
from inventory.exception_kinds import LOT_EXPIRED
from inventory.lot_queries import lots_to_set_aside
from inventory.models import Lot, StockBalance
from inventory.services.give_way import ClaimsMoved, Standing, ask_for_allocation, stand, taken_from
from inventory.services.recall_lot import flip
from inventory.states import StockStatus

REASONS = {StockStatus.EXPIRED: "past its expiry date", StockStatus.RECALLED: "its lot is recalled"}


@door_verb
def expire_lot(*, lot_id: int, balance_ids: Sequence[int], actor: Actor, now: datetime) -> Decimal:
    """Move the lot's balances named to expired (recalled, when the lot is); how many units. Claims give way.

    Nothing is left to move the second time. Raises ClaimsMoved.
    """
    balances = list(StockBalance.objects.filter(pk__in=balance_ids, lot_id=lot_id).order_by("pk"))
    standing = stand([b.pk for b in balances])
    lot = locks.lock_lots([lot_id]).get(lot_id)
    if lot is None or not balances:
        return Decimal(0)
    to = StockStatus.RECALLED if lot.is_recalled else StockStatus.EXPIRED
    moved = flip(standing, balances, to, lot, REASONS[to], actor=actor, now=now)
    if moved:
        _tell(lot, to, moved, standing, actor=actor, now=now)
    return moved


def expire_lots(*, actor: Actor, now: datetime) -> Decimal:
    """All lots that are due at their sites' own date, a transaction each; how many units.

    A lot whose stock is being claimed at this moment is left to the next sweep.
    """
    moved = Decimal(0)
    for lot_id, ids in lots_to_set_aside(now).items():
        with suppress(ClaimsMoved):
            moved += expire_lot(lot_id=lot_id, balance_ids=ids, actor=actor, now=now)
    return moved


def _tell(lot: Lot, to: StockStatus, moved: Decimal, standing: Standing, *, actor: Actor, now: datetime) -> None:
    ref = DocumentRef("lot", lot.pk, lot.code)
    lost = f"; {taken_from(standing.gave)} gave way" if standing.gave else ""
    words = f"{plain(moved)} became {to}{lost}"
    journal.write([journal.Entry(ref, f"became_{to}", words)], actor=actor, now=now)
    if standing.gave:
        ask_for_allocation([lot.product_id], f"lot {to}", now=now, actor=actor)
    if to == StockStatus.EXPIRED:
        summary = f"Lot {lot.code} expired on {lot.expiry_date:%d %b %Y}: {words}"
        open_cases([CaseSpec(LOT_EXPIRED.code, ref, "expired", summary=summary)], now=now, actor=actor)
