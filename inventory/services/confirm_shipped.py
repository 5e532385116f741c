"""Goods left the site: picked claims end as shipped, on hand falls by a movement."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection

from core.actors import Actor
from core.errors import Refused
from core.refs import DocumentRef
from core.uow import require_uow
from inventory import locks
from inventory.models import Claim
from inventory.services.claim import Held, open_ledger
from inventory.services.promise import current_promises, trimmed
from inventory.services.record import record
from inventory.services.vendor_stock import settle_offers
from inventory.states import ClaimEnd, ClaimKind, MovementKind, SiteKind


class NotPicked(Refused):
    template = "Claim {claim_id} is not picked, so it cannot ship."
    remedy_template = "Confirm the pick first, or reload the shipment."


@require_uow
def confirm_shipped(claim_ids: Collection[int], *, source: DocumentRef, now: datetime, actor: Actor) -> None:
    """Picked → shipped; one movement "ship" per claim with the source document, none for what a vendor ships: nothing of
    ours leaves. Raises NotPicked, StockDisagrees."""
    ship_claims(dict.fromkeys(claim_ids, source), now=now, actor=actor)


@require_uow
def ship_claims(sources: Mapping[int, DocumentRef], *, now: datetime, actor: Actor) -> None:
    """The same for claims that leave by several documents: the statements of one."""
    rows = list(Claim.objects.filter(pk__in=sources).values_list("demand_id", "balance_id", "balance__site__kind"))
    of_vendors = {balance_id for _, balance_id, kind in rows if kind == SiteKind.VENDOR}
    demands = locks.lock_demands({demand_id for demand_id, *_ in rows})
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
        if held.balance_id not in of_vendors:
            ledger.shift(held.balance_id, "on_hand_qty", -held.qty)
    _insert_movements([h for h in leaving if h.balance_id not in of_vendors], sources, now, actor)
    settle_offers(ledger, of_vendors, now=now, actor=actor)
    record(ledger, now=now, promises=trimmed(demands.values(), ledger, current))


_MOVE = """
INSERT INTO inventory_stockmovement (balance_id, kind, qty, source_kind, source_id, sequence, at, actor_label, reason)
SELECT m.balance, %s, m.qty, m.source_kind, m.source_id, m.claim, %s, %s, ''
  FROM unnest(%s::bigint[], %s::numeric[], %s::text[], %s::bigint[], %s::bigint[])
       AS m(balance, qty, source_kind, source_id, claim)
"""


def _insert_movements(leaving: Sequence[Held], sources: Mapping[int, DocumentRef], now: datetime, actor: Actor) -> None:
    rows = [(h.balance_id, -h.qty, sources[h.id or 0].kind, sources[h.id or 0].id, h.id) for h in leaving]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_MOVE, [str(MovementKind.SHIP), now, actor.label, *columns])
