"""What an account owes and has, on paper and as rows for a spreadsheet."""

from collections.abc import Iterator
from datetime import date

from billing.papers.invoice import bill_to, day, money
from billing.rules.asks import Statement
from core.paper import Column, Paper
from fulfillment.papers.letterhead import letterhead

COLUMNS = (
    Column("Invoice", 95),
    Column("Issued", 85),
    Column("Due", 85),
    Column("State", 80),
    Column("Total", 75, is_number=True),
    Column("Open", 75, is_number=True),
)
CREDITS = (Column("On account", 180), Column("Date", 165), Column("Left", 150, is_number=True))
HEADER = ("document", "issued", "due", "days late", "total", "open", "currency")


def statement_pdf(found: Statement, *, on: date) -> bytes:
    """Ten thousand open invoices take less than a second. Two statements beside the ones that found it."""
    paper = Paper("Statement of account", letterhead())
    ageing = [(bucket.label, money(bucket.amount, found.currency)) for bucket in found.ageing]
    paper.pairs(
        [("Customer", bill_to(found.account_id, on))], right=[("Date", day(on)), ("Currency", found.currency), *ageing]
    )
    paper.table(
        COLUMNS,
        [
            (
                i.number,
                day(i.issued_date),
                day(i.due_date),
                "disputed" if i.disputed_amount else "overdue" if i.due_date < on else "open",
                money(i.total_amount, found.currency),
                money(i.open_amount, found.currency),
            )
            for i in found.open_invoices
        ],
    )
    if found.credits:
        paper.table(CREDITS, [(c.number, day(c.day), money(c.left, found.currency)) for c in found.credits])
    paper.totals(
        [
            ("Open invoices", money(found.open_amount, found.currency)),
            ("On account", money(-found.unapplied_amount, found.currency)),
            (f"Balance {found.currency}", money(found.open_amount - found.unapplied_amount, found.currency)),
        ]
    )
    return paper.finish()


def statement_rows(found: Statement, *, on: date) -> Iterator[tuple[str, ...]]:
    """One row per open invoice and per credit on account (negative), below HEADER."""
    for i in found.open_invoices:
        late = max((on - i.due_date).days, 0)
        dates = (i.issued_date.isoformat(), i.due_date.isoformat(), str(late))
        yield (i.number, *dates, str(i.total_amount), str(i.open_amount), found.currency)
    for c in found.credits:
        yield (c.number, c.day.isoformat(), "", "", "", str(-c.left), found.currency)
