"""A customer does not accept a part of an invoice: a case with a clock, then a credit or a reasoned no."""

from datetime import datetime
from decimal import Decimal

from billing import locks
from billing.events import InvoiceDisputed
from billing.exception_kinds import INVOICE_DISPUTE, SHORT_PAYMENT
from billing.models import Dispute, Invoice, InvoiceLine
from billing.queries import orders_billed
from billing.services.book_invoices import invoice_ref
from billing.services.issue_credit_memo import credit_lines, sum_off
from billing.services.settle_invoices import close_cases, restate, save_settled
from billing.states import DISPUTE, OPEN, CreditKind, DisputeReason, DisputeStatus
from core import journal, outbox
from core.actors import Actor
from core.choices import words
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.money import round_amount
from core.refs import DocumentRef
from core.uow import door_verb
from credit.services.lock_accounts import lock_accounts
from exceptions_app.services.close_causes import Cause
from exceptions_app.services.open_case import open_case


class AlreadyDisputed(Refused):
    template = "Invoice {number} is disputed already."
    remedy_template = "Wait for the answer, or add to the case."


class NothingToDispute(Refused):
    template = "Nothing of invoice {number} is open."
    remedy_template = "Ask for a credit instead."


@door_verb(refuse_on={"one_open_dispute_per_invoice": AlreadyDisputed})
def open_dispute(
    *, invoice_id: int, amount: Decimal, reason: DisputeReason, note: str, actor: Actor, now: datetime
) -> int:
    """Note that the customer disputes `amount` of the invoice, and give finance a case. The dispute's id.

    The rest of the invoice stays payable. Raises NotFound, InvalidInput, AlreadyDisputed, NothingToDispute.
    """
    invoice = _locked(invoice_id)
    if invoice.status not in OPEN or invoice.open_amount <= 0:
        raise NothingToDispute(number=invoice.number)
    if invoice.disputed_amount:
        raise AlreadyDisputed(number=invoice.number)
    if not 0 < amount <= invoice.open_amount or round_amount(amount, invoice.currency) != amount:
        what = f"{amount:,} is not between 0 and the {invoice.open_amount:,} {invoice.currency} that are open."
        raise InvalidInput([FieldError("/amount", "not_open", what, "Dispute at most what is open.")])
    row = Dispute.objects.create(
        invoice=invoice, reason=reason, amount=amount, note=note[:500], opened_at=now, opened_by=actor.label
    )
    invoice.disputed_amount = amount
    save_settled([restate(invoice)], (), actor=actor, now=now)
    text = f"{amount:,} {invoice.currency} of {invoice.number} disputed ({words(reason)}): {note}"
    journal.write([journal.Entry(invoice_ref(invoice), "disputed", text[:300])], actor=actor, now=now)
    fact = InvoiceDisputed(invoice.pk, orders_billed(invoice.pk), invoice.account_id, amount)
    outbox.publish(fact, stream=f"invoice:{invoice.pk}", seq=invoice.version, now=now, actor=actor)
    open_case(
        INVOICE_DISPUTE.code, subject=invoice_ref(invoice), account_id=invoice.account_id, money_at_risk=amount,
        cause_key=f"dispute:{row.pk}", currency=invoice.currency, summary=text, now=now, actor=actor,
    )  # fmt: skip
    return row.pk


@door_verb
def reject_dispute(*, dispute_id: int, answer: str, actor: Actor, now: datetime) -> None:
    """The invoice stands: it is to be paid again. Raises NotFound, IllegalTransition, InvalidInput (no reason)."""
    if not answer.strip():
        raise InvalidInput([FieldError("/answer", "required", "The customer needs the reason.", "Write it down.")])
    row, invoice = _dispute(dispute_id)
    row.status = DISPUTE.require(DisputeStatus(row.status), DisputeStatus.REJECTED)
    _end(row, answer, actor, now)
    invoice.disputed_amount = Decimal(0)
    save_settled([restate(invoice)], (), actor=actor, now=now)
    text = f"Dispute of {row.amount:,} {invoice.currency} rejected: {answer}"
    journal.write([journal.Entry(invoice_ref(invoice), "dispute rejected", text[:300])], actor=actor, now=now)
    close_cases([invoice], actor=actor, now=now, answered=[_case(invoice, row)])


@door_verb
def credit_dispute(*, dispute_id: int, answer: str, actor: Actor, now: datetime) -> int:
    """The customer is right: a credit memo over the disputed sum, off goods, tax and freight of the invoice's lines in
    proportion to what is left of them. Its id. Raises NotFound, IllegalTransition."""
    row, invoice = _dispute(dispute_id)
    target = DISPUTE.require(DisputeStatus(row.status), DisputeStatus.CREDITED)
    lines = list(InvoiceLine.objects.filter(invoice=invoice).order_by("pk"))
    specs = sum_off(row.amount, lines, invoice.currency)
    short = Cause(SHORT_PAYMENT.code, invoice_ref(invoice))
    memo_id = credit_lines(
        account_id=invoice.account_id, kind=CreditKind.DISPUTE, lines=specs, reason=answer or f"Dispute: {row.note}",
        key=f"dispute:{row.pk}", source=DocumentRef("invoice", invoice.pk, invoice.number),
        answered=[_case(invoice, row), short], actor=actor, now=now,
    )  # fmt: skip
    row.status, row.credit_memo_id = target, memo_id
    _end(row, answer, actor, now)
    (stored,) = locks.lock_invoices([invoice.pk])
    if stored.disputed_amount:
        stored.disputed_amount = Decimal(0)
        save_settled([restate(stored)], (), actor=actor, now=now)
    return memo_id


def _locked(invoice_id: int) -> Invoice:
    account_id = Invoice.objects.filter(pk=invoice_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NotFound(kind="invoice", ident=invoice_id)
    lock_accounts([account_id])
    (invoice,) = locks.lock_invoices([invoice_id])
    return invoice


def _dispute(dispute_id: int) -> tuple[Dispute, Invoice]:
    """The dispute and its invoice; the invoice's lock (rank 40) guards both."""
    invoice_id = Dispute.objects.filter(pk=dispute_id).values_list("invoice_id", flat=True).first()
    if invoice_id is None:
        raise NotFound(kind="dispute", ident=dispute_id)
    invoice = _locked(invoice_id)
    return Dispute.objects.get(pk=dispute_id), invoice


def _end(row: Dispute, answer: str, actor: Actor, now: datetime) -> None:
    row.answer, row.ended_at, row.ended_by = answer[:500], now, actor.label
    row.save(update_fields=["status", "answer", "ended_at", "ended_by", "credit_memo"])


def _case(invoice: Invoice, row: Dispute) -> Cause:
    return Cause(INVOICE_DISPUTE.code, invoice_ref(invoice), f"dispute:{row.pk}")
