"""Record supply on its way: a purchase order line, a transfer, a production order. Again with news: it is updated."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.models import InboundSupply
from inventory.rules.asks import InboundSpec
from inventory.services.promise import sequence_of
from inventory.states import InboundKind

NO_SUPPLY = "Inbound supply is above zero, of at most four decimal places."
_NEWS = ["ordered_qty", "eta_date", "confidence_percent", "is_closed"]


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
    spec = InboundSpec(product_id, site_id, reference, qty, eta_date, confidence_percent, kind)
    return record_supplies([spec], actor=actor, now=now)[0]


@door_verb
def record_inbounds(specs: Sequence[InboundSpec], *, actor: Actor, now: datetime) -> list[int]:
    """The same for a whole purchase order or more, all or none: the ids in the order given, one fact for all products."""
    return record_supplies(specs, actor=actor, now=now)


@require_uow
def record_supplies(specs: Sequence[InboundSpec], *, actor: Actor, now: datetime) -> list[int]:
    """The same inside the caller's transaction: rank 52."""
    errors = [
        FieldError(f"/{i}/qty" if len(specs) > 1 else "/qty", "not_positive", NO_SUPPLY, "Say all that was ordered.")
        for i, spec in enumerate(specs)
        if not is_exact(spec.qty) or spec.qty <= 0
    ]
    if errors:
        raise InvalidInput(errors)
    if not specs:
        return []
    InboundSupply.objects.bulk_create([_row(spec) for spec in specs], ignore_conflicts=True)
    named = InboundSupply.objects.filter(
        reference__in={s.reference for s in specs}, product_id__in={s.product_id for s in specs}
    )
    stored = {
        _place(row): row for row in locks.lock_inbound_supplies(list(named.values_list("pk", flat=True))).values()
    }
    news = {stored[_place(spec)].pk: stored[_place(spec)] for spec in specs if _is_news(spec, stored[_place(spec)])}
    InboundSupply.objects.bulk_update(news.values(), _NEWS, batch_size=1000)
    ids = [stored[_place(spec)].pk for spec in specs]
    journal.write([_entry(spec, pk) for spec, pk in zip(specs, ids, strict=True)], actor=actor, now=now)
    products = tuple(sorted({spec.product_id for spec in specs}))
    fact = SupplyIncreased(products, "inbound recorded")
    outbox.publish(fact, stream=f"product:{products[0]}", seq=sequence_of(now), now=now, actor=actor)
    return ids


def _is_news(spec: InboundSpec, row: InboundSupply) -> bool:
    """Whether the stored row says something else; it says what the spec says afterwards."""
    before = (row.ordered_qty, row.eta_date, row.confidence_percent, row.is_closed)
    row.ordered_qty, row.eta_date, row.confidence_percent = spec.qty, spec.eta_date, spec.confidence_percent
    row.is_closed = row.received_qty >= spec.qty
    return before != (row.ordered_qty, row.eta_date, row.confidence_percent, row.is_closed)


def _row(spec: InboundSpec) -> InboundSupply:
    return InboundSupply(
        product_id=spec.product_id,
        site_id=spec.site_id,
        kind=spec.kind,
        reference=spec.reference,
        ordered_qty=spec.qty,
        eta_date=spec.eta_date,
        confidence_percent=spec.confidence_percent,
    )


def _place(supply: InboundSpec | InboundSupply) -> tuple[str, str, int, int]:
    return str(supply.kind), supply.reference, supply.product_id, supply.site_id


def _entry(spec: InboundSpec, inbound_id: int) -> journal.Entry:
    summary = f"{plain(spec.qty)} expected on {spec.eta_date}, {spec.reference}"
    return journal.Entry(DocumentRef("inbound_supply", inbound_id, spec.reference), "recorded", summary)
