"""Paying invoices through a provider: started by the customer, handed over by a job, ended by the provider's message."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from billing.events import PaymentStarted
from billing.exception_kinds import PAYMENT_DIFFERS
from billing.models import Invoice, Payment, PaymentMessage
from billing.payments import provider, provider_in_use
from billing.payments.port import Message, PaymentRequest
from billing.rules.asks import ReceiptSpec
from billing.services.post_receipt import receive
from billing.states import OPEN, PaymentStatus
from core import journal, outbox
from core.actors import Actor, system
from core.clock import company_day
from core.errors import DomainError, FieldError, InvalidInput, NotFound, Refused
from core.money import EXACT, round_amount
from core.rates import rates
from core.refs import DocumentRef
from core.uow import door_verb
from credit.services.lock_accounts import lock_accounts
from exceptions_app.services.open_case import open_case

ZERO = Decimal(0)


class PaymentIsBooked(Refused):
    template = "Payment {number} is {status}: nothing of it is left to book."
    remedy_template = "The case closes by hand; look at its receipt."


class NoRate(Refused):
    template = "No exchange rate from {base} to {quote} of the last month is known."
    remedy_template = "Enter the day's rate, then book it."


@door_verb
def start_payment(
    *, account_id: int, amounts: Mapping[int, Decimal], method: str, key: str, actor: Actor, now: datetime
) -> str:
    """Ask to pay `amounts` {invoice: amount} of the account's open invoices; the payment's public id, the same again for
    the key. No money moves before the provider's signed word. Raises InvalidInput, NotFound (no provider)."""
    known = Payment.objects.filter(account_id=account_id, key=key).values_list("public_id", flat=True).first()
    if known:
        return str(known)
    code = provider_in_use()
    methods = dict(provider(code).methods)
    rows = {i.pk: i for i in Invoice.objects.filter(account_id=account_id, pk__in=amounts, status__in=OPEN)}
    wrong = [f for i, amount in amounts.items() if (f := _wrong(i, amount, rows.get(i)))]
    currencies = {i.currency for i in rows.values()}
    if method not in methods:
        wrong.append(FieldError("/method", "unknown", "This is no way to pay here.", "Choose one of those offered."))
    if not amounts or len(currencies) > 1:
        wrong.append(FieldError("/invoices", "choose", "Choose invoices of one currency.", "Pay each currency apart."))
    if wrong:
        raise InvalidInput(wrong)
    row = Payment.objects.create(
        account_id=account_id, provider=code, method=method, amount=sum(amounts.values(), ZERO),
        currency=currencies.pop(), remittance={str(i): str(a) for i, a in amounts.items()}, key=key, started_at=now,
        started_by=actor.label,
    )  # fmt: skip
    words = f"Payment of {row.amount:,} {row.currency} started"
    journal.write([journal.Entry(payment_ref(row), "started", words)], actor=actor, now=now)
    outbox.publish(PaymentStarted(row.pk, account_id), stream=f"payment:{row.pk}", seq=1, now=now, actor=actor)
    return str(row.public_id)


@door_verb
def hand_to_provider(*, payment_id: int, now: datetime) -> None:
    """Give a started payment to its provider (a job does, outside every lock of ours). Done twice, it is collected once."""
    row = Payment.objects.filter(pk=payment_id, status=PaymentStatus.STARTED).first()
    if row is None:
        return
    port = provider(row.provider)
    asked = PaymentRequest(str(row.public_id), row.amount, row.currency, row.method)
    Payment.objects.filter(pk=row.pk).update(reference=port.start(asked, now=now)[:80])
    for headers, body in port.pending(asked, now=now):
        _take(row.provider, port.read(headers, body, now=now), body, now)


