"""Reads of commissions: who gets what of a sale, and a rep's statements. A constant number of statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from accounts.queries import rep_names
from billing.models import CommissionEntry, CommissionStatement, CommissionStatementLine, InvoiceLine

ZERO = Decimal(0)


@dataclass(frozen=True)
class Share:
    """What a rep has of one order line: accrued, earned and not paid, paid; `why` is the latest explanation."""

    rep_id: int
    rep: str
    kind: str
    accrued: Decimal
    earned: Decimal
    paid: Decimal
    why: str


@dataclass(frozen=True)
class StatementView:
    id: int
    number: str
    rep_id: int
    currency: str
    period_end: date
    status: str
    amount: Decimal


@dataclass(frozen=True)
class StatementLineView:
    id: int
    invoice_number: str
    amount: Decimal
    kind: str
    why: str
    state: str
    note: str
    answer: str


def who_gets(order_line_ids: Iterable[int]) -> dict[int, list[Share]]:
    """{order line: who gets how much of its commission}; lines not invoiced, or that nobody is paid for, are absent. Three
    statements."""
    mine = CommissionEntry.objects.filter(invoice_line__order_line_id__in=list(order_line_ids))
    sums = mine.values_list("invoice_line__order_line_id", "rep_id", "kind").annotate(
        accrued=Sum("accrued_delta"), earned=Sum("earned_delta"), paid=Sum("paid_delta")
    )
    latest = {
        (line, rep, kind): why
        for line, rep, kind, why in mine.exclude(step="paid")
        .order_by("pk")
        .values_list("invoice_line__order_line_id", "rep_id", "kind", "why")
    }
    rows = list(sums.order_by("invoice_line__order_line_id", "-kind", "rep_id"))
    names = rep_names({rep for _, rep, *_ in rows}) if rows else {}
    found: dict[int, list[Share]] = {}
    for line, rep, kind, accrued, earned, paid in rows:
        share = Share(rep, names[rep], kind, accrued, earned, paid, latest[line, rep, kind])
        found.setdefault(line, []).append(share)
    return found


def shares_of_orders(order_ids: Iterable[int]) -> list[tuple[int, Share]]:
    """(line number, share) of the orders' invoiced lines. Four statements."""
    lines = InvoiceLine.objects.filter(order_line__order_id__in=list(order_ids))
    numbers = dict(lines.values_list("order_line_id", "order_line__line_no"))
    found = who_gets(numbers) if numbers else {}
    return [
        (numbers[line], share)
        for line, shares in sorted(found.items(), key=lambda x: numbers[x[0]])
        for share in shares
    ]


def rep_statements(rep_ids: Iterable[int], *, limit: int = 100) -> list[StatementView]:
    """The reps' statements, newest first. One statement."""
    rows = CommissionStatement.objects.filter(rep_id__in=list(rep_ids)).order_by("-period_end", "-pk")[:limit]
    return [StatementView(s.pk, s.number, s.rep_id, s.currency, s.period_end, s.status, s.amount) for s in rows]


def statement_lines(statement_id: int, *, limit: int = 2000) -> list[StatementLineView]:
    """One statement."""
    rows = CommissionStatementLine.objects.filter(statement_id=statement_id).select_related("invoice").order_by("pk")
    return [
        StatementLineView(x.pk, x.invoice.number, x.amount, x.kind, x.why, x.state, x.note, x.answer)
        for x in rows[:limit]
    ]


def reps_with_earnings(*, currency: str = "USD") -> list[int]:
    """Reps with something earned or clawed back that no payment settled. One statement."""
    rows = CommissionEntry.objects.filter(invoice__currency=currency).values_list("rep_id")
    return [rep for rep, left in rows.annotate(left=Sum("earned_delta")).order_by("rep_id") if left]
