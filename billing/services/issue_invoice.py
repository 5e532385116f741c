"""The invoice: shipped quantity at the locked price, once per shipment. It copies the price, it never asks for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from billing.events import InvoicePosted
from billing.models import Invoice
from billing.states import InvoiceStatus
from core import clock, journal, numbering, outbox
from core.actors import Actor
from core.errors import DomainError, NotFound, Refused
from core.money import line_amount
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.queries import due_dates, terms_of
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from fulfillment.queries import billable_of, shipment_details, unbilled_shipments
from fulfillment.rules.asks import BillableLine, ShipmentView
from fulfillment.services.find_shipment import OnHold, lock_with_credit, only
from fulfillment.services.mark_invoiced import mark_invoiced
from orders.queries import holds_blocking, line_prices
from orders.rules.asks import LockedPrice
from orders.states import Blocks


class NothingToInvoice(Refused):
    template = "Shipment {number} has nothing shipped that is not invoiced."
    remedy_template = "Confirm the shipment first."


@door_verb
def issue_invoice(*, shipment_id: int, actor: Actor, now: datetime) -> int:
    """Invoice the shipment and return the invoice's id; the same id again when it was invoiced before.

    It is due by the order's own terms, else by the account's. Locks: credit 10, shipment 30, then the number (90).
    Raises NotFound, NothingToInvoice, OnHold (a hold blocks invoicing: the invoice leaves when it is cleared).
    """
    return only(_issue([shipment_id], actor, now), shipment_id)


@door_verb
def issue_invoices(shipment_ids: Sequence[int], *, actor: Actor, now: datetime) -> dict[int, int | DomainError]:
    """The same for about 200 shipments in one transaction: the invoice of each, or why there is none.

    Numbers are drawn in the order given; the number of statements does not grow with the shipments.
    """
    return _issue(list(dict.fromkeys(shipment_ids)), actor, now)


@door_verb
def bill_order(order_id: int, *, actor: Actor, now: datetime) -> list[int]:
    """Invoice what of the order was shipped and never billed, because a hold kept it: the invoices. What a hold still
    keeps stays. Nothing to bill is no error."""
    outcomes = _issue(unbilled_shipments(order_id), actor, now)
    return [found for found in outcomes.values() if isinstance(found, int)]


@dataclass(frozen=True)
class _Due:
    """A shipment to be invoiced: its lines and what each comes to."""

    shipment: ShipmentView
    lines: list[BillableLine]
    amounts: list[Decimal]
    price: LockedPrice

    @property
    def net(self) -> Decimal:
        return sum(self.amounts, Decimal(0))


@require_uow
def _issue(shipment_ids: Sequence[int], actor: Actor, now: datetime) -> dict[int, int | DomainError]:
    lock_with_credit(shipment_ids)
    shipments = shipment_details(shipment_ids)
    invoiced = dict(Invoice.objects.filter(shipment__in=shipment_ids).values_list("shipment_id", "pk"))
    held = holds_blocking({s.order_id for s in shipments.values()}, Blocks.INVOICE) if shipments else {}
    outcomes: dict[int, int | DomainError] = {}
    lines_of: dict[int, list[BillableLine]] = {}
    for shipment_id in shipment_ids:
        shipment = shipments.get(shipment_id)
        if shipment is None:
            outcomes[shipment_id] = NotFound(kind="shipment", ident=shipment_id)
        elif shipment_id in invoiced:
            outcomes[shipment_id] = invoiced[shipment_id]
        elif why := held.get(shipment.order_id):
            outcomes[shipment_id] = OnHold(number=shipment.number, why=" ".join(why))
        elif lines := billable_of(shipment):
            lines_of[shipment_id] = lines
        else:
            outcomes[shipment_id] = NothingToInvoice(number=shipment.number)
    if not lines_of:
        return outcomes
    prices = line_prices([x.order_line_id for lines in lines_of.values() for x in lines])
    due = [_due(shipments[i], lines, prices) for i, lines in lines_of.items()]
    mark_invoiced({x.shipment_line_id: x.qty for d in due for x in d.lines})
    invoices = _insert(due, prices, now)
    post([s for d, invoice in zip(due, invoices, strict=True) for s in _exposure(invoice, d)], now=now)
    _tell(invoices, actor, now)
    return outcomes | {invoice.shipment_id: invoice.pk for invoice in invoices}


def _due(shipment: ShipmentView, lines: list[BillableLine], prices: Mapping[int, LockedPrice]) -> _Due:
    return _Due(shipment, lines, [_amount(x, prices) for x in lines], prices[lines[0].order_line_id])


def _insert(due: Sequence[_Due], prices: Mapping[int, LockedPrice], now: datetime) -> list[Invoice]:
    issued = clock.local_date(now, "UTC")
    agreed = terms_of({d.shipment.account_id for d in due if not d.price.terms_code})
    terms = [d.price.terms_code or agreed.get(d.shipment.account_id, "") for d in due]
    days = due_dates((code, issued) for code in terms)
    numbers = numbering.draw_gapless("invoice", prefix="INV-", count=len(due))
    invoices = Invoice.objects.bulk_create(
        _invoice(d, number, code, issued, days[code, issued], now)
        for d, number, code in zip(due, numbers, terms, strict=True)
    )
    _insert_lines(due, invoices, prices)
    return invoices


def _invoice(due: _Due, number: str, terms: str, issued: date, due_date: date, now: datetime) -> Invoice:
    return Invoice(
        number=number,
        account_id=due.shipment.account_id,
        order_id=due.shipment.order_id,
        shipment_id=due.shipment.id,
        status=InvoiceStatus.POSTED if due.net else InvoiceStatus.PAID,  # nothing is owed for samples
        currency=due.price.currency,
        net_amount=due.net,
        total_amount=due.net,
        terms_code=terms,
        issued_date=issued,
        due_date=due_date,
        posted_at=now,
    )


_LINES = """
INSERT INTO billing_invoiceline (invoice_id, shipment_line_id, order_line_id, product_id, qty, unit_price, amount)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[],
                     %s::numeric[])
