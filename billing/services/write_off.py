"""Give up what nobody will pay: asked by one person, approved by another, then posted."""

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal

from accounts import approvals
from billing import locks
from billing.events import InvoiceWrittenOff
from billing.exception_kinds import SHORT_PAYMENT
from billing.models import Invoice, WriteOff
from billing.services.book_invoices import invoice_ref
from billing.services.settle_invoices import close_cases, restate, save_settled
from billing.states import OPEN, WRITE_OFF, WriteOffStatus
from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.money import round_amount
from core.uow import door_verb, require_uow
from credit.rules.asks import PostingSpec
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from credit.states import Bucket
from exceptions_app.services.close_causes import Cause
from exceptions_app.services.reopen_case import reopen_answered

KIND = "write off"
WRITE_OFF_ASKED = "write_off"  # the resolution that asks for one from a case
GOOD_FOR = timedelta(days=14)


class WriteOffWaits(Refused):
    template = "A write-off of invoice {number} waits for approval already."
    remedy_template = "Have it decided first."


@door_verb(refuse_on={"one_waiting_write_off_per_invoice": WriteOffWaits})
def ask_write_off(*, invoice_id: int, amount: Decimal, reason: str, actor: Actor, now: datetime) -> int:
    """Ask that `amount` of the invoice be written off; its id. Nothing moves before somebody else approves (four eyes,
    kind "write off"): `decide_write_off` does, when the approval is decided. Raises NotFound, InvalidInput, WriteOffWaits.
    """
    invoice = Invoice.objects.filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound(kind="invoice", ident=invoice_id)
    _check(invoice, amount, reason)
    if invoice.write_offs.filter(status=WriteOffStatus.WAITING).exists():
        raise WriteOffWaits(number=invoice.number)
    row = WriteOff.objects.create(
        invoice=invoice, amount=amount, reason=reason[:200], asked_at=now, asked_by=actor.label
    )
    row.approval_id = approvals.request(
        kind=KIND, subject=invoice_ref(invoice), content_hash=_content(row), amount=amount, currency=invoice.currency,
        actor=actor, now=now, expires_at=now + GOOD_FOR, reason=reason,
        content={"what": f"Write off {amount:,} {invoice.currency} of {invoice.number}"},
    )  # fmt: skip
    row.save(update_fields=["approval"])
    return row.pk


@door_verb
def decide_write_off(*, approval_id: int, actor: Actor, now: datetime) -> None:
    """Post the write-off this approval is for, or end it where it was rejected or lapsed: then the case it was the answer
    to is open again. Done twice is done once."""
    row = WriteOff.objects.filter(approval_id=approval_id, status=WriteOffStatus.WAITING).first()
    if row is None:
        return None
    lock_accounts([row.invoice.account_id])
    try:
        approvals.require(approval_id=approval_id, content_hash=_content(row), now=now)
    except (approvals.ApprovalMissing, approvals.ApprovalExpired) as refusal:
        return _refuse(row.pk, refusal, actor, now)
    (invoice,) = locks.lock_invoices([row.invoice_id])
    row = locks.lock_write_off(row.pk)
    if row.status != WriteOffStatus.WAITING:
        return None
    amount = min(row.amount, invoice.open_amount)  # money may have come meanwhile
    if amount <= 0:
        return _end(row, WriteOffStatus.REJECTED, now)
    row.amount = amount
    _end(row, WriteOffStatus.POSTED, now)
    invoice.written_off_amount += amount
    save_settled([restate(invoice)], (), actor=actor, now=now)
    key = f"write_off:{row.pk}"
    owed = PostingSpec(
        invoice.account_id, invoice_ref(invoice), Bucket.RECEIVABLE, -amount, key, due_date=invoice.due_date,
        currency=invoice.currency,
    )  # fmt: skip
    post([owed], now=now)
    text = f"{amount:,} {invoice.currency} of {invoice.number} written off: {row.reason}"
    journal.write([journal.Entry(invoice_ref(invoice), "written off", text[:300])], actor=actor, now=now)
    fact = InvoiceWrittenOff(invoice.pk, invoice.account_id, amount)
    outbox.publish(fact, stream=f"invoice:{invoice.pk}", seq=invoice.version, now=now, actor=actor)
    close_cases([invoice], actor=actor, now=now, answered=[Cause(SHORT_PAYMENT.code, invoice_ref(invoice))])
    return None


@require_uow
def _refuse(write_off_id: int, refusal: Refused, actor: Actor, now: datetime) -> None:
    """Somebody has the invoice again, unless it was paid meanwhile."""
    row = locks.lock_write_off(write_off_id)
    if row.status != WriteOffStatus.WAITING:
        return
    _end(row, WriteOffStatus.REJECTED, now)
    if row.invoice.open_amount > 0:
        why = f"The write-off of {row.amount:,} {row.invoice.currency} came to nothing: {refusal.message}"
        cause = Cause(SHORT_PAYMENT.code, invoice_ref(row.invoice))
        reopen_answered(cause, code=WRITE_OFF_ASKED, reason=why, actor=actor, now=now)


def _check(invoice: Invoice, amount: Decimal, reason: str) -> None:
    wrong = []
    is_whole = round_amount(amount, invoice.currency) == amount
    if invoice.status not in OPEN or not 0 < amount <= invoice.open_amount or not is_whole:
        what = f"{amount:,} is not between 0 and the {invoice.open_amount:,} {invoice.currency} that are open."
        wrong.append(FieldError("/amount", "not_open", what, "Write off at most what is open."))
    if not reason.strip():
        wrong.append(FieldError("/reason", "required", "A write-off needs its reason.", "Say why nobody will pay."))
    if wrong:
        raise InvalidInput(wrong)


def _content(row: WriteOff) -> str:
    return hashlib.sha256(f"write off {row.pk} of {row.invoice_id}: {row.amount}".encode()).hexdigest()


def _end(row: WriteOff, status: WriteOffStatus, now: datetime) -> None:
    row.status = WRITE_OFF.require(WriteOffStatus(row.status), status)
    row.ended_at = now
    row.save(update_fields=["status", "ended_at", "amount"])
