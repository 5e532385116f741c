"""Lists of orders and invoices as a buyer sees them, and the signs of shipments and invoices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.rules.asks import InvoiceView
from core import clock
from fulfillment.rules.standing import shipment_standing
from orders import queries as orders
from orders.filters import OrderSummary, order_summaries
from orders.rules.standing import how_much, order_standing
from portal.early import Early, early_payments
from portal.rules.progress import sign
from portal.rules.words import Sign

PAGE = 25

INVOICE_SIGNS = {
    "posted": Sign("info", "receipt", "To pay"),
    "sent": Sign("info", "receipt", "To pay"),
    "partially_paid": Sign("info", "receipt", "Part paid"),
    "paid": Sign("ok", "check-circle", "Paid"),
    "disputed": Sign("hold", "hold", "Disputed"),
    "credited": Sign("neutral", "undo", "Credited"),
    "written_off": Sign("neutral", "x", "Written off"),
}


@dataclass(frozen=True)
class OrderRow:
    number: str
    url: str
    po_number: str
    placed_at: datetime | None
    state: Sign
    total: Decimal
    currency: str
    is_draft: bool = False
    shipped: str = ""


@dataclass(frozen=True)
class InvoiceRow:
    number: str
    order_number: str
    order_url: str
    issued_date: date
    due_date: date
    state: Sign
    total: Decimal
    open: Decimal
    currency: str
    may_dispute: bool = False
    early: Early | None = None  # what settles it, and until when


def shipment_sign(status: str, *, is_usage: bool = False) -> Sign:
    """The one wording of every door, with its icon."""
    state = shipment_standing(status, is_usage=is_usage)
    return Sign(state.tone, state.symbol, state.words)


def invoice_sign(status: str, *, is_overdue: bool = False) -> Sign:
    if is_overdue and status in ("posted", "sent", "partially_paid"):
        return Sign("bad", "alert", _("Overdue"))
    return INVOICE_SIGNS.get(status, Sign("neutral", "receipt", status))


def order_rows(summaries: Sequence[OrderSummary]) -> list[OrderRow]:
    """Each order with its one state: 3 statements for the page."""
    ids = [s.order_id for s in summaries]
    progress, holds = orders.progress(ids), orders.holds_of(ids)
    return [
        OrderRow(
            number=s.number,
            url=reverse("portal:order", args=[s.number]),
            po_number=s.po_number,
            placed_at=s.submitted_at,
            state=sign(order_standing(s.status, progress.get(s.order_id), is_held=s.order_id in holds)),
            total=s.owed_amount,
            currency=s.currency,
            is_draft=s.status == "draft",
            shipped=how_much(progress.get(s.order_id)),
        )
        for s in summaries
    ]


def invoice_rows(found: Sequence[InvoiceView], *, today: date) -> list[InvoiceRow]:
    """The invoices with the numbers of their orders, and what an early payer may keep: 3 statements at most."""
    early = early_payments([i for i in found if i.open_amount > 0], today=clock.company_day(clock.now()))
    numbers = {s.order_id: s.number for s in order_summaries({i.order_id for i in found})} if found else {}
    return [_invoice_row(i, numbers, today, early.get(i.id)) for i in found]


def _invoice_row(i: InvoiceView, numbers: Mapping[int, str], today: date, early: Early | None) -> InvoiceRow:
    number = numbers.get(i.order_id, "")
    return InvoiceRow(
        number=i.number,
        order_number=number,
        order_url=reverse("portal:order", args=[number]) if number else "",
        issued_date=i.issued_date,
        due_date=i.due_date,
        state=invoice_sign(i.status, is_overdue=i.due_date < today),
        total=i.total_amount,
        open=i.open_amount,
        currency=i.currency,
        may_dispute=i.open_amount > 0 and not i.disputed_amount,
        early=early,
    )
