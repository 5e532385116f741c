from collections.abc import Sequence
from datetime import datetime

from billing.events import InvoicePosted
from core.uow import door_verb, require_uow
from reporting.services.append_id import append_ids
from reporting.services.upsert_measure import measure_ids


@door_verb
def record_invoiced(fact: InvoicePosted, *, now: datetime) -> None:
    """Note that shipments of the orders have their invoices. A repeated fact counts once."""
    _record([fact], now)


@door_verb
def record_many_invoiced(facts: Sequence[InvoicePosted], *, now: datetime) -> None:
    """The same for many facts in one transaction: the statements of one."""
    _record(facts, now)


@require_uow
def _record(facts: Sequence[InvoicePosted], now: datetime) -> None:
    pairs = [(order_id, fact.invoice_id) for fact in facts for order_id in fact.order_ids or (fact.order_id,)]
    measures = measure_ids({order_id for order_id, _ in pairs})
    append_ids([(measures[order_id], invoice_id) for order_id, invoice_id in pairs], "invoice_ids")
    sent = [
        (measures[order_id], shipment_id)
        for fact in facts
        for order_id in fact.order_ids or (fact.order_id,)
        for shipment_id in fact.shipment_ids or (fact.shipment_id,)
        if shipment_id  # a rebill bills none
    ]
    append_ids(sent, "billed_shipment_ids")
