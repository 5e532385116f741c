"""Bill what more earlier invoice lines cost: an invoice per order, of differences alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing.models import Invoice, InvoiceLine
from billing.rules.charges import NONE, Charges, tax_of_more
from billing.services.book_invoices import Billed, book
from billing.states import InvoiceStatus
from core import clock, numbering
from core.actors import Actor
from core.money import EXACT, round_price
from core.uow import require_uow
from credit.queries import due_dates, terms_of
from orders.queries import line_prices
from orders.rules.asks import LockedPrice

ZERO = Decimal(0)


@dataclass(frozen=True)
class More:
    """`amount` above 0 that `qty` base units of an order line cost beyond what its invoice line says. Its tax is as their
    price is taxed, and it has no freight of its own; `charges` say otherwise."""

    order_id: int
    order_line_id: int
    invoice_line_id: int
    product_id: int
    qty: Decimal
    amount: Decimal
    charges: Charges | None = None


@require_uow
def rebill(lines: Sequence[More], *, account_id: int, actor: Actor, now: datetime) -> list[int]:
    """The invoices, one an order, due by its terms from today on. The account's credit (10) is locked by the caller; draws
    numbers (90)."""
    by_order: dict[int, list[More]] = {}
    for line in lines:
        by_order.setdefault(line.order_id, []).append(line)
    if not by_order:
        return []
    prices = line_prices([x.order_line_id for x in lines])
    by_order = {i: [replace(x, charges=_charges(x, prices[x.order_line_id])) for x in m] for i, m in by_order.items()}
    invoices = _invoices(by_order, {p.order_id: p for p in prices.values()}, account_id, now)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice, rebills_id=x.invoice_line_id, order_line_id=x.order_line_id, product_id=x.product_id,
            qty=x.qty, unit_price=round_price(EXACT.divide(x.amount, x.qty)), amount=x.amount,
            tax_amount=(x.charges or NONE).tax, freight_amount=(x.charges or NONE).freight,
        )
        for invoice in invoices
        for x in by_order[invoice.order_id]
    )  # fmt: skip
    book([Billed(invoice, (), (invoice.order_id,)) for invoice in invoices], actor=actor, now=now)
    return [invoice.pk for invoice in invoices]


def _charges(x: More, price: LockedPrice) -> Charges:
    return Charges(tax_of_more(x.amount, price.worth, price.currency)) if x.charges is None else x.charges


def _invoices(
    by_order: Mapping[int, Sequence[More]], of_order: Mapping[int, LockedPrice], account_id: int, now: datetime
) -> list[Invoice]:
    issued = clock.company_day(now)
    ours = terms_of([account_id]).get(account_id, "")
    terms = {i: of_order[i].terms_code or ours for i in by_order}
    days = due_dates((code, issued) for code in terms.values())
    numbers = numbering.draw_gapless("invoice", prefix="INV-", count=len(by_order))
    rows = []
    for number, (order_id, mine) in zip(numbers, by_order.items(), strict=True):
        net = sum((x.amount for x in mine), ZERO)
        tax = sum((x.charges.tax for x in mine if x.charges), ZERO)
        freight = sum((x.charges.freight for x in mine if x.charges), ZERO)
        rows.append(
            Invoice(
                number=number, account_id=account_id, order_id=order_id, status=InvoiceStatus.POSTED,
                currency=of_order[order_id].currency, net_amount=net, tax_amount=tax,
                freight_amount=freight, total_amount=net + tax + freight, terms_code=terms[order_id],
                issued_date=issued, due_date=days[terms[order_id], issued], posted_at=now,
            )
        )  # fmt: skip
    return Invoice.objects.bulk_create(rows)
