"""Bring many balances to what a file says is there: each difference is a movement, as if the places had been counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import Refused
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import require_uow
from exceptions_app.services.open_case import open_cases
from inventory.models import Lot, StockBalance
from inventory.services.give_way import Standing, ask_for_allocation, gave_way_case, stand, taken_from
from inventory.services.movements import next_sequences
from inventory.services.places import Place, balances_at, known_balances
from inventory.services.serials import serial_products
from inventory.states import MovementKind, StockStatus

ZERO = Decimal(0)
CAUSE = "a stock snapshot said less"


class SnapshotBelowWarehouse(Refused):
    template = "Row {row} says {said}, but {busy} of them are released or picked for shipments."
    remedy_template = "Confirm the picks short first, or leave the row out."


@dataclass(frozen=True)
class SnapshotLine:
    """What is there by the file. `was` is what the books said when the file was looked at."""

    row: int
    product_id: int
    site_id: int
    lot_code: str
    status: StockStatus
    on_hand: Decimal
    was: Decimal
    expiry_date: date | None = None


@require_uow
def apply_snapshot(lines: Sequence[SnapshotLine], *, note: str, actor: Actor, now: datetime) -> set[int]:
    """The rows written: where the books say something else than when they were looked at, a row is left out.

    Claims on what is not there give way, with a case for the file. Ranks 50, 52 and 60; a constant number of statements.
    Raises SnapshotBelowWarehouse, ClaimsMoved.
    """
    places = _places(lines)
    balances = known_balances(places.values())
    balances |= balances_at([p for p in places.values() if p not in balances])
    standing = stand([balances[places[x.row]] for x in lines if x.on_hand < x.was])
    standing.lock(set(balances.values()))
    fresh = [x for x in lines if standing.balances[balances[places[x.row]]].on_hand_qty == x.was]
    numbers = next_sequences(sorted(set(balances.values())), MovementKind.COUNT)
    entries = []
    for line in fresh:
        balance_id = balances[places[line.row]]
        delta = line.on_hand - line.was
        _require_room(standing, balance_id, line, delta)
        standing.move(
            balance_id, MovementKind.COUNT, delta, source=DocumentRef("stock_balance", balance_id),
            sequence=numbers[balance_id], at=now, actor=actor, reason=note,
        )  # fmt: skip
        words = f"{plain(line.was)} → {plain(line.on_hand)} on hand: {note}"
        entries.append(journal.Entry(DocumentRef("stock_balance", balance_id), "counted", words))
    standing.settle(cause=CAUSE, now=now, actor=actor)
    journal.write(entries, actor=actor, now=now)
    ask_for_allocation({x.product_id for x in fresh}, "snapshot", now=now, actor=actor)
    if standing.gave:
        subject = DocumentRef("stock_balance", standing.gave[0].balance_id)
        summary = f"{note}: {taken_from(standing.gave)} gave way"
        open_cases(
            [gave_way_case(standing.gave, subject=subject, cause_key=note, summary=summary)], now=now, actor=actor
        )
    return {x.row for x in fresh}


def _require_room(standing: Standing, balance_id: int, line: SnapshotLine, delta: Decimal) -> None:
    if delta < 0 and standing.take(balance_id, -delta) > 0:
        balance: StockBalance = standing.balances[balance_id]
        busy = plain(balance.released_qty + balance.picked_qty)
        raise SnapshotBelowWarehouse(row=line.row, said=plain(line.on_hand), busy=busy)


def _places(lines: Sequence[SnapshotLine]) -> Mapping[int, Place]:
    """{row: place}; lots the file names for the first time are made."""
    named = {(x.product_id, x.lot_code.upper()): x for x in lines if x.lot_code}
    known = _lots(named)
    fresh = [x for key, x in sorted(named.items()) if key not in known]
    if fresh:
        numbered = serial_products({x.product_id for x in fresh})
        rows = [
            Lot(
                product_id=x.product_id,
                code=x.lot_code,
                expiry_date=x.expiry_date,
                is_serial=x.product_id in numbered,
            )
            for x in fresh
        ]
        Lot.objects.bulk_create(rows, ignore_conflicts=True)
        known = _lots(named)
    return {
        x.row: Place(x.product_id, x.site_id, known.get((x.product_id, x.lot_code.upper())), x.status) for x in lines
    }


def _lots(named: Mapping[tuple[int, str], SnapshotLine]) -> dict[tuple[int, str], int]:
    rows = Lot.objects.filter(product_id__in={p for p, _ in named}).values_list("id", "product_id", "code")
    return {(p, code.upper()): pk for pk, p, code in rows if (p, code.upper()) in named}
