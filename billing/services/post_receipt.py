"""Money came in: on account first, then applied, all in one transaction; held orders are looked at again after it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from billing import locks
from billing.events import ReceiptPosted
from billing.exception_kinds import SHORT_PAYMENT
from billing.models import Invoice, Receipt
from billing.rules.apply import Application, OpenInvoice, apply_oldest_first
from billing.rules.asks import ReceiptSpec
from billing.services.apply_money import apply_all
from billing.services.book_invoices import invoice_ref
from billing.services.take_discounts import earned, take_discounts
from billing.states import OPEN, TO_PAY
from core import journal, numbering, outbox
from core.actors import Actor
from core.errors import DomainError, FieldError, InvalidInput, Refused
from core.money import round_amount
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.queries import without_a_rate
from credit.rules.asks import PostingSpec
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from credit.states import Bucket
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.open_case import open_cases

LARGEST = Decimal("1e12")  # numeric(14,2)


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
    remittance: Mapping[int, Decimal] | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Post a receipt of `amount` and apply it: to `apply_to` in due order, or (None) to the oldest open invoices.

    `remittance` {invoice: amount} says exactly what pays what; an invoice it pays short opens a case for finance. What
    is left stays on account. Who pays all but the discount of its terms, by its last day, owes nothing more of an invoice.
    Returns the receipt's id. Raises InvalidInput, ReceiptAlreadyPosted.
    """
    asked = None if apply_to is None else tuple(apply_to)
    spec = ReceiptSpec(account_id, amount, currency, received_date, reference, method, asked, remittance)
    (outcome,) = receive([spec], actor, now)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


@door_verb(refuse_on={"one_receipt_per_account_and_reference": ReceiptAlreadyPosted})
def post_receipts(specs: Sequence[ReceiptSpec], *, actor: Actor, now: datetime) -> list[int | DomainError]:
    """The same for about 200 receipts in one transaction: the id of each in the order given, or why it was refused.

    What one pays is paid for the next; the number of statements does not grow with the receipts.
    """
    return receive(specs, actor, now)


@require_uow
def receive(specs: Sequence[ReceiptSpec], actor: Actor, now: datetime) -> list[int | DomainError]:
    """`post_receipts` inside the caller's transaction, which has locked nothing above credit."""
    lock_accounts({spec.account_id for spec in specs})
    refused = _refused(specs, now)
    good = [(i, spec) for i, spec in enumerate(specs) if i not in refused]
    invoices = {
        i.pk: i for i in locks.lock_payable([s.account_id for _, s in good if _pays_the_oldest(s)], _named(good))
    }
    for i, spec in good:
        if missing := _not_open(spec, invoices):
            refused[i] = missing
    good = [(i, spec) for i, spec in good if i not in refused]
    receipts = _insert([spec for _, spec in good], now)
    post([_incoming(r) for r in receipts], now=now)
    plans = _plans([spec for _, spec in good], receipts, invoices)
    facts = [ReceiptPosted(r.pk, r.account_id, r.amount, r.currency) for r in receipts]
    outbox.publish_many([outbox.Note(f, f"receipt:{f.receipt_id}", 1) for f in facts], now=now, actor=actor)
    early = earned(plans, invoices)
    apply_all(plans, invoices, early=early, actor=actor, now=now)
    journal.write([_entry(r) for r in receipts], actor=actor, now=now)
    _ask_about_the_rest([spec for _, spec in good], receipts, invoices, early, actor=actor, now=now)
    take_discounts(early, invoices, actor=actor, now=now)
    made = {i: r.pk for (i, _), r in zip(good, receipts, strict=True)}
    return [refused[i] if i in refused else made[i] for i in range(len(specs))]


def _incoming(r: Receipt) -> PostingSpec:
    return PostingSpec(
        r.account_id, _ref(r), Bucket.UNAPPLIED, r.amount, f"receipt:{r.pk}:in", currency=r.currency,
        rate_date=r.received_date,
    )  # fmt: skip


def _refused(specs: Sequence[ReceiptSpec], now: datetime) -> dict[int, DomainError]:
    """What is wrong with a spec by itself, or against what was posted before; by its place."""
    unknown = without_a_rate({(s.account_id, s.currency, s.received_date) for s in specs}, on=now.date())
    named = [s for s in specs if s.reference]
    rows = Receipt.objects.filter(
        account_id__in={s.account_id for s in named}, reference__in={s.reference for s in named}
    )
    known = set(rows.values_list("account_id", "reference")) if named else set()
    refused: dict[int, DomainError] = {}
    for i, spec in enumerate(specs):
        try:
            _check(spec.amount, spec.currency)
            if (spec.account_id, spec.currency, spec.received_date) in unknown:
                raise _no_rate(spec.currency)
        except InvalidInput as wrong:
            refused[i] = wrong
            continue
        key = (spec.account_id, spec.reference)
        if key in known:
            refused[i] = ReceiptAlreadyPosted()
        elif spec.reference:
            known.add(key)
    return refused


def _pays_the_oldest(spec: ReceiptSpec) -> bool:
    return spec.apply_to is None and spec.remittance is None


def _wanted(spec: ReceiptSpec) -> Collection[int]:
    return tuple(spec.remittance) if spec.remittance is not None else spec.apply_to or ()