"""


def _insert_lines(due: Sequence[_Due], invoices: Sequence[Invoice], prices: Mapping[int, LockedPrice]) -> None:
    rows = [
        (
            invoice.pk,
            x.shipment_line_id,
            x.order_line_id,
            x.product_id,
            x.qty,
            prices[x.order_line_id].unit_price,
            amount,
        )
        for d, invoice in zip(due, invoices, strict=True)
        for x, amount in zip(d.lines, d.amounts, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [list(column) for column in zip(*rows, strict=True)])


def _amount(line: BillableLine, prices: Mapping[int, LockedPrice]) -> Decimal:
    price = prices[line.order_line_id]
    return line_amount(line.qty, price.unit_price, price.currency)


def _exposure(invoice: Invoice, due: _Due) -> list[PostingSpec]:
    """Off shipped and onto what is owed: the sum of the lines, each rounded by itself."""
    sent, billed = DocumentRef("shipment", due.shipment.id, due.shipment.number), _ref(invoice)
    owed = f"invoice:{invoice.pk}:receivable"
    return [
        PostingSpec(invoice.account_id, sent, Bucket.SHIPPED, -due.net, f"shipment:{due.shipment.id}:invoiced"),
        PostingSpec(
            invoice.account_id, billed, Bucket.RECEIVABLE, invoice.total_amount, owed, due_date=invoice.due_date
        ),
    ]


def _tell(invoices: Sequence[Invoice], actor: Actor, now: datetime) -> None:
    entries = []
    for i in invoices:
        words = f"Invoice {i.number} posted: {i.total_amount:,} {i.currency}, due {i.due_date.day} {i.due_date:%b %Y}"
        entries += [journal.Entry(ref, "invoiced", words) for ref in (_ref(i), DocumentRef("order", i.order_id))]
    journal.write(entries, actor=actor, now=now)
    outbox.publish_many([outbox.Note(_fact(i), f"invoice:{i.pk}", 1) for i in invoices], now=now, actor=actor)


def _fact(invoice: Invoice) -> InvoicePosted:
    return InvoicePosted(
        invoice_id=invoice.pk,
        invoice_number=invoice.number,
        order_id=invoice.order_id,
        shipment_id=invoice.shipment_id,
        account_id=invoice.account_id,
        total_amount=invoice.total_amount,
        currency=invoice.currency,
    )


def _ref(invoice: Invoice) -> DocumentRef:
    return DocumentRef("invoice", invoice.pk, invoice.number)
