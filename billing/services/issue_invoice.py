"""The invoice: shipped quantity at the locked price, once per shipment. It copies the price, it never asks for one."""

from datetime import datetime
from decimal import Decimal

from billing.events import InvoicePosted
from billing.models import Invoice, InvoiceLine
from billing.states import InvoiceStatus
from core import clock, journal, numbering, outbox
from core.actors import Actor
from core.errors import NotFound, Refused
from core.money import line_amount
from core.refs import DocumentRef
from core.uow import door_verb
from credit.queries import due_dates, terms_of
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from fulfillment.queries import billable, shipment_detail
from fulfillment.rules.asks import BillableLine, ShipmentView
from fulfillment.services.find_shipment import lock_with_credit
from fulfillment.services.mark_invoiced import mark_invoiced
from orders.queries import line_prices
from orders.rules.asks import LockedPrice


class NothingToInvoice(Refused):
    template = "Shipment {number} has nothing shipped that is not invoiced."
    remedy_template = "Confirm the shipment first."


@door_verb
def issue_invoice(*, shipment_id: int, actor: Actor, now: datetime) -> int:
    """Invoice the shipment and return the invoice's id; the same id again when it was invoiced before.

    It is due by the order's own terms, else by the account's. Locks: credit 10, shipment 30, then the number (90).
    Raises NotFound, NothingToInvoice.
    """
    lock_with_credit(shipment_id)
    shipment = shipment_detail(shipment_id)
    if shipment is None:
        raise NotFound(kind="shipment", ident=shipment_id)
    existing = Invoice.objects.filter(shipment_id=shipment_id).values_list("pk", flat=True).first()
    if existing is not None:
        return existing
    lines = billable(shipment_id)
    if not lines:
        raise NothingToInvoice(number=shipment.number)
    prices = line_prices([line.order_line_id for line in lines])
    mark_invoiced({line.shipment_line_id: line.qty for line in lines})
    invoice = _insert(shipment, lines, prices, now)
    post(_exposure(invoice, shipment, lines, prices), now=now)
    _tell(invoice, actor, now)
    return invoice.pk


def _insert(
    shipment: ShipmentView, lines: list[BillableLine], prices: dict[int, LockedPrice], now: datetime
) -> Invoice:
    first = prices[lines[0].order_line_id]
    amounts = {x.shipment_line_id: _amount(x, prices) for x in lines}
    net = sum(amounts.values(), Decimal(0))
    issued = clock.local_date(now, "UTC")
    terms = first.terms_code or terms_of([shipment.account_id]).get(shipment.account_id, "")
    (number,) = numbering.draw_gapless("invoice", prefix="INV-")
    invoice = Invoice.objects.create(
        number=number,
        account_id=shipment.account_id,
        order_id=shipment.order_id,
        shipment_id=shipment.id,
        status=InvoiceStatus.POSTED if net else InvoiceStatus.PAID,  # nothing is owed for samples
        currency=first.currency,
        net_amount=net,
        total_amount=net,
        terms_code=terms,
        issued_date=issued,
        due_date=due_dates([(terms, issued)])[terms, issued],
        posted_at=now,
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            shipment_line_id=x.shipment_line_id,
            order_line_id=x.order_line_id,
            product_id=x.product_id,
            qty=x.qty,
            unit_price=prices[x.order_line_id].unit_price,
            amount=amounts[x.shipment_line_id],
        )
        for x in lines
    )
    return invoice


def _amount(line: BillableLine, prices: dict[int, LockedPrice]) -> Decimal:
    price = prices[line.order_line_id]
    return line_amount(line.qty, price.unit_price, price.currency)


def _exposure(
    invoice: Invoice, shipment: ShipmentView, lines: list[BillableLine], prices: dict[int, LockedPrice]
) -> list[PostingSpec]:
    sent, billed = DocumentRef("shipment", shipment.id, shipment.number), _ref(invoice)
    specs = [
        PostingSpec(
            invoice.account_id,
            sent,
            Bucket.SHIPPED,
            -_amount(x, prices),
            f"shipment:{shipment.id}:line:{x.shipment_line_id}:invoiced",
        )
        for x in lines
    ]
    key = f"invoice:{invoice.pk}:receivable"
    specs.append(
        PostingSpec(invoice.account_id, billed, Bucket.RECEIVABLE, invoice.total_amount, key, due_date=invoice.due_date)
    )
    return specs


def _tell(invoice: Invoice, actor: Actor, now: datetime) -> None:
    words = f"Invoice {invoice.number} posted: {invoice.total_amount} {invoice.currency}, due {invoice.due_date}"
    refs = [_ref(invoice), DocumentRef("order", invoice.order_id)]
    journal.write([journal.Entry(ref, "invoiced", words) for ref in refs], actor=actor, now=now)
    fact = InvoicePosted(
        invoice_id=invoice.pk,
        invoice_number=invoice.number,
        order_id=invoice.order_id,
        shipment_id=invoice.shipment_id,
        account_id=invoice.account_id,
        total_amount=invoice.total_amount,
        currency=invoice.currency,
    )
    outbox.publish(fact, stream=f"invoice:{invoice.pk}", seq=1, now=now, actor=actor)


def _ref(invoice: Invoice) -> DocumentRef:
    return DocumentRef("invoice", invoice.pk, invoice.number)
