"""A transfer arrives, whole, in parts, damaged or short; what never comes is written off by closing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import connection

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.quantity import plain
from core.uow import door_verb
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.close_causes import close_causes
from exceptions_app.services.open_case import open_cases
from inventory import locks
from inventory.exception_kinds import TRANSFER_SHORT
from inventory.models import StockMovement, Transfer, TransferLine
from inventory.rules.transfers import Arrived, Travelled, wrong_arrivals
from inventory.services.claim import shift_balances
from inventory.services.give_way import ask_for_allocation
from inventory.services.places import Place, balances_at, site_called, status_on_arrival, today_at
from inventory.services.request_transfer import transfer_ref
from inventory.states import TRANSFER, MovementKind, StockStatus, TransferStatus

ZERO = Decimal(0)
CAUSE = "rest of the transfer"


@dataclass(frozen=True)
class Unloaded:
    """A difference to what was booked before, and the place it goes to."""

    line: TransferLine
    qty: Decimal
    place: Place


@door_verb
def receive_transfer(*, transfer_id: int, arrived: Mapping[int, Arrived], actor: Actor, now: datetime) -> None:
    """`arrived` is {line: all that has come of it so far}; the same again changes nothing.

    A lot that was recalled or ran out on the way comes in as recalled or expired. Something missing opens a case;
    when all has come the transfer closes. Raises NotFound, IllegalTransition, InvalidInput, SiteIsClosed.
    """
    row, lines = arriving(transfer_id)
    standing = {x.pk: _travelled(x) for x in lines}
    is_repeated = all(standing[i] == _with(standing[i], came) for i, came in arrived.items() if i in standing)
    if row.status in (TransferStatus.CLOSED, TransferStatus.SHORT) and is_repeated and arrived.keys() <= set(standing):
        return
    if row.status != TransferStatus.SHORT:
        TRANSFER.require(TransferStatus(row.status), TransferStatus.SHORT)
    if errors := wrong_arrivals(standing, arrived):
        raise InvalidInput(errors)
    site = site_called(row.to_site_id, verb="nothing is received there")
    unloaded = unload(row, lines, arrived, today_at(site, now))
    book(row, unloaded, actor=actor, now=now)
    end_transfer(row, lines, "received", actor=actor, now=now)


@door_verb
def close_transfer(*, transfer_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Give up what has not come: it is supply no more, and promises from it are made anew.

    Raises NotFound, IllegalTransition, InvalidInput (no reason).
    """
    if len(reason.strip()) < 5:
        words = "Closing a transfer with goods missing needs a reason."
        raise InvalidInput([FieldError("/reason", "reason_missing", words, "Say what became of the goods.")])
    row, lines = arriving(transfer_id)
    TRANSFER.require(TransferStatus(row.status), TransferStatus.CLOSED)
    for line in lines:
        line.missing_qty += _travelled(line).in_transit
    TransferLine.objects.bulk_update(lines, ["missing_qty"])
    row.close_reason = reason.strip()[:200]
    end_transfer(row, lines, "closed", actor=actor, now=now)


def arriving(transfer_id: int) -> tuple[Transfer, list[TransferLine]]:
    """Inbound 52, lots 57, transfer 59. What is read before the lock never changes."""
    number = Transfer.objects.filter(pk=transfer_id).values_list("number", flat=True).first()
    if number is None:
        raise NotFound(kind="transfer", ident=transfer_id)
    lot_ids = TransferLine.objects.filter(transfer_id=transfer_id, lot__isnull=False).values_list("lot_id", flat=True)
    locks.lock_inbound_of_transfer(number)
    lots = locks.lock_lots(set(lot_ids))
    row = locks.lock_transfer(transfer_id)
    assert row is not None  # transfers are never removed
    lines = list(row.lines.order_by("pk"))
    for line in lines:
        line.lot = lots.get(line.lot_id or 0)
    return row, lines


def unload(
    row: Transfer, lines: Sequence[TransferLine], arrived: Mapping[int, Arrived], today: object
) -> list[Unloaded]:
    found = []
    for line in lines:
        came = arrived.get(line.pk, Arrived(line.received_qty, line.damaged_qty))
        good = status_on_arrival(line.lot, on=today)  # type: ignore[arg-type]
        for qty, status in (
            (came.good - line.received_qty, good),
            (came.damaged - line.damaged_qty, StockStatus.DAMAGED),
        ):
            if qty > 0:
                found.append(Unloaded(line, qty, Place(line.product_id, row.to_site_id, line.lot_id, status)))
        line.received_qty, line.damaged_qty = came.good, came.damaged
    return found


