"""Goods left the site: picked claims end as shipped, on hand falls by a movement."""

from collections.abc import Collection, Mapping
from datetime import datetime

from core.actors import Actor
from core.errors import Refused
from core.refs import DocumentRef
from core.uow import require_uow
from inventory import locks
from inventory.models import Claim, StockMovement
from inventory.services.claim import Held, open_ledger
from inventory.services.promise import current_promises, trimmed
from inventory.services.record import record
from inventory.states import ClaimEnd, ClaimKind, MovementKind


class NotPicked(Refused):
    template = "Claim {claim_id} is not picked, so it cannot ship."
    remedy_template = "Confirm the pick first, or reload the shipment."


@require_uow
def confirm_shipped(claim_ids: Collection[int], *, source: DocumentRef, now: datetime, actor: Actor) -> None:
    """Picked → shipped; one movement "ship" per claim with the source document. Raises NotPicked, StockDisagrees."""
    ship_claims(dict.fromkeys(claim_ids, source), now=now, actor=actor)


@require_uow
def ship_claims(sources: Mapping[int, DocumentRef], *, now: datetime, actor: Actor) -> None:
    """The same for claims that leave by several documents: the statements of one."""
    demand_ids = set(Claim.objects.filter(pk__in=sources).values_list("demand_id", flat=True))
    demands = locks.lock_demands(demand_ids)
    ledger = open_ledger(demands)
    picked = {h.id: h for h in ledger.open_claims(ClaimKind.PICKED)}
    leaving = []
    for claim_id in sorted(sources):
        if claim_id not in picked:
            raise NotPicked(claim_id=claim_id)
        leaving.append(picked[claim_id])
    current = current_promises(list(demands))
    for held in leaving:
        ledger.end(held, ClaimEnd.SHIPPED, to="shipped_qty")
        ledger.shift(held.balance_id, "on_hand_qty", -held.qty)
    ledger.settle_all()
    StockMovement.objects.bulk_create([_movement(h, sources[h.id or 0], now, actor) for h in leaving])
    record(ledger, now=now, promises=trimmed(demands.values(), ledger, current))


def _movement(held: Held, source: DocumentRef, now: datetime, actor: Actor) -> StockMovement:
    return StockMovement(
        balance_id=held.balance_id,
        kind=MovementKind.SHIP,
        qty=-held.qty,
        source_kind=source.kind,
        source_id=source.id,
        sequence=held.id or 0,
        at=now,
        actor_label=actor.label,
    )
