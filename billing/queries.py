"""Reads of billing: a constant number of statements whatever the number of ids."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from billing.models import CreditMemo, Invoice, InvoiceLine, Receipt
from billing.rules.apply import OpenInvoice, age
from billing.rules.asks import Credit, InvoiceLineView, InvoiceView, Overdue, Statement
from billing.rules.charges import BilledSoFar
from billing.states import OPEN, TO_PAY, InvoiceStatus

ZERO = Decimal(0)
_OPEN = F("total_amount") - F("paid_amount") - F("credited_amount") - F("written_off_amount")


def invoices_of(order_ids: Iterable[int]) -> dict[int, list[InvoiceView]]:
    """Posted invoices with lines by order id, oldest first; one that bills several orders stands under each, whole.
    Three statements."""
    wanted = set(order_ids)
    shared: dict[int, set[int]] = {}
    lines = InvoiceLine.objects.filter(order_line__order_id__in=wanted, invoice__shipment=None)
    for invoice_id, order_id in lines.values_list("invoice_id", "order_line__order_id"):
        shared.setdefault(invoice_id, set()).add(order_id)
    rows = Invoice.objects.filter(Q(order_id__in=wanted) | Q(pk__in=shared)).exclude(status=InvoiceStatus.DRAFT)
    found: dict[int, list[InvoiceView]] = {}
    for view in _views(list(rows.order_by("pk"))):
        for order_id in sorted(shared.get(view.id, {view.order_id})):
            found.setdefault(order_id, []).append(view)
    return found


def billed_by(shipment_ids: Iterable[int]) -> dict[int, int]:
    """{shipment: the invoice or draft its lines are on}; those not billed are absent. One statement."""
    lines = InvoiceLine.objects.filter(shipment_line__shipment_id__in=set(shipment_ids))
    return dict(lines.order_by("pk").values_list("shipment_line__shipment_id", "invoice_id"))


def billed_shipments(invoice_id: int) -> int:
    """How many shipments an invoice bills; 0: it bills differences of price. One statement."""
    lines = InvoiceLine.objects.filter(invoice_id=invoice_id, shipment_line__isnull=False)
    return lines.values("shipment_line__shipment_id").distinct().count()


def billed_so_far(order_line_ids: Iterable[int]) -> dict[int, BilledSoFar]:
    """What invoices and drafts bill of order lines, and charge for it. One statement."""
    lines = InvoiceLine.objects.filter(order_line__in=list(order_line_ids), rebills=None).values_list("order_line_id")
    at_its_price = Q(unit_price=F("order_line__unit_price"))
    sums = lines.annotate(
        Sum("qty"),
        Sum("tax_amount"),
        Sum("freight_amount"),
        priced=Coalesce(Sum("qty", filter=at_its_price), ZERO),
        goods=Coalesce(Sum("amount", filter=at_its_price), ZERO),
    )
    return {line_id: BilledSoFar(*rest) for line_id, *rest in sums}


def draft_shipments(invoice_ids: Iterable[int]) -> dict[int, set[int]]:
    """{draft: shipments on it}. One statement."""
    lines = InvoiceLine.objects.filter(invoice_id__in=list(invoice_ids), invoice__status=InvoiceStatus.DRAFT)
    found: dict[int, set[int]] = {}
    for invoice_id, shipment_id in lines.values_list("invoice_id", "shipment_line__shipment_id").distinct():
        found.setdefault(invoice_id, set()).add(shipment_id)
    return found


def orders_billed(invoice_id: int) -> tuple[int, ...]:
    """The orders an invoice bills. One statement."""
    lines = InvoiceLine.objects.filter(invoice_id=invoice_id).order_by("order_line__order_id")
    return tuple(lines.values_list("order_line__order_id", flat=True).distinct())


def invoice_by_number(number: str, account_ids: Iterable[int] | None) -> InvoiceView | None:
    """A posted invoice with its lines, of one of the accounts (None: of any). Two statements."""
    rows = Invoice.objects.filter(number=number).exclude(status=InvoiceStatus.DRAFT)
    if account_ids is not None:
        rows = rows.filter(account_id__in=set(account_ids))
    return next(iter(_views(list(rows))), None)


def invoices_of_account(
    account_ids: Iterable[int], *, limit: int = 200, before_id: int | None = None
) -> list[InvoiceView]:
    """The accounts' latest invoices, newest first, without lines; `before_id` starts the page after that one.
    One statement."""
    rows = Invoice.objects.filter(account_id__in=set(account_ids)).exclude(status=InvoiceStatus.DRAFT)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [_view(i, ()) for i in rows.order_by("-pk")[:limit]]


def unpaid_invoices_of_account(
    account_id: int, *, limit: int, after: tuple[date, int] | None = None, with_disputed: bool = False
) -> list[InvoiceView]:
    """What is still to be paid, the earliest due date first, without lines; `after` (due date, id) starts the page
    after that invoice. `with_disputed`: also those of which a part is disputed. One statement."""
    rows = Invoice.objects.filter(account_id=account_id, status__in=OPEN if with_disputed else TO_PAY)
    if after is not None:
        rows = rows.filter(Q(due_date__gt=after[0]) | Q(due_date=after[0], pk__gt=after[1]))
    return [_view(i, ()) for i in rows.order_by("due_date", "pk")[:limit]]


def overdue(account_id: int, *, on: date) -> Overdue:
    """How many of the account's invoices are late on the day, and the sum per currency. One statement."""
    late = Invoice.objects.filter(account_id=account_id, status__in=TO_PAY, due_date__lt=on)
    rows = late.values_list("currency").annotate(n=Count("pk"), left=Sum(_OPEN))
    found = list(rows.order_by("currency"))
    return Overdue(sum(n for _, n, _ in found), {currency: left for currency, _, left in found})


