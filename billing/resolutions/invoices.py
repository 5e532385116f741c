"""Short payments, disputed invoices and money that lies on account: applied, credited, written off by two, or argued."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F

from accounts.states import Role
from billing.exception_kinds import INVOICE_DISPUTE, SHORT_PAYMENT, UNAPPLIED_CASH
from billing.models import Dispute, Invoice, InvoiceLine, Receipt
from billing.rules.asks import CreditSpec
from billing.services.apply_receipt import apply_on_account, apply_receipt
from billing.services.dispute_invoice import credit_dispute, open_dispute, reject_dispute
from billing.services.issue_credit_memo import charges_left, issue_credit_memo, sum_off
from billing.services.write_off import WRITE_OFF_ASKED, ask_write_off
from billing.states import TO_PAY, CreditKind, DisputeReason, DisputeStatus
from core.actors import Actor
from core.choices import counted
from core.errors import Refused
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register

ZERO = Decimal(0)
FINANCE = frozenset({Role.FINANCE, Role.FINANCE_APPROVER})
CALLERS = FINANCE | {Role.CS, Role.CS_LEAD}
PAID = "Nothing of the invoice is open any more."


class NothingOpen(Refused):
    template = "Nothing of case {number} is open any more."
    remedy_template = "The case closes by itself."


def invoice_of(case: CaseSnapshot) -> Invoice | None:
    """The case's invoice while something of it can be paid."""
    return Invoice.objects.filter(pk=case.subject.id, status__in=TO_PAY).first()


def _open_invoice(case: CaseSnapshot) -> Invoice:
    invoice = invoice_of(case)
    if invoice is None:
        raise NothingOpen(number=case.number)
    return invoice


def _why(case: CaseSnapshot) -> str:
    return f"Decided on case {case.number}: {case.summary}"[:200]


def money_on_account(invoice: Invoice) -> Receipt | None:
    """A receipt of the same account of which enough is left to pay all that is open, the oldest first."""
    rows = Receipt.objects.filter(account_id=invoice.account_id, currency=invoice.currency)
    return rows.filter(applied_amount__lte=F("amount") - invoice.open_amount).order_by("pk").first()


def preview_use(case: CaseSnapshot, now: datetime) -> Effect:
    invoice = invoice_of(case)
    if invoice is None:
        return Effect("", is_possible=False, why_not=PAID)
    receipt = money_on_account(invoice)
    if receipt is None:
        return Effect("", is_possible=False, why_not="No receipt has as much left on account.")
    return Effect(f"pays the {invoice.open_amount:,} {invoice.currency} from what is left of {receipt.number}")


