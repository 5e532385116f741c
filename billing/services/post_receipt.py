"""Money came in: on account first, then applied, all in one transaction; held orders are looked at again after it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from billing import locks
from billing.events import ReceiptPosted
from billing.models import Invoice, Receipt
from billing.rules.apply import OpenInvoice, apply_oldest_first
from billing.services.apply_money import apply_money
from core import journal, numbering, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.money import round_amount
from core.refs import DocumentRef
from core.uow import door_verb
from credit.queries import currencies_of
from credit.rules.asks import PostingSpec
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from credit.states import Bucket

LARGEST = Decimal("1e12")  # numeric(14,2)
OPEN = ("posted", "partially_paid")


class ReceiptAlreadyPosted(Refused):
    template = "A receipt with this reference was posted for the account before."
    remedy_template = "Check the reference; money is never counted twice."


@door_verb(refuse_on={"one_receipt_per_account_and_reference": ReceiptAlreadyPosted})
def post_receipt(
    *,
    account_id: int,
    amount: Decimal,
    currency: str,
    received_date: date,
    reference: str = "",
    method: str = "",
    apply_to: Sequence[int] | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Post a receipt of `amount` and apply it: to `apply_to` in due order, or (None) to the oldest open invoices.

    What is left stays on account. Returns the receipt's id. Raises InvalidInput, ReceiptAlreadyPosted.
    """
    _check(amount, currency)
    lock_accounts([account_id])
    _check_currency(account_id, currency)
    invoices = {i.pk: i for i in _locked(account_id, currency, apply_to)}
    _check_all_found(apply_to, invoices)
    receipt = _insert(account_id, amount, currency, received_date, reference, method, now)
    ref = DocumentRef("receipt", receipt.pk, receipt.number)
    post([PostingSpec(account_id, ref, Bucket.UNAPPLIED, amount, f"receipt:{receipt.pk}:in")], now=now)
    fact = ReceiptPosted(receipt.pk, account_id, amount, currency)
    outbox.publish(fact, stream=f"receipt:{receipt.pk}", seq=1, now=now, actor=actor)
    plan = apply_oldest_first(amount, [_open(i) for i in invoices.values()])
    apply_money(receipt, plan, invoices, actor=actor, now=now)
    summary = f"Receipt {receipt.number}: {amount} {currency}, {receipt.applied_amount} applied"
    journal.write([journal.Entry(ref, "posted", summary, {"reference": reference})], actor=actor, now=now)
    return receipt.pk


def _check(amount: Decimal, currency: str) -> None:
    if not amount.is_finite() or not 0 < amount < LARGEST:
        raise InvalidInput(
            [
                FieldError(
                    "/amount",
                    "not_positive",
                    "A receipt is above 0 and below a trillion.",
                    "Enter the sum received.",
                )
            ]
        )
    if round_amount(amount, currency) != amount:
        raise InvalidInput(
            [
                FieldError(
                    "/amount",
                    "too_precise",
                    f"{amount} has fractions of a cent.",
                    f"Round to {currency}'s smallest unit.",
                )
            ]
        )


def _locked(account_id: int, currency: str, apply_to: Sequence[int] | None) -> list[Invoice]:
    found = locks.lock_open_invoices(account_id, currency) if apply_to is None else locks.lock_invoices(apply_to)
    return [i for i in found if i.account_id == account_id and i.currency == currency and i.status in OPEN]


def _check_currency(account_id: int, currency: str) -> None:
    """Exposure is in the credit account's currency: another would be counted as if it were that (domain.md §4)."""
    ours = currencies_of([account_id]).get(account_id, currency)
    if ours != currency:
        message = f"The account's credit is in {ours}, and there is no rate for {currency}."
        raise InvalidInput([FieldError("/currency", "currency_mismatch", message, f"Post the sum in {ours}.")])


def _check_all_found(apply_to: Sequence[int] | None, invoices: dict[int, Invoice]) -> None:
    missing = [i for i in apply_to or () if i not in invoices]
    if missing:
        raise InvalidInput(
            [
                FieldError(
                    f"/apply_to/{i}",
                    "not_open",
                    "This is no open invoice of the account in this currency.",
                    "Choose another.",
                )
                for i in missing
            ]
        )


def _open(invoice: Invoice) -> OpenInvoice:
    return OpenInvoice(invoice.pk, invoice.due_date, invoice.total_amount - invoice.paid_amount)


def _insert(
    account_id: int, amount: Decimal, currency: str, received: date, reference: str, method: str, now: datetime
) -> Receipt:
    (number,) = numbering.draw("receipt", prefix="RC-")
    return Receipt.objects.create(
        number=number,
        account_id=account_id,
        currency=currency,
        amount=amount,
        method=method,
        reference=reference,
        received_date=received,
        posted_at=now,
    )