def book(row: Transfer, unloaded: Sequence[Unloaded], *, actor: Actor, now: datetime) -> None:
    balances = balances_at({u.place for u in unloaded})
    shifts: dict[int, dict[str, Decimal]] = {}
    for u in unloaded:
        place = shifts.setdefault(balances[u.place], {"on_hand_qty": ZERO})
        place["on_hand_qty"] += u.qty
    shift_balances(shifts)
    source = transfer_ref(row)
    booked = StockMovement.objects.filter(
        source_kind=source.kind, source_id=source.id, kind=MovementKind.TRANSFER_IN
    ).count()
    StockMovement.objects.bulk_create(
        StockMovement(
            balance_id=balances[u.place],
            kind=MovementKind.TRANSFER_IN,
            qty=u.qty,
            source_kind=source.kind,
            source_id=source.id,
            sequence=n,
            at=now,
            actor_label=actor.label,
            reason=f"{row.number} from {row.from_site}",
        )
        for n, u in enumerate(unloaded, start=booked)
    )
    TransferLine.objects.bulk_update({u.line for u in unloaded}, ["received_qty", "damaged_qty"])


def end_transfer(
    row: Transfer,
    lines: Sequence[TransferLine],
    verb: str,
    *,
    told: Sequence[CaseSpec] = (),
    actor: Actor,
    now: datetime,
) -> None:
    """Closed when nothing is on its way any more; short, with a case, while something is. `told`: the cases that say so
    better."""
    left = sum((_travelled(x).in_transit for x in lines), ZERO)
    row.status = TransferStatus.SHORT if left else TransferStatus.CLOSED
    row.closed_at = None if left else now
    row.save(update_fields=["status", "closed_at", "close_reason"])
    update_supply([row.pk])
    journal.write([journal.Entry(transfer_ref(row), verb, _words(row, lines, left))], actor=actor, now=now)
    ask_for_allocation({x.product_id for x in lines}, f"transfer {verb}", now=now, actor=actor)
    if told or not left:
        open_cases(told, now=now, actor=actor)
        close_causes(TRANSFER_SHORT.code, transfer_ref(row), None, now=now, actor=actor)
    else:
        summary = f"{plain(left)} of {row.number} from {row.from_site} to {row.to_site} have not arrived"
        open_cases([CaseSpec(TRANSFER_SHORT.code, transfer_ref(row), CAUSE, summary=summary)], now=now, actor=actor)


def _words(row: Transfer, lines: Sequence[TransferLine], left: Decimal) -> str:
    good, damaged, missing = (sum((getattr(x, f) for x in lines), ZERO) for f in _COUNTED)
    parts = [f"{plain(good)} good"]
    parts += [f"{plain(damaged)} damaged"] if damaged else []
    parts += [f"{plain(left)} still on the way"] if left else []
    parts += [f"{plain(missing)} written off: {row.close_reason}"] if missing else []
    return f"At {row.to_site}: {', '.join(parts)}"


_COUNTED = ("received_qty", "damaged_qty", "missing_qty")
_SUPPLY = """
WITH coming AS (
    SELECT t.number, l.product_id, sum(l.received_qty) AS received,
           coalesce(sum(l.shipped_qty - l.received_qty - l.damaged_qty - l.missing_qty)
                    FILTER (WHERE NOT coalesce(lot.is_recalled, false)), 0) AS open
      FROM inventory_transferline l JOIN inventory_transfer t ON t.id = l.transfer_id
      LEFT JOIN inventory_lot lot ON lot.id = l.lot_id
     WHERE l.transfer_id = ANY(%s) GROUP BY t.number, l.product_id
)
UPDATE inventory_inboundsupply i
   SET received_qty = c.received, is_closed = c.open = 0,
       ordered_qty = CASE WHEN c.open > 0 THEN c.received + c.open ELSE i.ordered_qty END
  FROM coming c WHERE i.kind = 'transfer' AND i.reference = c.number AND i.product_id = c.product_id
"""


def update_supply(transfer_ids: Sequence[int]) -> None:
    """The dated supply is what of the transfers is still on its way and fit for sale. Their supplies are locked."""
    with connection.cursor() as cursor:
        cursor.execute(_SUPPLY, [list(transfer_ids)])


def _travelled(line: TransferLine) -> Travelled:
    is_unit = line.lot is not None and line.lot.is_serial
    return Travelled(line.pk, line.shipped_qty, line.received_qty, line.damaged_qty, line.missing_qty, is_unit)


def _with(line: Travelled, came: Arrived) -> Travelled:
    return replace(line, received=came.good, damaged=came.damaged)