@door_verb
def take_message(*, code: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """A provider's message: checked, kept, and acted on once; False for one that was taken before.

    What was collected is booked, also when it is another sum than was asked or comes after a decline; what it does not
    pay stays on account. Another currency is booked nowhere and opens a case. Raises NotFound (no such provider),
    BadSignature.
    """
    return _take(code, provider(code).read(headers, body, now=now), body, now)


def _take(code: str, said: Message, body: bytes, now: datetime) -> bool:
    row = Payment.objects.filter(provider=code, public_id=_uuid(said.payment_id)).first()
    if row is not None:
        lock_accounts([row.account_id])
    fresh = PaymentMessage(provider=code, event_id=said.event_id[:120], payment=row, body=body.decode()[:10_000])
    fresh.received_at = now
    if PaymentMessage.objects.filter(provider=code, event_id=fresh.event_id).exists():
        return False
    PaymentMessage.objects.bulk_create([fresh], ignore_conflicts=True)
    if row is None:
        raise NotFound(kind="payment", ident=said.payment_id[:40])
    row.refresh_from_db()
    if row.status == PaymentStatus.SUCCEEDED or (row.status == PaymentStatus.FAILED and not said.succeeded):
        return False
    if not said.succeeded:
        _end(row, PaymentStatus.FAILED, now, reason=(said.reason or "Declined.")[:200])
    elif said.currency != row.currency:
        _end(row, PaymentStatus.FAILED, now, reason=f"{said.amount:,} {said.currency} were collected instead.")
        _ask_finance(row, said, now)
    else:
        _succeed(row, round_amount(said.amount, row.currency), now)
    return True


@door_verb
def book_at_rate(*, payment_id: int, collected: Decimal, currency: str, actor: Actor, now: datetime) -> int:
    """Book what a provider collected in another currency than was asked, at the day's rate; the receipt's id. It pays what
    the customer chose as far as it goes, the rest stays on account.

    Raises NotFound, PaymentIsBooked (it came in the right currency since), NoRate.
    """
    row = Payment.objects.filter(pk=payment_id).first()
    if row is None:
        raise NotFound(kind="payment", ident=payment_id)
    amount = worth_at_rate(collected, currency, row.currency, now)
    lock_accounts([row.account_id])
    row.refresh_from_db()
    if row.status != PaymentStatus.FAILED:
        raise PaymentIsBooked(number=payment_ref(row).number, status=row.status)
    _succeed(
        row, amount, now, said=f"{collected:,} {currency} were collected, booked at the day's rate by {actor.label}."
    )
    assert row.receipt_id is not None
    return row.receipt_id


def worth_at_rate(amount: Decimal, currency: str, wanted: str, now: datetime) -> Decimal:
    """Raises NoRate where neither way round has a rate of the last month."""
    rate = rates([(currency, wanted)], on=company_day(now)).get((currency, wanted))
    if rate is None:
        raise NoRate(base=currency, quote=wanted)
    return round_amount(EXACT.multiply(amount, rate), wanted)


def _ask_finance(row: Payment, said: Message, now: datetime) -> None:
    open_case(
        PAYMENT_DIFFERS.code, subject=payment_ref(row), account_id=row.account_id, money_at_risk=said.amount,
        currency=said.currency, cause_key="currency", now=now, actor=_provider_actor(row),
        summary=f"{row.provider} collected {said.amount:,} {said.currency} for a payment of {row.amount:,} {row.currency}",
    )  # fmt: skip


def _provider_actor(row: Payment) -> Actor:
    return system(f"payment by {row.provider}")


def _succeed(row: Payment, collected: Decimal, now: datetime, *, said: str = "") -> None:
    """`collected` pays what the customer chose, in that order, as far as it goes and as far as it is open still."""
    told = {int(i): Decimal(a) for i, a in row.remittance.items()}
    open_now = {
        i.pk: i.open_amount for i in Invoice.objects.filter(pk__in=told, status__in=OPEN, account_id=row.account_id)
    }
    left, remittance = collected, {}
    for i, amount in told.items():
        remittance[i] = min(amount, open_now.get(i, ZERO), left)
        left -= remittance[i]
    spec = ReceiptSpec(
        row.account_id, collected, row.currency, company_day(now), reference=f"PAY {row.public_id}", method=row.provider,
        remittance={i: a for i, a in remittance.items() if a > 0},
    )  # fmt: skip
    (outcome,) = receive([spec], _provider_actor(row), now)
    if isinstance(outcome, DomainError):
        raise outcome
    row.receipt_id = outcome
    other = "" if collected == row.amount else f"{collected:,} {row.currency} were collected."
    _end(row, PaymentStatus.SUCCEEDED, now, reason=said or other)


def _end(row: Payment, status: PaymentStatus, now: datetime, *, reason: str = "") -> None:
    row.status, row.reason, row.ended_at = status, reason, now
    row.save(update_fields=["status", "reason", "ended_at", "receipt"])
    words = f"Payment of {row.amount:,} {row.currency} {status}" + (f": {reason}" if reason else "")
    entry = journal.Entry(payment_ref(row), status, words)
    journal.write([entry], actor=_provider_actor(row), now=now)


def payment_ref(row: Payment) -> DocumentRef:
    return DocumentRef("payment", row.pk, str(row.public_id)[:8])


def _wrong(invoice_id: int, amount: Decimal, row: Invoice | None) -> FieldError | None:
    if row is None:
        return FieldError(f"/invoices/{invoice_id}", "not_open", "This invoice is not open.", "Leave it out.")
    if not 0 < amount <= row.open_amount or round_amount(amount, row.currency) != amount:
        words = f"{amount:f} is not between 0 and the {row.open_amount:,} open of {row.number}."
        return FieldError(f"/invoices/{invoice_id}", "too_much", words, "Pay at most what is open.")
    return None


def _uuid(text: str) -> UUID:
    """A public id, or one nothing has: the text came from outside."""
    try:
        return UUID(text.strip())
    except ValueError:
        return UUID(int=0)
