"""The reactions of config/flow.py that follow invoices, credits, payments and write-offs; as config/reactions.py."""

from collections.abc import Sequence

from accounts.events import ApprovalDecided, ApprovalLapsed
from billing.events import (
    CreditMemoPosted,
    InvoiceDisputed,
    InvoicePaid,
    InvoicePosted,
    InvoiceWrittenOff,
    PaymentStarted,
)
from billing.services.apply_kept_invoice import apply_kept_invoice
from billing.services.draft_invoices import post_drafts_of_orders
from billing.services.follow_invoices import follow_invoices
from billing.services.pay_online import hand_to_provider
from billing.services.settle_commissions import settle_commissions
from billing.services.write_off import decide_write_off
from core.outbox import JobContext
from orders.events import OrderClosed
from reporting.services.record_disputed import record_many_disputed

Jobs = Sequence[JobContext]


def post_order_draft(fact: OrderClosed, job: JobContext) -> None:
    post_order_drafts([fact], [job])


def post_order_drafts(facts: Sequence[OrderClosed], jobs: Jobs) -> None:
    """Customers who chose one invoice per order get it when the order sends nothing more."""
    post_drafts_of_orders(order_ids={f.order_id for f in facts}, actor=jobs[0].actor, now=jobs[0].now)


def settle_invoice(fact: InvoicePosted | InvoicePaid | InvoiceWrittenOff, job: JobContext) -> None:
    settle_commissions(invoice_ids=[fact.invoice_id], now=job.now)


def settle_invoices(facts: Sequence[InvoicePosted | InvoicePaid | InvoiceWrittenOff], jobs: Jobs) -> None:
    settle_commissions(invoice_ids={f.invoice_id for f in facts}, now=jobs[0].now)


def settle_credited(fact: CreditMemoPosted, job: JobContext) -> None:
    settle_commissions(invoice_ids=fact.invoice_ids, now=job.now)


def settle_credited_many(facts: Sequence[CreditMemoPosted], jobs: Jobs) -> None:
    settle_commissions(invoice_ids={i for f in facts for i in f.invoice_ids}, now=jobs[0].now)


def follow_invoice(fact: InvoicePosted, job: JobContext) -> None:
    follow_invoices(invoice_ids=[fact.invoice_id], now=job.now)


def follow_many(facts: Sequence[InvoicePosted], jobs: Jobs) -> None:
    follow_invoices(invoice_ids={f.invoice_id for f in facts}, now=jobs[0].now)


def follow_credited(fact: CreditMemoPosted, job: JobContext) -> None:
    follow_invoices(invoice_ids=fact.invoice_ids, now=job.now)


def follow_credited_many(facts: Sequence[CreditMemoPosted], jobs: Jobs) -> None:
    follow_invoices(invoice_ids={i for f in facts for i in f.invoice_ids}, now=jobs[0].now)


def hand_over_payment(fact: PaymentStarted, job: JobContext) -> None:
    hand_to_provider(payment_id=fact.payment_id, now=job.now)


def write_off_approved(fact: ApprovalDecided, job: JobContext) -> None:
    decide_write_off(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def keep_approved_invoice(fact: ApprovalDecided, job: JobContext) -> None:
    apply_kept_invoice(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def end_write_off(fact: ApprovalLapsed, job: JobContext) -> None:
    decide_write_off(approval_id=fact.approval_id, actor=job.actor, now=job.now)


def measure_disputed(fact: InvoiceDisputed, job: JobContext) -> None:
    record_many_disputed([fact], now=job.now)


def measure_many_disputed(facts: Sequence[InvoiceDisputed], jobs: Jobs) -> None:
    record_many_disputed(facts, now=jobs[0].now)
