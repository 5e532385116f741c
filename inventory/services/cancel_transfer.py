"""Take a transfer back, or say that it will come on another day."""

from datetime import date, datetime

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.uow import door_verb
from inventory import locks
from inventory.models import InboundSupply, Transfer, TransferLine
from inventory.services.give_way import ask_for_allocation
from inventory.services.places import today_at
from inventory.services.request_transfer import transfer_ref
from inventory.services.transfer_claims import claims_of
from inventory.states import TRANSFER, TransferStatus


class TransferIsOver(Refused):
    template = "Transfer {number} is {status}: its date says nothing any more."
    remedy_template = "Request another transfer for what is still needed."


@door_verb
def cancel_transfer(*, transfer_id: int, reason: str = "", actor: Actor, now: datetime) -> None:
    """Before it is shipped; cancelled again changes nothing. What fill-ups claimed for it is wanted again.

    Raises NotFound, IllegalTransition.
    """
    claims = claims_of(transfer_id)
    row = locks.lock_transfer(transfer_id)
    if row is None:
        raise NotFound(kind="transfer", ident=transfer_id)
    if row.status == TransferStatus.CANCELLED:
        return
    row.status = TRANSFER.require(TransferStatus(row.status), TransferStatus.CANCELLED)
    claims.free_all()
    claims.settle(cause="its transfer was cancelled", actor=actor, now=now)
    row.closed_at, row.close_reason = now, reason.strip()[:200]
    row.save(update_fields=["status", "closed_at", "close_reason"])
    words = f"Cancelled before it left {row.from_site}" + (f": {row.close_reason}" if row.close_reason else "")
    journal.write([journal.Entry(transfer_ref(row), "cancelled", words)], actor=actor, now=now)
    ask_for_allocation({h.product_id for h in claims.by_line.values()}, "transfer cancelled", now=now, actor=actor)


@door_verb
def reschedule_transfer(*, transfer_id: int, expected_date: date, actor: Actor, now: datetime) -> None:
    """It arrives on another day: promises made from it move with the next allocation run.

    Raises NotFound, TransferIsOver, InvalidInput (a day that is past).
    """
    number = Transfer.objects.filter(pk=transfer_id).values_list("number", flat=True).first()
    if number is None:
        raise NotFound(kind="transfer", ident=transfer_id)
    locks.lock_inbound_of_transfer(number)
    row = locks.lock_transfer(transfer_id)
    assert row is not None  # transfers are never removed
    if TRANSFER.is_terminal(TransferStatus(row.status)):
        raise TransferIsOver(number=number, status=row.status)
    if expected_date < today_at(row.to_site, now):
        words = f"{expected_date} is past."
        raise InvalidInput([FieldError("/expected_date", "in_the_past", words, "Say when it will arrive.")])
    if row.expected_date == expected_date:
        return
    words = f"Expected on {expected_date:%d %b %Y} instead of {row.expected_date:%d %b %Y}"
    row.expected_date = expected_date
    row.save(update_fields=["expected_date"])
    InboundSupply.objects.filter(kind="transfer", reference=number).update(eta_date=expected_date)
    journal.write([journal.Entry(transfer_ref(row), "rescheduled", words)], actor=actor, now=now)
    if row.status != TransferStatus.REQUESTED:
        products = TransferLine.objects.filter(transfer=row).values_list("product_id", flat=True)
        ask_for_allocation(products, "transfer rescheduled", now=now, actor=actor)
