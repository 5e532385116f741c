"""Give money back: a credit memo over invoice lines or a sum of its own, applied to the invoice it is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing import locks
from billing.events import CreditMemoPosted
from billing.models import CreditMemo, CreditMemoApplication, CreditMemoLine, Invoice, InvoiceLine
from billing.rules.asks import CreditSpec
from billing.rules.charges import NONE, Charges, Left, charges_back, dealt
from billing.rules.credits import CreditedLine, worth
from billing.services.book_invoices import invoice_ref
from billing.services.settle_invoices import close_cases, restate, save_settled
from billing.states import CreditKind, InvoiceStatus
from core import clock, journal, numbering, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.money import round_amount
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.rules.asks import PostingSpec
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from credit.states import Bucket
from exceptions_app.services.close_causes import Cause

ZERO = Decimal(0)
NO_SOURCE = DocumentRef("", 0)
Plan = Sequence[tuple[Invoice, Decimal]]
CREDITED = ["credited_qty", "credited_amount", "credited_tax_amount", "credited_freight_amount"]


class CannotCredit(Refused):
    status = 422
    template = "{asked} cannot be credited: {left} is left on the credit memo and {open} is open on the invoice."
    remedy_template = "Apply at most the smaller of the two."


@dataclass(frozen=True)
class _Given:
    """A line to be written: of which invoice line, how much."""

    line: InvoiceLine | None
    qty: Decimal
    amount: Decimal
    words: str = ""
    charges: Charges = NONE

    @property
    def total(self) -> Decimal:
        return self.amount + self.charges.total


@door_verb
def issue_credit_memo(
    *,
    account_id: int,
    kind: CreditKind,
    lines: Sequence[CreditSpec],
    reason: str,
    key: str,
    fee_amount: Decimal = ZERO,
    source: DocumentRef = NO_SOURCE,
    actor: Actor,
    now: datetime,
) -> int:
    """Credit quantities or sums of invoice lines, less a fee (restocking); the memo's id, the same again for the `key`.

    Tax goes back with what it was charged on; freight where a line says so. It pays what is open of the invoices it is
    about, the first due first; what is left stays on the account's credit. A
    line is never credited above its quantity or amount. Locks: credit 10, invoices 40, the number 90. Raises
    InvalidInput (lines of another account or currency, too much), NotFound.
    """
    return credit_lines(
        account_id=account_id, kind=kind, lines=lines, reason=reason, key=key, fee_amount=fee_amount, source=source,
        actor=actor, now=now,
    )  # fmt: skip


@door_verb
def credit_account(
    *, account_id: int, kind: CreditKind, amount: Decimal, currency: str, reason: str, key: str,
    source: DocumentRef = NO_SOURCE, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """A credit that is of no invoice line (rebate, chargeback, goodwill): it stays on account until it is applied."""
    return credit_sum(
        account_id=account_id, kind=kind, amount=amount, currency=currency, reason=reason, key=key, source=source,
        actor=actor, now=now,
    )  # fmt: skip


@require_uow
def credit_sum(
    *, account_id: int, kind: CreditKind, amount: Decimal, currency: str, reason: str, key: str,
    source: DocumentRef = NO_SOURCE, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """`credit_account` inside the caller's transaction, which has locked nothing above credit."""
    lock_accounts([account_id])
    if known := _known(key):
        return known
    if amount <= 0 or round_amount(amount, currency) != amount:
        raise InvalidInput(
            [FieldError("/amount", "not_positive", f"{amount} is no sum.", "Enter whole cents above 0.")]
        )
    given = [_Given(None, ZERO, amount, reason[:200])]
    return _write(given, {}, ZERO, account_id, kind, currency, reason, key, source, actor, now)


