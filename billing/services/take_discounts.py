"""An early payer's discount: who paid an invoice less the discount of its terms within its days owes nothing more of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from billing.models import CreditMemo, CreditMemoLine, Invoice, Receipt
from billing.rules.apply import Application
from billing.rules.charges import discountable
from billing.services.book_invoices import invoice_ref
from billing.services.issue_credit_memo import apply_memos, memo_ref, tell_memos
from billing.services.settle_invoices import restate
from billing.states import CreditKind
from core import clock, numbering
from core.actors import Actor
from core.uow import require_uow
from credit.queries import discounts
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket

Plans = Sequence[tuple[Receipt, Sequence[Application]]]


def earned(plans: Plans, invoices: Mapping[int, Invoice]) -> dict[int, Receipt]:
    """{invoice: the receipt that pays it early enough}, before the plans are applied: what it leaves open is no more than
    the discount of the invoice's terms on what was not credited, and it came by the discount's last day. Disputed invoices
    are argued about first.
    Two statements at most."""
    left = {i: invoice.open_amount for i, invoice in invoices.items()}
    paying: list[tuple[Receipt, Invoice, Decimal]] = []
    for receipt, applications in plans:
        for a in applications:
            left[a.invoice_id] -= a.amount
            if left[a.invoice_id] > 0 and not invoices[a.invoice_id].disputed_amount:
                paying.append((receipt, invoices[a.invoice_id], left[a.invoice_id]))
    offered = (
        discounts(
            (i.terms_code, i.issued_date, *discountable(i.total_amount, i.net_amount, i.credited_amount), i.currency)
            for _, i, _ in paying
        )
        if paying
        else []
    )
    return {
        invoice.pk: receipt
        for (receipt, invoice, rest), offer in zip(paying, offered, strict=True)
        if offer is not None
        and receipt.received_date <= offer.until
        and 0 < rest <= offer.amount
        and left[invoice.pk] > 0
    }


@require_uow
def take_discounts(
    by_invoice: Mapping[int, Receipt], invoices: Mapping[int, Invoice], *, actor: Actor, now: datetime
) -> None:
    """A credit memo for each invoice over what is open of it; the same statements for one and for hundreds. Credits and
    invoices are locked, their cases closed (by `apply_all`); the numbers are rank 90."""
    if not by_invoice:
        return
    plan = [(invoices[i], invoices[i].open_amount) for i in sorted(by_invoice)]
    for invoice, amount in plan:
        invoice.credited_amount += amount
        restate(invoice)
    numbers = numbering.draw_gapless("credit_memo", prefix="CM-", count=len(plan))
    memos = CreditMemo.objects.bulk_create(
        _memo(invoice, amount, number, by_invoice[invoice.pk], actor, now)
        for (invoice, amount), number in zip(plan, numbers, strict=True)
    )
    CreditMemoLine.objects.bulk_create(_line(memo) for memo in memos)
    post([_into(memo) for memo in memos], now=now)
    apply_memos([(memo, [part]) for memo, part in zip(memos, plan, strict=True)], actor=actor, now=now)
    tell_memos([(m, [], invoice_ref(i)) for m, (i, _) in zip(memos, plan, strict=True)], actor=actor, now=now)


def _memo(invoice: Invoice, amount: Decimal, number: str, receipt: Receipt, actor: Actor, now: datetime) -> CreditMemo:
    return CreditMemo(
        number=number, account_id=invoice.account_id, kind=CreditKind.DISCOUNT, currency=invoice.currency,
        lines_amount=amount, fee_amount=Decimal(0), total_amount=amount, source_kind="invoice",
        reason=f"discount of an early payer, receipt {receipt.number}",
        source_id=invoice.pk, source_number=invoice.number, key=f"invoice:{invoice.pk}:discount",
        issued_date=clock.company_day(now), posted_at=now, posted_by=actor.label,
    )  # fmt: skip


def _line(memo: CreditMemo) -> CreditMemoLine:
    words = f"{memo.source_number}: {memo.reason}"
    return CreditMemoLine(credit_memo=memo, invoice_line=None, qty=Decimal(0), amount=memo.total_amount, words=words)


def _into(memo: CreditMemo) -> PostingSpec:
    key = f"credit_memo:{memo.pk}:in"
    return PostingSpec(
        memo.account_id, memo_ref(memo), Bucket.UNAPPLIED, memo.total_amount, key, currency=memo.currency,
        rate_date=memo.issued_date,
    )  # fmt: skip
