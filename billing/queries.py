"""Reads of billing: a constant number of statements whatever the number of ids."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Q, Sum

from billing.models import Invoice, InvoiceLine, Receipt
from billing.rules.apply import OpenInvoice, age
from billing.rules.asks import InvoiceLineView, InvoiceView, Overdue, Statement
from billing.states import InvoiceStatus

ZERO = Decimal(0)
TO_PAY = (InvoiceStatus.POSTED, InvoiceStatus.PARTIALLY_PAID)


def invoices_of(order_ids: Iterable[int]) -> dict[int, list[InvoiceView]]:
    """Invoices with lines by order id, oldest first. Two statements."""
    found: dict[int, list[InvoiceView]] = {}
    for view in _views(list(Invoice.objects.filter(order_id__in=set(order_ids)).order_by("pk"))):
        found.setdefault(view.order_id, []).append(view)
    return found


def invoices_of_account(
    account_ids: Iterable[int], *, limit: int = 200, before_id: int | None = None
) -> list[InvoiceView]:
    """The accounts' latest invoices, newest first, without lines; `before_id` starts the page after that one.
    One statement."""
    rows = Invoice.objects.filter(account_id__in=set(account_ids))
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [_view(i, ()) for i in rows.order_by("-pk")[:limit]]


def unpaid_invoices_of_account(
    account_id: int, *, limit: int, after: tuple[date, int] | None = None
) -> list[InvoiceView]:
    """What is still to be paid, the earliest due date first, without lines; `after` (due date, id) starts the page
    after that invoice. One statement."""
    rows = Invoice.objects.filter(account_id=account_id, status__in=TO_PAY)
    if after is not None:
        rows = rows.filter(Q(due_date__gt=after[0]) | Q(due_date=after[0], pk__gt=after[1]))
    return [_view(i, ()) for i in rows.order_by("due_date", "pk")[:limit]]


def overdue(account_id: int, *, on: date) -> Overdue:
    """How many of the account's invoices are late on the day, and the sum per currency. One statement."""
    late = Invoice.objects.filter(account_id=account_id, status__in=TO_PAY, due_date__lt=on)
    rows = late.values_list("currency").annotate(n=Count("pk"), left=Sum(F("total_amount") - F("paid_amount")))
    found = list(rows.order_by("currency"))
    return Overdue(sum(n for _, n, _ in found), {currency: left for currency, _, left in found})


def unpaid(*, due_until: date) -> list[InvoiceView]:
    """Invoices with something open that are due by that day, oldest first, without lines. One statement."""
    rows = Invoice.objects.filter(due_date__lte=due_until).exclude(status=InvoiceStatus.PAID)
    return [_view(i, ()) for i in rows.order_by("pk")]


def statement(account_id: int, *, on: date, currency: str) -> Statement:
    """What the account owes on the day `on`, aged, and what it has on account. Two statements."""
    rows = Invoice.objects.filter(account_id=account_id, currency=currency).exclude(paid_amount=F("total_amount"))
    views = tuple(_view(i, ()) for i in rows.order_by("due_date", "pk"))
    sums = Receipt.objects.filter(account_id=account_id, currency=currency).aggregate(
        received=Sum("amount"), applied=Sum("applied_amount")
    )
    ageing = age((OpenInvoice(v.id, v.due_date, v.open_amount) for v in views), on=on)
    unapplied = (sums["received"] or ZERO) - (sums["applied"] or ZERO)
    return Statement(account_id, currency, views, tuple(ageing), sum((v.open_amount for v in views), ZERO), unapplied)


def _views(rows: list[Invoice]) -> list[InvoiceView]:
    lines: dict[int, list[InvoiceLineView]] = {}
    for x in InvoiceLine.objects.filter(invoice__in=rows).order_by("pk"):
        view = InvoiceLineView(x.order_line_id, x.product_id, x.qty, x.unit_price, x.amount)
        lines.setdefault(x.invoice_id, []).append(view)
    return [_view(i, tuple(lines.get(i.pk, ()))) for i in rows]


def _view(i: Invoice, lines: tuple[InvoiceLineView, ...]) -> InvoiceView:
    return InvoiceView(
        id=i.pk,
        public_id=str(i.public_id),
        number=i.number,
        order_id=i.order_id,
        account_id=i.account_id,
        shipment_id=i.shipment_id,
        status=i.status,
        currency=i.currency,
        net_amount=i.net_amount,
        tax_amount=i.tax_amount,
        freight_amount=i.freight_amount,
        total_amount=i.total_amount,
        paid_amount=i.paid_amount,
        issued_date=i.issued_date,
        due_date=i.due_date,
        lines=lines,
    )