@require_uow
def credit_lines(
    *, account_id: int, kind: CreditKind, lines: Sequence[CreditSpec], reason: str, key: str, fee_amount: Decimal = ZERO,
    source: DocumentRef = NO_SOURCE, answered: Sequence[Cause] = (), actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """`issue_credit_memo` inside the caller's transaction, which has locked nothing above shipments.
    `answered` are cases this credit is the answer to."""
    lock_accounts([account_id])
    if known := _known(key):
        return known
    ids = InvoiceLine.objects.filter(pk__in={x.invoice_line_id for x in lines}).values_list("invoice_id", flat=True)
    invoices = {i.pk: i for i in locks.lock_invoices(set(ids))}
    rows = {
        x.pk: x for x in InvoiceLine.objects.filter(invoice__in=invoices, pk__in=[x.invoice_line_id for x in lines])
    }
    given = _given(lines, rows, invoices, account_id, fee_amount)
    currency = next(iter(invoices.values())).currency
    return _write(
        given, invoices, fee_amount, account_id, kind, currency, reason, key, source, actor, now, answered
    )  # fmt: skip


@door_verb
def apply_credit(*, credit_memo_id: int, invoice_id: int, amount: Decimal, actor: Actor, now: datetime) -> None:
    """Apply what is left of a credit memo to one open invoice of the same account. Raises NotFound, CannotCredit."""
    account_id = CreditMemo.objects.filter(pk=credit_memo_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NotFound(kind="credit memo", ident=credit_memo_id)
    lock_accounts([account_id])
    memo, invoice = locks.lock_credit_memo_and_invoice(credit_memo_id, invoice_id)
    is_ours = invoice is not None and (invoice.account_id, invoice.currency) == (account_id, memo.currency)
    if invoice is None or not is_ours or invoice.status == InvoiceStatus.DRAFT:
        raise NotFound(kind="invoice", ident=invoice_id)
    left = memo.total_amount - memo.applied_amount
    if not 0 < amount <= min(left, invoice.open_amount) or round_amount(amount, memo.currency) != amount:
        raise CannotCredit(asked=amount, left=left, open=invoice.open_amount)
    plan = [(invoice, amount)]
    _restate(plan)
    apply_memo(memo, plan, actor=actor, now=now)
    close_cases([invoice], actor=actor, now=now)


def _known(key: str) -> int | None:
    return CreditMemo.objects.filter(key=key).values_list("pk", flat=True).first()


def _given(
    lines: Sequence[CreditSpec],
    rows: Mapping[int, InvoiceLine],
    invoices: Mapping[int, Invoice],
    account_id: int,
    fee: Decimal,
) -> list[_Given]:
    """What each line gives back, the lines themselves counted up. Raises InvalidInput with every wrong line."""
    given: list[_Given] = []
    wrong: list[FieldError] = []
    currencies = {i.currency for i in invoices.values()}
    for n, spec in enumerate(lines):
        row = rows.get(spec.invoice_line_id)
        invoice = invoices.get(row.invoice_id) if row else None
        if row is None or invoice is None or invoice.account_id != account_id or invoice.status == InvoiceStatus.DRAFT:
            wrong.append(FieldError(f"/lines/{n}", "unknown_line", "This is no posted invoice line of the account."))
            continue
        state = CreditedLine(row.qty, row.amount, row.credited_qty, row.credited_amount)
        qty = spec.qty or ZERO
        amount = worth(state, qty, invoice.currency) if spec.qty is not None else spec.amount or ZERO
        left = charges_left(row)
        back = charges_back(spec, state, left, amount, invoice.currency)
        is_some, is_left = qty or amount or back.total, 0 <= back.tax <= left.tax and 0 <= back.freight <= left.freight
        if not (0 <= qty <= state.open_qty and 0 <= amount <= state.open_amount and is_left) or not is_some:
            of_charges = f" (and {left.tax:,} of tax, {left.freight:,} of freight)" if left.total else ""
            words = (
                f"{state.open_qty:f} units and {state.open_amount:,}{of_charges} are left to credit of line {row.pk}."
            )
            wrong.append(FieldError(f"/lines/{n}", "too_much", words, "Credit at most what is left."))
            continue
        row.credited_qty, row.credited_amount = row.credited_qty + qty, row.credited_amount + amount
        row.credited_tax_amount += back.tax
        row.credited_freight_amount += back.freight
        given.append(_Given(row, qty, amount, charges=back))
    if len(currencies) > 1:
        wrong.append(
            FieldError("/lines", "currencies", "The invoices are in different currencies.", "Credit each apart.")
        )
    if not wrong and sum(g.total for g in given) <= fee:
        wrong.append(FieldError("/lines", "nothing", "Nothing is left to credit.", "Name lines, and a fee below them."))
    if wrong or not given:
        raise InvalidInput(
            wrong or [FieldError("/lines", "nothing", "No line is credited.", "Name what is given back.")]
        )
    return given


def charges_left(row: InvoiceLine) -> Charges:
    return Charges(row.tax_amount - row.credited_tax_amount, row.freight_amount - row.credited_freight_amount)


def sum_off(total: Decimal, lines: Sequence[InvoiceLine], currency: str) -> list[CreditSpec]:
    """`total` of a document as it is read, tax and freight with it, off its lines in proportion to what is left of them;
    together at most what is left."""
    left = [Left(x.amount - x.credited_amount, *charges_left(x)) for x in lines]
    parts = dealt(min(total, sum((value for x in left for value in x), ZERO)), left, currency)
    return [
        CreditSpec(x.pk, amount=part.amount, tax=part.tax, freight=part.freight)
        for x, part in zip(lines, parts, strict=True)
        if any(part)
    ]


def _write(
    given: Sequence[_Given], invoices: Mapping[int, Invoice], fee: Decimal, account_id: int, kind: CreditKind, currency: str,
    reason: str, key: str, source: DocumentRef, actor: Actor, now: datetime, answered: Sequence[Cause] = (),
) -> int:  # fmt: skip
    """Cases are closed (80) before the number is drawn (90), and everything is written after it."""
    lines = sum((g.amount for g in given), ZERO)
    tax, freight = sum((g.charges.tax for g in given), ZERO), sum((g.charges.freight for g in given), ZERO)
    total = lines + tax + freight - fee
    plan = _plan(total, invoices.values())
    _restate(plan)
    close_cases([invoice for invoice, _ in plan], actor=actor, now=now, answered=answered)
    (number,) = numbering.draw_gapless("credit_memo", prefix="CM-")
    memo = CreditMemo(
        number=number, account_id=account_id, kind=kind, currency=currency, lines_amount=lines, tax_amount=tax,
        freight_amount=freight, fee_amount=fee, total_amount=total, reason=reason[:200], source_kind=source.kind,
        source_id=source.id or None, source_number=source.number, key=key, issued_date=clock.company_day(now),
        posted_at=now, posted_by=actor.label,
    )  # fmt: skip
    memo.save(force_insert=True)
    CreditMemoLine.objects.bulk_create(
        CreditMemoLine(
            credit_memo=memo, invoice_line=g.line, qty=g.qty, amount=g.amount, words=g.words, tax_amount=g.charges.tax,
            freight_amount=g.charges.freight,
        )
        for g in given
    )  # fmt: skip
    touched = [g.line for g in given if g.line is not None]
    InvoiceLine.objects.bulk_update(touched, CREDITED)
    incoming = PostingSpec(
        account_id, memo_ref(memo), Bucket.UNAPPLIED, memo.total_amount, f"credit_memo:{memo.pk}:in", currency=currency,
        rate_date=memo.issued_date,
    )  # fmt: skip
    post([incoming], now=now)
    apply_memo(memo, plan, actor=actor, now=now)
    tell_memo(memo, touched, source, actor, now)
    return memo.pk


def _plan(amount: Decimal, invoices: Iterable[Invoice]) -> list[tuple[Invoice, Decimal]]:
    left, plan = amount, []
    for invoice in sorted(invoices, key=lambda i: (i.due_date, i.pk)):
        part = min(left, invoice.open_amount)
        if part > 0:
            plan.append((invoice, part))
            left -= part
    return plan


def _restate(plan: Iterable[tuple[Invoice, Decimal]]) -> None:
    for invoice, amount in plan:
        invoice.credited_amount += amount
        restate(invoice)


@require_uow
def apply_memo(memo: CreditMemo, plan: Sequence[tuple[Invoice, Decimal]], *, actor: Actor, now: datetime) -> None:
    """Write the applications of the plan; its invoices are restated already."""
    apply_memos([(memo, plan)], actor=actor, now=now)


def apply_memos(plans: Sequence[tuple[CreditMemo, Plan]], *, actor: Actor, now: datetime) -> None:
    """The same of many memos, in a constant number of statements; no invoice is in two of the plans."""
    parts = [(memo, invoice, amount) for memo, plan in plans for invoice, amount in plan]
    if not parts:
        return
    made = CreditMemoApplication.objects.bulk_create(
        CreditMemoApplication(credit_memo=memo, invoice=invoice, amount=amount, applied_at=now)
        for memo, invoice, amount in parts
    )
    specs, entries = [], []
    for (memo, invoice, amount), application in zip(parts, made, strict=True):
        memo.applied_amount += amount
        key = f"credit_memo:{memo.pk}:application:{application.pk}"
        specs += [
            PostingSpec(
                memo.account_id, memo_ref(memo), Bucket.UNAPPLIED, -amount, f"{key}:applied", currency=memo.currency
            ),
            PostingSpec(
                memo.account_id, invoice_ref(invoice), Bucket.RECEIVABLE, -amount, f"{key}:credited",
                due_date=invoice.due_date, currency=invoice.currency,
            ),
        ]  # fmt: skip
        words = f"{amount:,} {memo.currency} of credit memo {memo.number} applied"
        entries.append(journal.Entry(invoice_ref(invoice), "credited", words))
    invoices = [invoice for _, invoice, _ in parts]
    save_settled(invoices, [invoice.pk for invoice in invoices], actor=actor, now=now)
    CreditMemo.objects.bulk_update([memo for memo, plan in plans if plan], ["applied_amount"])
    post(specs, now=now)
    journal.write(entries, actor=actor, now=now)


def memo_ref(memo: CreditMemo) -> DocumentRef:
    return DocumentRef("credit_memo", memo.pk, memo.number)


def tell_memo(memo: CreditMemo, lines: Sequence[InvoiceLine], source: DocumentRef, actor: Actor, now: datetime) -> None:
    tell_memos([(memo, lines, source)], actor=actor, now=now)


def tell_memos(
    told: Sequence[tuple[CreditMemo, Sequence[InvoiceLine], DocumentRef]], *, actor: Actor, now: datetime
) -> None:
    """Each memo, and the document it is for, in their histories; a fact of each."""
    entries, notes = [], []
    for memo, lines, source in told:
        words = f"Credit memo {memo.number}: {memo.total_amount:,} {memo.currency}, {memo.reason}"
        refs = [memo_ref(memo), *([source] if source.id else [])]
        entries += [journal.Entry(ref, "credited", words) for ref in refs]
        about = tuple(sorted({line.invoice_id for line in lines}))
        fact = CreditMemoPosted(memo.pk, memo.number, memo.account_id, memo.total_amount, memo.currency, about)
        notes.append(outbox.Note(fact, f"credit_memo:{memo.pk}", 1))
    journal.write(entries, actor=actor, now=now)
    outbox.publish_many(notes, now=now, actor=actor)