def _named(good: Sequence[tuple[int, ReceiptSpec]]) -> set[int]:
    return {invoice_id for _, spec in good for invoice_id in _wanted(spec)}


def _is_payable(spec: ReceiptSpec, invoice: Invoice | None) -> bool:
    return (
        invoice is not None
        and (invoice.account_id, invoice.currency) == (spec.account_id, spec.currency)
        and invoice.status in OPEN
    )


def _not_open(spec: ReceiptSpec, invoices: Mapping[int, Invoice]) -> InvalidInput | None:
    missing = [i for i in _wanted(spec) if not _is_payable(spec, invoices.get(i))]
    if not missing:
        return _too_much(spec, invoices)
    words = "This is no open invoice of the account in this currency."
    return InvalidInput([FieldError(f"/apply_to/{i}", "not_open", words, "Choose another.") for i in missing])


def _too_much(spec: ReceiptSpec, invoices: Mapping[int, Invoice]) -> InvalidInput | None:
    """A remittance pays no invoice more than is open of it, and no more in all than came in."""
    told = spec.remittance or {}
    wrong = [
        FieldError(
            f"/remittance/{i}",
            "too_much",
            f"{amount:,} is not between 0 and the {invoices[i].open_amount:,} open of {invoices[i].number}.",
            "Leave the rest on account.",
        )
        for i, amount in told.items()
        if not 0 < amount <= invoices[i].open_amount or round_amount(amount, spec.currency) != amount
    ]
    if sum(told.values()) > spec.amount:
        words = f"The remittance comes to {sum(told.values()):,}, more than the {spec.amount:,} received."
        wrong.append(FieldError("/remittance", "more_than_received", words, "Correct the amounts."))
    return InvalidInput(wrong) if wrong else None


def _plans(
    specs: Sequence[ReceiptSpec], receipts: Sequence[Receipt], invoices: Mapping[int, Invoice]
) -> list[tuple[Receipt, list[Application]]]:
    """Each receipt dealt out in turn, to what the ones before it left open."""
    open_now = {i: _open(invoice) for i, invoice in invoices.items()}
    plans = []
    for spec, receipt in zip(specs, receipts, strict=True):
        wanted: Collection[int] = _wanted(spec)
        if _pays_the_oldest(spec):
            wanted = [i for i, invoice in invoices.items() if invoice.status in TO_PAY]
        mine = [open_now[i] for i in wanted if _is_payable(spec, invoices.get(i)) and open_now[i].open_amount > 0]
        if spec.remittance is not None:
            told = spec.remittance
            mine = [replace(o, open_amount=min(o.open_amount, told[o.id])) for o in mine]
        plan = apply_oldest_first(receipt.amount, mine)
        for part in plan:
            left = open_now[part.invoice_id]
            open_now[part.invoice_id] = replace(left, open_amount=left.open_amount - part.amount)
        plans.append((receipt, plan))
    return plans


def _ask_about_the_rest(
    specs: Sequence[ReceiptSpec],
    receipts: Sequence[Receipt],
    invoices: Mapping[int, Invoice],
    early: Collection[int],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """What a remittance left open of an invoice it names, without a dispute, is a case; not what an early payer keeps.
    Rank 80: only numbers follow."""
    open_cases(
        [
            CaseSpec(
                SHORT_PAYMENT.code,
                invoice_ref(invoice),
                "paid short",
                invoice.account_id,
                invoice.open_amount,
                invoice.currency,
                f"{invoice.number} was paid {invoice.open_amount:,} {invoice.currency} short by {receipt.number}",
            )
            for spec, receipt in zip(specs, receipts, strict=True)
            for invoice in (invoices[i] for i in spec.remittance or ())
            if invoice.open_amount > 0 and not invoice.disputed_amount and invoice.pk not in early
        ],
        now=now,
        actor=actor,
    )


def _ref(receipt: Receipt) -> DocumentRef:
    return DocumentRef("receipt", receipt.pk, receipt.number)


def _entry(receipt: Receipt) -> journal.Entry:
    summary = f"Receipt {receipt.number}: {receipt.amount} {receipt.currency}, {receipt.applied_amount} applied"
    return journal.Entry(_ref(receipt), "posted", summary, {"reference": receipt.reference})


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


def _no_rate(currency: str) -> InvalidInput:
    """Exposure is counted in the credit account's currency: what has no rate would be counted as nothing (domain.md §4)."""
    message = f"The account's credit is in another currency, and there is no exchange rate for {currency}."
    return InvalidInput([FieldError("/currency", "no_exchange_rate", message, "Enter the rate of the day first.")])


def _open(invoice: Invoice) -> OpenInvoice:
    return OpenInvoice(invoice.pk, invoice.due_date, invoice.open_amount)


def _insert(specs: Sequence[ReceiptSpec], now: datetime) -> list[Receipt]:
    numbers = numbering.draw("receipt", prefix="RC-", count=len(specs)) if specs else []
    return Receipt.objects.bulk_create(
        Receipt(
            number=number,
            account_id=spec.account_id,
            currency=spec.currency,
            amount=spec.amount,
            method=spec.method,
            reference=spec.reference,
            received_date=spec.received_date,
            posted_at=now,
        )
        for number, spec in zip(numbers, specs, strict=True)
    )
