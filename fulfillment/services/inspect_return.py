"""Somebody looked at what came back: each quantity is tied to what was shipped and gets its disposition."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection

from core import journal, outbox
from core.actors import Actor
from core.errors import InvalidInput
from core.quantity import plain
from core.uow import door_verb
from fulfillment import locks
from fulfillment.events import ReturnDispositioned
from fulfillment.models import Return, ReturnPart, ShipmentLine
from fulfillment.return_queries import awaiting, sent_parts
from fulfillment.rules.returns import Finding, Proven, prove
from fulfillment.services.move_return import find_return, ref_of, step
from fulfillment.states import KEPT, Disposition, ReturnStatus
from inventory.services.return_to_stock import Returned, return_to_stock
from inventory.states import StockStatus

ZERO = Decimal(0)
STOCK_STATUS = {
    Disposition.RESTOCK: StockStatus.AVAILABLE,
    Disposition.QUARANTINE: StockStatus.QUALITY,
    Disposition.SCRAP: StockStatus.DAMAGED,
    Disposition.TO_VENDOR: StockStatus.DAMAGED,
}
_GIVEN_BACK = """
UPDATE fulfillment_shipmentline l SET returned_qty = l.returned_qty + m.qty
  FROM (SELECT id, sum(qty) AS qty FROM unnest(%s::bigint[], %s::numeric[]) AS p(id, qty) GROUP BY id) m WHERE l.id = m.id
"""


@door_verb
def inspect_return(
    *, return_id: int, findings: Sequence[Finding], is_damaged: bool = False, actor: Actor, now: datetime
) -> ReturnStatus:
    """Dispose of what was received, all of it or a part; the return's status after it. Restocked goods are available at
    once (of an expired or recalled lot: as that), quarantined ones wait as quality stock, what goes to the vendor lies
    there as damaged, scrap leaves the books again. What is sent back to the customer or missing is not credited.
    `is_damaged`: it had arrived damaged at the customer's, which counts against the order.

    Raises NotFound, IllegalTransition, InvalidInput (every bad finding with its remedy; nothing is stored),
    SerialIsElsewhere. Locks: 30 57 60.
    """
    row = find_return(return_id)
    lines = awaiting(row.pk)
    of_order = {x.order_line_id for x in lines}
    locks.lock_shipments(ShipmentLine.objects.filter(order_line__in=of_order).values_list("shipment_id", flat=True))
    proven, problems = prove(findings, lines, sent_parts(of_order))
    if problems:
        raise InvalidInput(problems)
    is_all = sum((p.qty for p in proven), ZERO) == sum((x.open for x in lines), ZERO)
    row.is_damaged = row.is_damaged or is_damaged
    _move(row, is_all=is_all, now=now)
    parts = _keep(proven, actor, now)
    _give_back([p for p in parts if p.disposition != Disposition.MISSING])
    return_to_stock(_stock_of(row, parts), source=ref_of(row), actor=actor, now=now)
    _tell(row, proven, is_all=is_all, actor=actor, now=now)
    return ReturnStatus(row.status)


def _move(row: Return, *, is_all: bool, now: datetime) -> None:
    target = ReturnStatus.DISPOSITIONED if is_all else ReturnStatus.INSPECTED
    if row.status == target == ReturnStatus.INSPECTED:
        row.version += 1  # another part of it
    else:
        step(row, target)
    if is_all:
        row.dispositioned_at = now
    row.save(update_fields=["status", "version", "dispositioned_at", "is_damaged"])


def _keep(proven: Sequence[Proven], actor: Actor, now: datetime) -> list[ReturnPart]:
    return ReturnPart.objects.bulk_create(
        ReturnPart(
            line_id=p.finding.line_id,
            shipment_line_id=p.shipment_line_id,
            qty=p.qty,
            disposition=p.finding.disposition,
            note=p.finding.note.strip()[:200],
            at=now,
            actor_label=actor.label,
        )
        for p in proven
    )


def _give_back(parts: Sequence[ReturnPart]) -> None:
    """What went back to the customer is with them again: only what stays here lowers what they have."""
    kept = [p for p in parts if p.disposition in KEPT]
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN_BACK, [[p.shipment_line_id for p in kept], [p.qty for p in kept]])


def _stock_of(row: Return, parts: Sequence[ReturnPart]) -> list[Returned]:
    kept = [p for p in parts if p.disposition in KEPT]
    sent = ShipmentLine.objects.in_bulk([p.shipment_line_id for p in kept])
    return [
        Returned(
            product_id=sent[p.shipment_line_id].product_id,
            site_id=row.site_id or 0,
            qty=p.qty,
            sequence=p.pk,
            lot_id=sent[p.shipment_line_id].lot_id,
            status=STOCK_STATUS[Disposition(p.disposition)],
            is_scrapped=p.disposition == Disposition.SCRAP,
        )
        for p in kept
    ]


def _tell(row: Return, proven: Sequence[Proven], *, is_all: bool, actor: Actor, now: datetime) -> None:
    words = ", ".join(
        f"{plain(p.qty)} {p.finding.disposition.replace('_', ' ')}"
        + (f" (lot {p.finding.lot_code})" if p.finding.lot_code else "")
        for p in proven
    )
    entry = journal.Entry(ref_of(row), "inspected", f"Return {row.number} inspected: {words}")
    journal.write([entry], actor=actor, now=now)
    if is_all:
        fact = ReturnDispositioned(row.pk, row.account_id, row.outcome, row.is_damaged)
        outbox.publish(fact, stream=f"return:{row.pk}", seq=row.version, now=now, actor=actor)
