"""Goods come back from a customer: whoever inspected them says whether they are good, to be checked, or damaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import require_uow
from inventory import locks
from inventory.models import Site, StockMovement
from inventory.services.claim import shift_balances
from inventory.services.give_way import ask_for_allocation
from inventory.services.places import Place, balances_at, status_on_arrival, today_at
from inventory.services.serials import refuse_impossible
from inventory.states import MovementKind, StockStatus


@dataclass(frozen=True)
class Returned:
    """A part of a return's line. `sequence` tells the parts of one return apart; `status` is the disposition's."""

    product_id: int
    site_id: int
    qty: Decimal
    sequence: int
    lot_id: int | None = None
    status: StockStatus = StockStatus.AVAILABLE
    is_scrapped: bool = False  # it leaves the books again at once, by a movement of its own


@require_uow
def return_to_stock(parts: Sequence[Returned], *, source: DocumentRef, actor: Actor, now: datetime) -> None:
    """Book what came back, once per (source, sequence). Good goods of a recalled or expired lot come in as that.

    Ranks 57 and 60; a constant number of statements. Raises SerialIsElsewhere, SerialIsOneUnit, SerialsMissing.
    """
    booked = set(
        StockMovement.objects.filter(
            source_kind=source.kind, source_id=source.id, kind=MovementKind.RETURN
        ).values_list("sequence", flat=True)
    )
    fresh = [p for p in parts if p.sequence not in booked]
    if not fresh:
        return
    places = _places(fresh, now)
    balances = balances_at(set(places.values()))
    shifts: dict[int, dict[str, Decimal]] = {}
    for part in fresh:
        shift = shifts.setdefault(balances[places[part.sequence]], {"on_hand_qty": Decimal(0)})
        shift["on_hand_qty"] += Decimal(0) if part.is_scrapped else part.qty
    shift_balances({balance_id: shift for balance_id, shift in shifts.items() if shift["on_hand_qty"]})
    StockMovement.objects.bulk_create(
        StockMovement(
            balance_id=balances[places[part.sequence]],
            kind=kind,
            qty=qty,
            source_kind=source.kind,
            source_id=source.id,
            sequence=part.sequence,
            at=now,
            actor_label=actor.label,
        )
        for part in fresh
        for kind, qty in _movements(part)
    )
    refuse_impossible(set(shifts), set(shifts))
    scrapped = sum((p.qty for p in fresh if p.is_scrapped), Decimal(0))
    words = f"{plain(sum((p.qty for p in fresh), Decimal(0)) - scrapped)} back in stock"
    words += f", {plain(scrapped)} scrapped" if scrapped else ""
    journal.write([journal.Entry(source, "restocked", words)], actor=actor, now=now)
    good = {p.product_id for p in fresh if places[p.sequence].status == StockStatus.AVAILABLE}
    ask_for_allocation(good, "returned", now=now, actor=actor)


def _movements(part: Returned) -> list[tuple[MovementKind, Decimal]]:
    came = (MovementKind.RETURN, part.qty)
    return [came, (MovementKind.SCRAP, -part.qty)] if part.is_scrapped else [came]


def _places(parts: Sequence[Returned], now: datetime) -> dict[int, Place]:
    lots = locks.lock_lots({p.lot_id for p in parts if p.lot_id is not None})
    sites = {s.pk: s for s in Site.objects.filter(pk__in={p.site_id for p in parts})}
    found = {}
    for p in parts:
        status = p.status
        if status == StockStatus.AVAILABLE:
            status = status_on_arrival(lots.get(p.lot_id or 0), on=today_at(sites[p.site_id], now))
        found[p.sequence] = Place(p.product_id, p.site_id, p.lot_id, status)
    return found