def use_money(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    invoice = _open_invoice(case)
    receipt = money_on_account(invoice)
    return apply_receipt(
        receipt_id=receipt.pk if receipt else 0,
        invoice_id=invoice.pk,
        amount=invoice.open_amount,
        actor=actor,
        now=now,
    )


def preview_write_off(case: CaseSnapshot, now: datetime) -> Effect:
    invoice = invoice_of(case)
    if invoice is None:
        return Effect("", is_possible=False, why_not=PAID)
    words = (
        f"asks a second person to give up {invoice.open_amount:,} {invoice.currency}; nothing moves before they say yes"
    )
    return Effect(words, -invoice.open_amount)


def write_off(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    invoice = _open_invoice(case)
    return ask_write_off(invoice_id=invoice.pk, amount=invoice.open_amount, reason=_why(case), actor=actor, now=now)


def _parts(invoice: Invoice) -> list[CreditSpec]:
    """What is open, off goods, tax and freight of the invoice's lines in proportion to what is left of them; none where a
    fee is what is open."""
    lines = list(InvoiceLine.objects.filter(invoice=invoice).order_by("pk"))
    left = sum((x.amount - x.credited_amount + charges_left(x).total for x in lines), ZERO)
    return sum_off(invoice.open_amount, lines, invoice.currency) if left >= invoice.open_amount else []


def preview_credit(case: CaseSnapshot, now: datetime) -> Effect:
    invoice = invoice_of(case)
    if invoice is None:
        return Effect("", is_possible=False, why_not=PAID)
    if not _parts(invoice):
        return Effect("", is_possible=False, why_not="More is open than is left of the lines: a fee was kept.")
    return Effect(
        f"credits {invoice.open_amount:,} {invoice.currency} off the price of its lines", -invoice.open_amount
    )


def credit(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    invoice = _open_invoice(case)
    return issue_credit_memo(
        account_id=invoice.account_id,
        kind=CreditKind.PRICE,
        lines=_parts(invoice),
        reason=_why(case),
        key=f"case:{case.number}",
        source=case.subject,
        actor=actor,
        now=now,
    )


def preview_dispute(case: CaseSnapshot, now: datetime) -> Effect:
    invoice = invoice_of(case)
    if invoice is None or invoice.disputed_amount:
        return Effect("", is_possible=False, why_not=PAID if invoice is None else "It is disputed already.")
    words = f"{invoice.open_amount:,} {invoice.currency} are disputed: not dunned, and a case until the customer is answered"
    return Effect(words)


def dispute(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    invoice = _open_invoice(case)
    return open_dispute(
        invoice_id=invoice.pk,
        amount=invoice.open_amount,
        reason=DisputeReason.OTHER,
        note=_why(case),
        actor=actor,
        now=now,
    )


def dispute_of(case: CaseSnapshot) -> Dispute | None:
    """The dispute the cause names ("dispute:12"), while nobody answered it."""
    named = case.cause_key.removeprefix("dispute:")
    rows = Dispute.objects.filter(status=DisputeStatus.OPEN).select_related("invoice")
    return rows.filter(pk=int(named)).first() if named.isdecimal() else None


def preview_agree(case: CaseSnapshot, now: datetime) -> Effect:
    row = dispute_of(case)
    if row is None:
        return Effect("", is_possible=False, why_not="The dispute is answered.")
    return Effect(f"credits {row.amount:,} {row.invoice.currency} off the price of its lines", -row.amount)


def agree(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    row = dispute_of(case)
    return credit_dispute(dispute_id=row.pk if row else 0, answer=_why(case), actor=actor, now=now)


def preview_refuse(case: CaseSnapshot, now: datetime) -> Effect:
    row = dispute_of(case)
    if row is None:
        return Effect("", is_possible=False, why_not="The dispute is answered.")
    return Effect(
        f"the invoice stands: {row.amount:,} {row.invoice.currency} are to be paid, and the customer reads why"
    )


def refuse(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    row = dispute_of(case)
    answer = f"We looked at it (case {case.number}): the invoice agrees with what was ordered and what was sent."
    return reject_dispute(dispute_id=row.pk if row else 0, answer=answer, actor=actor, now=now)


def preview_apply(case: CaseSnapshot, now: datetime) -> Effect:
    receipt = Receipt.objects.filter(pk=case.subject.id).first()
    left = receipt.amount - receipt.applied_amount if receipt else ZERO
    if receipt is None or not left:
        return Effect("", is_possible=False, why_not="Nothing of the receipt is left.")
    rows = Invoice.objects.filter(account_id=receipt.account_id, currency=receipt.currency, status__in=TO_PAY)
    due = [i.open_amount for i in rows]
    if not due:
        return Effect("", is_possible=False, why_not="The customer owes nothing.")
    paid = min(left, sum(due, ZERO))
    rest = f"; {left - paid:,} stay on account" if left > paid else ""
    return Effect(f"pays {paid:,} {receipt.currency} of {counted(len(due), 'open invoice')}, the first due first{rest}")


def apply_to_oldest(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return apply_on_account(receipt_id=case.subject.id, actor=actor, now=now)


def preview_keep(case: CaseSnapshot, now: datetime) -> Effect:
    return Effect(f"{case.money_at_risk:,} {case.currency} stay on account for what is invoiced next")


def keep(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """The customer paid ahead, and said so: the case keeps who asked them."""


SHORT, DISPUTED, UNAPPLIED = SHORT_PAYMENT.code, INVOICE_DISPUTE.code, UNAPPLIED_CASH.code
register(
    Resolution(SHORT, "use_money", "Pay it from the account", preview_use, use_money, FINANCE, ends_case=True),
    Resolution(SHORT, WRITE_OFF_ASKED, "Ask to write it off", preview_write_off, write_off, FINANCE),
    Resolution(SHORT, "credit", "Credit the rest", preview_credit, credit, FINANCE, is_chain=True),
    Resolution(SHORT, "dispute", "Note it as disputed", preview_dispute, dispute, CALLERS, is_chain=True),
    Resolution(DISPUTED, "credit", "Credit what is disputed", preview_agree, agree, FINANCE, is_chain=True),
    Resolution(DISPUTED, "reject", "The invoice stands", preview_refuse, refuse, FINANCE, ends_case=True),
    Resolution(UNAPPLIED, "apply_oldest", "Apply to what is due", preview_apply, apply_to_oldest, FINANCE),
    Resolution(UNAPPLIED, "keep", "Leave it on account", preview_keep, keep, FINANCE),
)
