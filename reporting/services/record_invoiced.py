from datetime import datetime

from billing.events import InvoicePosted
from core.uow import door_verb
from reporting.services.append_id import append_id
from reporting.services.upsert_measure import upsert_measure


@door_verb
def record_invoiced(fact: InvoicePosted, *, now: datetime) -> None:
    """Note that a shipment of the order has its invoice. A repeated fact counts once."""
    measure, _ = upsert_measure(fact.order_id)
    append_id(measure.pk, "invoice_ids", fact.invoice_id)
