"""The invoice: shipped quantity at the locked price, with the tax and freight its order line says. It copies, it never asks
for a price.

Each shipment is billed once: by an invoice of its own, or with others on a draft where the customer chose so.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from billing.models import Invoice, InvoicingChoice
from billing.queries import billed_by, billed_so_far
from billing.rules.charges import Share, is_to_the_cent, shares_of
from billing.services.book_invoices import Billed, Due, book, insert_lines
from billing.services.draft_invoices import add_to_drafts
from billing.states import Delivery, Grouping, InvoiceStatus
from core import clock, numbering
from core.actors import Actor
from core.errors import DomainError, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.queries import due_dates, terms_of
from fulfillment.queries import billable_of, shipment_details, unbilled_shipments
from fulfillment.rules.asks import BillableLine, ShipmentView
from fulfillment.services.find_shipment import OnHold, lock_with_credit, only
from fulfillment.services.mark_invoiced import mark_invoiced
from orders.queries import holds_blocking, line_prices
from orders.rules.asks import LockedPrice
from orders.rules.worth import UnitWorth
from orders.states import Blocks

BY_ITSELF = InvoicingChoice()


class NothingToInvoice(Refused):
    template = "Shipment {number} has nothing shipped that is not invoiced."
    remedy_template = "Confirm the shipment first."


@door_verb
def issue_invoice(*, shipment_id: int, actor: Actor, now: datetime) -> int:
    """Invoice the shipment and return the invoice's id; the same id again when it was invoiced before.

    Where the account chose one invoice for several shipments, it is the draft's id: `post_drafts` posts it. An invoice
    is due by the order's own terms, else by the account's. Locks: credit 10, shipment 30, draft 40, then the number
    (90). Raises NotFound, NothingToInvoice, OnHold (a hold blocks invoicing: the invoice leaves when it is cleared).
    """
    return only(_issue([shipment_id], actor, now), shipment_id)


@door_verb
def issue_invoices(shipment_ids: Sequence[int], *, actor: Actor, now: datetime) -> dict[int, int | DomainError]:
    """The same for about 200 shipments in one transaction: the invoice of each, or why there is none.

    Numbers are drawn in the order given; the number of statements does not grow with the shipments.
    """
    return _issue(list(dict.fromkeys(shipment_ids)), actor, now)


@door_verb
def bill_orders(order_ids: Collection[int], *, actor: Actor, now: datetime) -> list[int]:
    """Invoice what of the orders was shipped and never billed, because a hold kept it: the invoices. What a hold still
    keeps stays. Nothing to bill is no error."""
    shipment_ids = unbilled_shipments(order_ids)
    outcomes = _issue(shipment_ids, actor, now) if shipment_ids else {}
    return [found for found in outcomes.values() if isinstance(found, int)]


@require_uow
def _issue(shipment_ids: Sequence[int], actor: Actor, now: datetime) -> dict[int, int | DomainError]:
    lock_with_credit(shipment_ids)
    shipments = shipment_details(shipment_ids)
    outcomes, lines_of = _sorted_out(shipment_ids, shipments)
    if not lines_of:
        return outcomes
    prices = line_prices([x.order_line_id for lines in lines_of.values() for x in lines])
    due = _dues([(shipments[i], lines) for i, lines in lines_of.items()], prices)
    chosen = _choices({d.shipment.account_id for d in due})
    alone = [d for d in due if _choice(chosen, d).grouping == Grouping.SHIPMENT]
    together = [(d, Grouping(_choice(chosen, d).grouping)) for d in due if d not in alone]
    terms = _terms(due)
    if together:
        outcomes |= add_to_drafts(together, prices, terms, actor=actor, now=now)
    if alone:
        outcomes |= _bill(alone, prices, terms, chosen, actor=actor, now=now)
    return outcomes


def _sorted_out(
    shipment_ids: Sequence[int], shipments: Mapping[int, ShipmentView]
) -> tuple[dict[int, int | DomainError], dict[int, list[BillableLine]]]:
    """What is answered already, and what there is to bill."""
    known = billed_by(shipment_ids)
    held = holds_blocking({s.order_id for s in shipments.values()}, Blocks.INVOICE) if shipments else {}
    outcomes: dict[int, int | DomainError] = {}
    lines_of: dict[int, list[BillableLine]] = {}
    for shipment_id in shipment_ids:
        shipment = shipments.get(shipment_id)
        if shipment is None:
            outcomes[shipment_id] = NotFound(kind="shipment", ident=shipment_id)
        elif shipment_id in known:
            outcomes[shipment_id] = known[shipment_id]
        elif why := held.get(shipment.order_id):
            outcomes[shipment_id] = OnHold(number=shipment.number, why=" ".join(why))
        elif lines := billable_of(shipment):
            lines_of[shipment_id] = lines
        else:
            outcomes[shipment_id] = NothingToInvoice(number=shipment.number)
    return outcomes, lines_of


def _dues(wanted: Sequence[tuple[ShipmentView, list[BillableLine]]], prices: Mapping[int, LockedPrice]) -> list[Due]:
    """The order lines' accounts are locked, so nobody else bills them. One statement, where anything is charged or rounded:
    of the other lines each part is what it is, whatever was billed before."""
    lines = [x for _, mine in wanted for x in mine]
    worths = {i: p.worth for i, p in prices.items()}
    asked = [(x.order_line_id, x.qty, prices[x.order_line_id].currency) for x in lines]
    shared = {i for i, qty, currency in asked if _is_shared(worths[i], qty, currency)}
    found = iter(shares_of(asked, worths, billed_so_far(shared) if shared else {}))
    return [_due(shipment, mine, list(islice(found, len(mine))), prices) for shipment, mine in wanted]


def _is_shared(unit: UnitWorth, qty: Decimal, currency: str) -> bool:
    return bool(unit.tax or unit.freight) or not is_to_the_cent(qty, unit.price, currency)


def _due(
    shipment: ShipmentView, lines: list[BillableLine], shares: list[Share], prices: Mapping[int, LockedPrice]
) -> Due:
    counted = sum(
        (prices[x.order_line_id].worth.of(x.qty, prices[x.order_line_id].currency) for x in lines), Decimal(0)
    )
    return Due(shipment, lines, shares, prices[lines[0].order_line_id], counted)


def _choices(account_ids: set[int]) -> dict[int, InvoicingChoice]:
    return {c.account_id: c for c in InvoicingChoice.objects.filter(account_id__in=account_ids)}


def _choice(chosen: Mapping[int, InvoicingChoice], due: Due) -> InvoicingChoice:
    return chosen.get(due.shipment.account_id, BY_ITSELF)


def _terms(due: Sequence[Due]) -> dict[int, str]:
    """{shipment: the terms it is due by}."""
    agreed = terms_of({d.shipment.account_id for d in due if not d.price.terms_code})
    return {d.shipment.id: d.price.terms_code or agreed.get(d.shipment.account_id, "") for d in due}


def _bill(
    due: Sequence[Due],
    prices: dict[int, LockedPrice],
    terms: Mapping[int, str],
    chosen: Mapping[int, InvoicingChoice],
    *,
    actor: Actor,
    now: datetime,
) -> dict[int, int | DomainError]:
    """An invoice per shipment."""
    mark_invoiced({x.shipment_line_id: x.qty for d in due for x in d.lines})
    issued = clock.company_day(now)
    days = due_dates((terms[d.shipment.id], issued) for d in due)
    numbers = numbering.draw_gapless("invoice", prefix="INV-", count=len(due))
    invoices = Invoice.objects.bulk_create(
        _invoice(d, number, terms[d.shipment.id], issued, days[terms[d.shipment.id], issued], _choice(chosen, d), now)
        for d, number in zip(due, numbers, strict=True)
    )
    insert_lines([(invoice.pk, d) for d, invoice in zip(due, invoices, strict=True)], prices)
    billed = [
        Billed(
            invoice,
            [(DocumentRef("shipment", d.shipment.id, d.shipment.number), d.counted)],
            (d.shipment.order_id,),
            d.price.terms_code,
        )
        for d, invoice in zip(due, invoices, strict=True)
    ]
    book(billed, actor=actor, now=now)
    return {d.shipment.id: invoice.pk for d, invoice in zip(due, invoices, strict=True)}


def _invoice(
    due: Due, number: str, terms: str, issued: date, due_date: date, choice: InvoicingChoice, now: datetime
) -> Invoice:
    is_sent = choice.delivery == Delivery.PORTAL
    status = InvoiceStatus.SENT if is_sent else InvoiceStatus.POSTED
    return Invoice(
        number=number,
        account_id=due.shipment.account_id,
        order_id=due.shipment.order_id,
        shipment_id=due.shipment.id,
        status=status if due.total else InvoiceStatus.PAID,  # nothing is owed for samples
        currency=due.price.currency,
        net_amount=due.net,
        tax_amount=due.tax,
        freight_amount=due.freight,
        total_amount=due.total,
        terms_code=terms,
        issued_date=issued,
        due_date=due_date,
        posted_at=now,
        sent_at=now if is_sent else None,
    )
