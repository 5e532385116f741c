"""What every posted invoice does to exposure, journal and facts: shared by single invoices and posted drafts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from billing.events import InvoicePosted
from billing.models import Invoice
from billing.rules.charges import Share
from core import journal, outbox
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from fulfillment.rules.asks import BillableLine, ShipmentView
from orders.rules.asks import LockedPrice


@dataclass(frozen=True)
class Due:
    """A shipment to be invoiced: its lines, and what each takes of its order line: goods, tax and freight."""

    shipment: ShipmentView
    lines: list[BillableLine]
    shares: list[Share]
    price: LockedPrice
    counted: Decimal  # what credit counts for it as shipped: with tax and freight as estimated

    @property
    def net(self) -> Decimal:
        return sum((s.goods for s in self.shares), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((s.charges.tax for s in self.shares), Decimal(0))

    @property
    def freight(self) -> Decimal:
        return sum((s.charges.freight for s in self.shares), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.net + self.tax + self.freight


@dataclass(frozen=True)
class Billed:
    """A posted invoice, what credit counted of each shipment it bills, and the orders behind."""

    invoice: Invoice
    parts: Sequence[tuple[DocumentRef, Decimal]]
    order_ids: tuple[int, ...]
    own_terms: str = ""  # of the orders, where they have other terms than the account's: an invoice is on one


@require_uow
def book(billed: Sequence[Billed], *, actor: Actor, now: datetime) -> None:
    """Move the exposure, tell the journals, publish the facts. The invoices are written and numbered."""
    post([spec for each in billed for spec in _exposure(each)], now=now)
    entries = []
    for each in billed:
        i = each.invoice
        words = f"Invoice {i.number} posted: {i.total_amount:,} {i.currency}, due {i.due_date.day} {i.due_date:%b %Y}"
        refs = (invoice_ref(i), *(DocumentRef("order", order_id) for order_id in each.order_ids))
        entries += [journal.Entry(ref, "invoiced", words) for ref in refs]
    journal.write(entries, actor=actor, now=now)
    outbox.publish_many([outbox.Note(_fact(b), f"invoice:{b.invoice.pk}", 1) for b in billed], now=now, actor=actor)


def invoice_ref(invoice: Invoice) -> DocumentRef:
    return DocumentRef("invoice", invoice.pk, invoice.number)


def _exposure(billed: Billed) -> list[PostingSpec]:
    """Off shipped with the estimates it was counted by, and onto what is owed: the invoice's own total."""
    i = billed.invoice
    moved = [
        PostingSpec(
            i.account_id,
            sent,
            Bucket.SHIPPED,
            -counted,
            f"shipment:{sent.id}:invoiced",
            currency=i.currency,
            terms_code=billed.own_terms,
        )
        for sent, counted in billed.parts
    ]
    owed = f"invoice:{i.pk}:receivable"
    return [
        *moved,
        PostingSpec(
            i.account_id,
            invoice_ref(i),
            Bucket.RECEIVABLE,
            i.total_amount,
            owed,
            due_date=i.due_date,
            currency=i.currency,
            rate_date=i.issued_date,
            terms_code=billed.own_terms,
        ),
    ]


def _fact(billed: Billed) -> InvoicePosted:
    i = billed.invoice
    shipments = tuple(sent.id for sent, _ in billed.parts)
    return InvoicePosted(
        invoice_id=i.pk,
        invoice_number=i.number,
        order_id=i.order_id,
        shipment_id=shipments[0] if shipments else 0,
        account_id=i.account_id,
        total_amount=i.total_amount,
        currency=i.currency,
        order_ids=billed.order_ids,
        shipment_ids=shipments,
    )


_LINES = """
INSERT INTO billing_invoiceline (invoice_id, shipment_line_id, order_line_id, product_id, qty, unit_price, amount,
                                 tax_amount, freight_amount)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[], %s::numeric[],
                     %s::numeric[], %s::numeric[], %s::numeric[])
"""


@require_uow
def insert_lines(due: Sequence[tuple[int, Due]], prices: dict[int, LockedPrice]) -> None:
    """The lines of each shipment on its invoice (by id), at the locked price, with their charges. One statement."""
    rows = [
        (
            invoice_id,
            x.shipment_line_id,
            x.order_line_id,
            x.product_id,
            x.qty,
            prices[x.order_line_id].unit_price,
            goods,
            *charges,
        )
        for invoice_id, d in due
        for x, (goods, charges) in zip(d.lines, d.shares, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [list(column) for column in zip(*rows, strict=True)])