def unpaid(*, due_until: date) -> list[InvoiceView]:
    """Invoices with something open that are due by that day, oldest first, without lines. One statement."""
    rows = Invoice.objects.filter(due_date__lte=due_until, status__in=TO_PAY)
    return [_view(i, ()) for i in rows.order_by("pk")]


def statement(account_id: int, *, on: date, currency: str) -> Statement:
    """What the account owes on the day `on`, aged, and what it has on account. Three statements."""
    rows = Invoice.objects.filter(account_id=account_id, currency=currency, status__in=OPEN).order_by("due_date", "pk")
    views = tuple(_view(i, ()) for i in rows)
    credits = (*_left(Receipt, "amount", "received_date", account_id, currency), *_memos(account_id, currency))
    ageing = age((OpenInvoice(v.id, v.due_date, v.open_amount) for v in views), on=on)
    return Statement(
        account_id,
        currency,
        views,
        tuple(ageing),
        sum((v.open_amount for v in views), ZERO),
        sum((c.left for c in credits), ZERO),
        credits,
    )


def _memos(account_id: int, currency: str) -> list[Credit]:
    return _left(CreditMemo, "total_amount", "issued_date", account_id, currency)


def _left(
    model: type[Receipt] | type[CreditMemo], amount: str, day: str, account_id: int, currency: str
) -> list[Credit]:
    rows = model._default_manager.filter(account_id=account_id, currency=currency, applied_amount__lt=F(amount))
    found = rows.order_by(day, "pk").values_list("number", day, F(amount) - F("applied_amount"))
    return [Credit(*row) for row in found]


def _views(rows: list[Invoice]) -> list[InvoiceView]:
    lines: dict[int, list[InvoiceLineView]] = {}
    for x in InvoiceLine.objects.filter(invoice__in=rows).order_by("pk"):
        view = InvoiceLineView(
            x.order_line_id,
            x.product_id,
            x.qty,
            x.unit_price,
            x.amount,
            x.pk,
            x.credited_qty,
            x.credited_amount,
            x.tax_amount,
            x.freight_amount,
        )
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
        credited_amount=i.credited_amount,
        written_off_amount=i.written_off_amount,
        disputed_amount=i.disputed_amount,
        terms_code=i.terms_code,
    )
