"""Several shipments on one invoice, as the customer chose: drafts gather lines and are posted when their period ends."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q

from billing import locks
from billing.models import Invoice, InvoiceLine, InvoicingChoice
from billing.queries import draft_shipments
from billing.rules.grouping import draft_key, last_day
from billing.services.book_invoices import Billed, Due, book, insert_lines
from billing.states import INVOICE, Delivery, Grouping, InvoiceStatus
from core import clock, journal, numbering
from core.actors import Actor
from core.errors import DomainError
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.queries import due_dates
from fulfillment.queries import shipment_numbers
from fulfillment.services.find_shipment import lock_with_credit
from fulfillment.services.mark_invoiced import mark_invoiced
from orders.rules.asks import LockedPrice
from orders.rules.worth import UnitWorth

MOST = 200
_POSTED = ["number", "status", "issued_date", "due_date", "posted_at", "sent_at", "draft_key", "version"]


@require_uow
def add_to_drafts(
    due: Sequence[tuple[Due, Grouping]],
    prices: dict[int, LockedPrice],
    terms: Mapping[int, str],
    *,
    actor: Actor,
    now: datetime,
) -> dict[int, int | DomainError]:
    """Put each shipment's lines on its customer's draft; the draft of each. Nothing is owed yet: exposure stays where
    it is, and the quantities are marked invoiced when the draft is posted. The shipments are locked by the caller."""
    today = clock.company_day(now)
    keys = {d.shipment.id: _key(d, grouping, terms, today) for d, grouping in due}
    rows = {keys[d.shipment.id]: _draft(d, g, keys[d.shipment.id], terms, today, now) for d, g in reversed(due)}
    numbers = numbering.draw("invoice_draft", prefix="DRAFT-", count=len(rows))
    for row, number in zip(rows.values(), numbers, strict=True):
        row.number = number
    Invoice.objects.bulk_create(rows.values(), ignore_conflicts=True)
    drafts = {draft.draft_key: draft for draft in locks.lock_drafts(rows)}
    placed = [(drafts[keys[d.shipment.id]], d) for d, _ in due]
    insert_lines([(draft.pk, d) for draft, d in placed], prices)
    for draft, d in placed:
        draft.net_amount += d.net
        draft.tax_amount += d.tax
        draft.freight_amount += d.freight
        draft.total_amount += d.total
        draft.version += 1
    Invoice.objects.bulk_update(
        drafts.values(), ["net_amount", "tax_amount", "freight_amount", "total_amount", "version"]
    )
    words = [(d.shipment, f"Put on invoice {draft.number} with other shipments") for draft, d in placed]
    entries = [journal.Entry(DocumentRef("shipment", s.id, s.number), "drafted", text) for s, text in words]
    journal.write(entries, actor=actor, now=now)
    return {d.shipment.id: draft.pk for draft, d in placed}


@door_verb
def post_drafts(*, invoice_ids: Iterable[int], actor: Actor, now: datetime) -> list[int]:
    """Post those of the invoices that are still drafts: numbered, due by their terms, owed from now on. Their ids."""
    return _post(list(invoice_ids), actor, now)


@door_verb
def post_due_drafts(*, actor: Actor, now: datetime) -> list[int]:
    """Post drafts whose period is over, and those of an order that closed before its last shipment was billed; at most
    200 a call."""
    today = clock.company_day(now)
    is_over = Q(due_date__lt=today) | Q(draft_key__contains=" order ", order__status="closed")
    waiting = Invoice.objects.filter(is_over, status=InvoiceStatus.DRAFT).order_by("pk")
    return _post(list(waiting.values_list("pk", flat=True)[:MOST]), actor, now)


@door_verb
def post_drafts_of_orders(*, order_ids: Iterable[int], actor: Actor, now: datetime) -> list[int]:
    """Post the drafts that bill one of these orders by itself: an order that closed sends nothing more."""
    drafts = Invoice.objects.filter(status=InvoiceStatus.DRAFT, order_id__in=set(order_ids))
    mine = drafts.filter(draft_key__contains=" order ").order_by("pk")
    return _post(list(mine.values_list("pk", flat=True)), actor, now)


@require_uow
def _post(invoice_ids: Sequence[int], actor: Actor, now: datetime) -> list[int]:
    shipments = draft_shipments(invoice_ids)
    if not shipments:
        return []
    lock_with_credit({i for found in shipments.values() for i in found})
    drafts = [i for i in locks.lock_invoices(invoice_ids) if i.status == InvoiceStatus.DRAFT]
    if not drafts:
        return []
    lines = list(
        InvoiceLine.objects.filter(invoice__in=drafts).values_list(
            "invoice_id",
            "shipment_line_id",
            "shipment_line__shipment_id",
            "order_line__order_id",
            "qty",
            "order_line__unit_price",
            "order_line__unit_tax",
            "order_line__unit_freight",
            "order_line__order__terms_code",
        )
    )
    mark_invoiced({line[1]: line[4] for line in lines})
    _number(drafts, now)
    book(_billed(drafts, lines), actor=actor, now=now)
    return [draft.pk for draft in drafts]


def _number(drafts: Sequence[Invoice], now: datetime) -> None:
    issued = clock.company_day(now)
    days = due_dates((draft.terms_code, issued) for draft in drafts)
    sent = set(
        InvoicingChoice.objects.filter(
            account_id__in={d.account_id for d in drafts}, delivery=Delivery.PORTAL
        ).values_list("account_id", flat=True)
    )
    numbers = numbering.draw_gapless("invoice", prefix="INV-", count=len(drafts))
    for draft, number in zip(drafts, numbers, strict=True):
        is_sent = draft.account_id in sent
        target = InvoiceStatus.SENT if is_sent else InvoiceStatus.POSTED
        draft.status = INVOICE.require(
            InvoiceStatus(draft.status), target if draft.total_amount else InvoiceStatus.PAID
        )
        draft.number, draft.draft_key = number, ""
        draft.issued_date, draft.due_date = issued, days[draft.terms_code, issued]
        draft.posted_at, draft.sent_at = now, now if is_sent else None
        draft.version += 1
    Invoice.objects.bulk_update(drafts, _POSTED)


def _billed(drafts: Sequence[Invoice], lines: Sequence[tuple]) -> list[Billed]:
    parts: dict[int, dict[int, Decimal]] = {}
    orders: dict[int, dict[int, None]] = {}
    terms: dict[int, str] = {}
    currency = {draft.pk: draft.currency for draft in drafts}
    for invoice_id, _, shipment_id, order_id, qty, *unit, own_terms in sorted(lines, key=lambda line: line[1]):
        mine = parts.setdefault(invoice_id, {})
        mine[shipment_id] = mine.get(shipment_id, Decimal(0)) + UnitWorth(*unit).of(qty, currency[invoice_id])
        orders.setdefault(invoice_id, {})[order_id] = None
        terms[invoice_id] = own_terms
    names = shipment_numbers({i for found in parts.values() for i in found})
    return [
        Billed(
            draft,
            [(DocumentRef("shipment", i, names[i]), net) for i, net in parts[draft.pk].items()],
            tuple(orders[draft.pk]),
            terms[draft.pk],
        )
        for draft in drafts
    ]


def _key(due: Due, grouping: Grouping, terms: Mapping[int, str], day: date) -> str:
    return draft_key(
        grouping,
        account_id=due.shipment.account_id,
        order_id=due.shipment.order_id,
        currency=due.price.currency,
        terms=terms[due.shipment.id],
        day=day,
    )


def _draft(due: Due, grouping: Grouping, key: str, terms: Mapping[int, str], day: date, now: datetime) -> Invoice:
    """Until it is posted, its due date is the last day it gathers: an order's draft has none and waits."""
    until = date.max if grouping == Grouping.ORDER else last_day(grouping, day)
    return Invoice(
        account_id=due.shipment.account_id,
        order_id=due.shipment.order_id,
        status=InvoiceStatus.DRAFT,
        currency=due.price.currency,
        net_amount=Decimal(0),
        tax_amount=Decimal(0),
        freight_amount=Decimal(0),
        total_amount=Decimal(0),
        draft_key=key,
        terms_code=terms[due.shipment.id],
        issued_date=day,
        due_date=until,
        posted_at=now,
    )
