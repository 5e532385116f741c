"""Bring the balances of vendors' offers to what the offers say. Internal to the room: the verbs that change claims there
or the offer itself call it before they record."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.uow import require_uow
from inventory import locks
from inventory.models import StockMovement, VendorOffer
from inventory.rules.vendor import offered_qty
from inventory.services.claim import COLUMN, Ledger
from inventory.services.movements import next_sequences
from inventory.states import MovementKind

ZERO = Decimal(0)
REASON = "what the vendor can be asked for"


@require_uow
def settle_offers(ledger: Ledger, balance_ids: Collection[int], *, now: datetime, actor: Actor) -> None:
    """Shift what the offers' balances hold to what stands after the ledger's changes, with a movement that says so; where
    nothing differs, none. Locks every balance of the ledger (rank 60); three statements, none for no balances."""
    if not balance_ids:
        return
    balances = locks.lock_balances({*balance_ids, *ledger.shifts})
    movements = []
    offers = VendorOffer.objects.filter(balance__in=balance_ids).order_by("pk")
    sequences = next_sequences([o.pk for o in offers], MovementKind.ADJUST, source_kind="vendor_offer")
    for offer in offers:
        balance = balances[offer.balance_id or 0]
        shifts = ledger.shifts.get(balance.pk, {})
        claimed = sum((getattr(balance, c) + shifts.get(c, ZERO) for c in COLUMN.values()), ZERO)
        wanted = offered_qty(
            most=offer.most_qty, is_active=offer.is_active, is_out=offer.out_since is not None, claimed=claimed
        )
        delta = wanted - balance.on_hand_qty - shifts.get("on_hand_qty", ZERO)
        if not delta:
            continue
        ledger.shift(balance.pk, "on_hand_qty", delta)
        movements.append(
            StockMovement(
                balance=balance, kind=MovementKind.ADJUST, qty=delta, source_kind="vendor_offer", source_id=offer.pk,
                sequence=sequences[offer.pk], at=now, actor_label=actor.label, reason=REASON,
            )
        )  # fmt: skip
    StockMovement.objects.bulk_create(movements)


@require_uow
def run_out(balance_ids: Collection[int], *, now: datetime) -> None:
    """The vendor has no more of these: nothing new is planned on them until the offer is saved again. One statement."""
    if balance_ids:
        VendorOffer.objects.filter(balance__in=balance_ids, out_since__isnull=True).update(out_since=now)
