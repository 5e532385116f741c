"""What a shipment does not send any more is an open order again: off released exposure, onto the order's."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.refs import DocumentRef
from core.uow import require_uow
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from fulfillment.models import Shipment, ShipmentLine
from orders.queries import line_prices
from orders.services.return_to_open import return_to_open

ZERO = Decimal(0)


@require_uow
def give_back(
    shipment: Shipment, missing: Mapping[ShipmentLine, Decimal], why: str, *, actor: Actor, now: datetime
) -> None:
    """`missing` is {line as it was released: base units it no longer sends}; called once those are backordered or
    allocated again. `why` makes the posting's key unique. The caller holds the account's credit."""
    prices = line_prices([line.order_line_id for line in missing])
    doc = DocumentRef("shipment", shipment.pk, shipment.number)
    specs: list[PostingSpec] = []
    back: dict[int, Decimal] = {}
    for line, qty in missing.items():
        price = prices[line.order_line_id]
        was = price.worth.of(line.qty, price.currency)
        still = price.worth.of(line.qty - qty, price.currency)
        key = f"shipment:{shipment.pk}:line:{line.pk}:{why}"
        off = PostingSpec(shipment.account_id, doc, Bucket.RELEASED, still - was, key)
        specs.append(replace(off, currency=price.currency, rate_date=price.submitted_on, terms_code=price.terms_code))
        back[line.order_line_id] = back.get(line.order_line_id, ZERO) + qty
    post(specs, now=now)
    return_to_open(back, actor=actor, now=now)
