"""Commission statements: closed for a period, disputed line by line, paid as a whole."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Max, Q, Sum

from billing import locks
from billing.exception_kinds import COMMISSION_DISPUTE
from billing.models import CommissionEntry, CommissionStatement, CommissionStatementLine
from billing.states import STATEMENT, CommissionStep, LineState, StatementStatus
from core import journal, numbering
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.services.close_causes import close_causes
from exceptions_app.services.open_case import open_case

ZERO = Decimal(0)


class StatementDisputed(Refused):
    template = "Statement {number} has {count} disputed line(s)."
    remedy_template = "Answer them first."


class NothingToState(Refused):
    template = "Nothing was earned up to {until} that is not on a statement."
    remedy_template = "Choose a later day."


@door_verb
def close_statement(*, rep_id: int, currency: str, period_end: date, actor: Actor, now: datetime) -> int:
    """State what the rep earned (less what was clawed back) up to the end of that day, UTC, and was on no statement; the
    statement's id, the same again for the period. A claw-back may make it negative: it is then carried by the next
    payment. Raises NothingToState."""
    mine = CommissionStatement.objects.filter(rep_id=rep_id, currency=currency)
    known = mine.filter(period_end=period_end).values_list("pk", flat=True).first()
    if known:
        return known
    locks.lock_statements(mine.values_list("pk", flat=True))
    rows = _unstated(rep_id, currency, period_end)
    if not rows:
        raise NothingToState(until=period_end)
    (number,) = numbering.draw("commission_statement", prefix="CS-")
    row = CommissionStatement(
        number=number, rep_id=rep_id, currency=currency, period_end=period_end, closed_at=now,
        amount=sum((amount for *_, amount, _ in rows), ZERO),
    )  # fmt: skip
    row.save(force_insert=True)
    CommissionStatementLine.objects.bulk_create(
        CommissionStatementLine(
            statement=row, invoice_id=invoice, invoice_line_id=line, kind=kind, amount=amount, why=why
        )
        for invoice, line, kind, amount, why in rows
    )
    words = f"Commission statement {number}: {row.amount:,} {currency} on {len(rows)} line(s)"
    journal.write([journal.Entry(statement_ref(row), "closed", words)], actor=actor, now=now)
    return row.pk


def _unstated(rep_id: int, currency: str, period_end: date) -> list[tuple[int, int, str, Decimal, str]]:
    """(invoice, line, kind, amount, why): earned up to that day less what earlier statements said. Three statements."""
    until = datetime.combine(period_end + timedelta(days=1), time(), UTC)
    earned = (
        CommissionEntry.objects.filter(rep_id=rep_id, invoice__currency=currency, at__lt=until)
        .exclude(step=CommissionStep.PAID)
        .values_list("invoice_id", "invoice_line_id", "kind")
        .annotate(total=Sum("earned_delta"), last=Max("pk", filter=~Q(earned_delta=0)))
        .order_by("invoice_line_id", "kind")
    )
    said = {
        (line, kind): amount
        for line, kind, amount in CommissionStatementLine.objects.filter(
            statement__rep_id=rep_id, statement__currency=currency
        )
        .values_list("invoice_line_id", "kind")
        .annotate(total=Sum("amount"))
    }
    rows = list(earned)
    why = dict(CommissionEntry.objects.filter(pk__in=[r[4] for r in rows if r[4]]).values_list("pk", "why"))
    found = []
    for invoice, line, kind, total, last in rows:
        before = said.get((line, kind), ZERO)
        if total - before:
            words = why[last] if last else ""
            found.append(
                (invoice, line, kind, total - before, f"{words}; {before:,} stated before" if before else words)
            )
    return found


@door_verb
def pay_statement(*, statement_id: int, actor: Actor, now: datetime) -> None:
    """Note that the statement was paid; paid again changes nothing. Raises NotFound, StatementDisputed. Locks rank 45."""
    row = _locked(statement_id)
    if row.status == StatementStatus.PAID:
        return
    if disputed := row.lines.filter(state=LineState.DISPUTED).count():
        raise StatementDisputed(number=row.number, count=disputed)
    row.status = STATEMENT.require(StatementStatus(row.status), StatementStatus.PAID)
    row.paid_at, row.paid_by = now, actor.label
    row.save(update_fields=["status", "paid_at", "paid_by"])
    lines = list(row.lines.order_by("pk"))
    last = _last_entries(row.rep_id, [x.invoice_line_id for x in lines])
    CommissionEntry.objects.bulk_create(
        CommissionEntry(
            rep_id=row.rep_id, invoice_id=x.invoice_id, invoice_line_id=x.invoice_line_id, kind=x.kind,
            step=CommissionStep.PAID, earned_delta=-x.amount, paid_delta=x.amount,
            base_amount=last[x.invoice_line_id, x.kind].base_amount,
            rate_percent=last[x.invoice_line_id, x.kind].rate_percent,
            split_percent=last[x.invoice_line_id, x.kind].split_percent,
            version_id=last[x.invoice_line_id, x.kind].version_id, why=f"paid with {row.number}",
            key=f"paid:{x.pk}", at=now,
        )
        for x in lines
    )  # fmt: skip
    words = f"{row.amount:,} {row.currency} of commission paid"
    journal.write([journal.Entry(statement_ref(row), "paid", words)], actor=actor, now=now)


def _last_entries(rep_id: int, line_ids: Iterable[int]) -> dict[tuple[int, str], CommissionEntry]:
    rows = CommissionEntry.objects.filter(rep_id=rep_id, invoice_line_id__in=list(line_ids)).order_by("pk")
    return {(e.invoice_line_id, e.kind): e for e in rows}


@door_verb
def dispute_line(*, line_id: int, note: str, rep_id: int | None, actor: Actor, now: datetime) -> int:
    """The rep does not agree with a line: a case for finance with a clock; its id. `rep_id` (None: finance itself) may only
    dispute lines of their own statements. Raises NotFound, InvalidInput."""
    line, row = _line(line_id)
    if rep_id not in (None, row.rep_id):
        raise NotFound(kind="statement line", ident=line_id)
    if not note.strip():
        raise InvalidInput([FieldError("/note", "required", "A dispute says what is wrong.", "Write it down.")])
    line.state, line.note, line.was_disputed = LineState.DISPUTED, note[:500], True
    line.save(update_fields=["state", "note", "was_disputed"])
    words = f"{row.number}, {line.amount:,} {row.currency}: {note}"
    journal.write([journal.Entry(statement_ref(row), "disputed", words[:300])], actor=actor, now=now)
    return open_case(
        COMMISSION_DISPUTE.code, subject=statement_ref(row), account_id=None, money_at_risk=abs(line.amount),
        cause_key=f"line:{line.pk}", currency=row.currency, summary=words, now=now, actor=actor,
    )  # fmt: skip


@door_verb
def answer_line(*, line_id: int, answer: str, actor: Actor, now: datetime) -> None:
    """Finance's answer to a disputed line; a wrong rate or split is mended in the plan and recomputed, which the next
    statement shows. The case closes. Raises NotFound, InvalidInput."""
    line, row = _line(line_id)
    if not answer.strip():
        raise InvalidInput([FieldError("/answer", "required", "The rep needs an answer.", "Write it down.")])
    line.state, line.answer = LineState.ANSWERED, answer[:500]
    line.save(update_fields=["state", "answer"])
    words = f"{row.number}, {line.amount:,} {row.currency}: {answer}"
    journal.write([journal.Entry(statement_ref(row), "dispute answered", words[:300])], actor=actor, now=now)
    close_causes(
        COMMISSION_DISPUTE.code, statement_ref(row), [f"line:{line.pk}"], now=now, actor=actor, why=answer[:300]
    )


def statement_ref(row: CommissionStatement) -> DocumentRef:
    return DocumentRef("commission_statement", row.pk, row.number)


def _locked(statement_id: int) -> CommissionStatement:
    found = locks.lock_statements([statement_id])
    if not found:
        raise NotFound(kind="commission statement", ident=statement_id)
    return found[0]


def _line(line_id: int) -> tuple[CommissionStatementLine, CommissionStatement]:
    """The line under its statement's lock (rank 45)."""
    statement_id = CommissionStatementLine.objects.filter(pk=line_id).values_list("statement_id", flat=True).first()
    if statement_id is None:
        raise NotFound(kind="statement line", ident=line_id)
    row = _locked(statement_id)
    return CommissionStatementLine.objects.get(pk=line_id), row
