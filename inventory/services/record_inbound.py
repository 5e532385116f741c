"""Record supply on its way: a purchase order line, a transfer, a production order. Again with news: it is updated."""

from datetime import date, datetime
from decimal import Decimal

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.models import InboundSupply
from inventory.services.promise import sequence_of
from inventory.states import InboundKind


@door_verb
def record_inbound(
    *,
    product_id: int,
    site_id: int,
    reference: str,
    qty: Decimal,
    eta_date: date,
    kind: InboundKind = InboundKind.PURCHASE,
    confidence_percent: int = 100,
    actor: Actor,
    now: datetime,
) -> int:
    """The inbound supply's id, one per kind, reference, product and site. `qty` is all that was ordered.

    The next allocation run (the fact SupplyIncreased asks for one) promises from it. Raises InvalidInput.
    """
    if not is_exact(qty) or qty <= 0:
        raise InvalidInput([FieldError("/qty", "not_positive", "Inbound supply is above zero.")])
    place = {"product_id": product_id, "site_id": site_id, "kind": kind, "reference": reference}
    row = InboundSupply(ordered_qty=qty, eta_date=eta_date, confidence_percent=confidence_percent, **place)
    InboundSupply.objects.bulk_create([row], ignore_conflicts=True)
    inbound_id = InboundSupply.objects.values_list("id", flat=True).get(**place)
    stored = locks.lock_inbound_supply(inbound_id)
    if stored is None:
        raise InvalidInput([FieldError("/reference", "vanished", "The inbound supply was removed meanwhile.")])
    stored.ordered_qty, stored.eta_date, stored.confidence_percent = qty, eta_date, confidence_percent
    stored.is_closed = stored.received_qty >= qty
    stored.save(update_fields=["ordered_qty", "eta_date", "confidence_percent", "is_closed"])
    summary = f"{plain(qty)} expected on {eta_date}, {reference}"
    journal.write(
        [journal.Entry(DocumentRef("inbound_supply", inbound_id, reference), "recorded", summary)], actor=actor, now=now
    )
    fact = SupplyIncreased((product_id,), "inbound recorded")
    outbox.publish(fact, stream=f"product:{product_id}", seq=sequence_of(now), now=now, actor=actor)
    return inbound_id
