"""The warehouse says what it picked. What it did not find is not promised again before somebody counts."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.actors import Actor
from core.errors import Refused
from core.uow import require_uow
from inventory import locks
from inventory.models import Claim, Lot, StockBalance, StockMovement
from inventory.network_queries import site_times
from inventory.rules.asks import Shorted
from inventory.services.claim import Held, Ledger, open_ledger
from inventory.services.pick_over import room_for_more, take_more
from inventory.services.promise import current_promises, pegs_of, renewed
from inventory.services.record import record
from inventory.services.vendor_stock import run_out, settle_offers
from inventory.states import ClaimEnd, ClaimKind, MovementKind, SiteKind, StockStatus

ZERO = Decimal(0)
CAUSE = "stock was not found at the pick"
REASON = "not found at the pick, count due"


class NotReleased(Refused):
    template = "Claim {claim_id} is not in the warehouse's hands."
    remedy_template = "Reload the shipment: somebody else changed it."


class PickedLotIsRecalled(Refused):
    template = "Lot {lot} is recalled: nothing of it leaves."
    remedy_template = "Confirm 0 of it: the order is allocated another lot, the goods are set aside."


class PickedMoreThanReleased(Refused):
    template = "Claim {claim_id}: {picked} picked, but only {released} were released."
    remedy_template = "Confirm at most what was released; book a surplus as a stock adjustment."


@require_uow
def confirm_picked(
    picks: Mapping[int, Decimal], *, now: datetime, actor: Actor, may_exceed: bool = False
) -> list[Shorted]:
    """`picks` is {claim_id: picked qty}. Released → picked; the rest is backordered again and returned as shorted.
    Where the caller says that picks `may_exceed` what was released, more is taken if nobody else has it: first what the
    demand waits for, beyond that the demand asks for more than it did.

    The missing units are moved, by a pair of movements, from the balance's good stock to the same place in status
    "quality": they stay on the books until a count says what became of them, but nothing can be promised from them. What
    a vendor did not send is nobody's to count: it has no more of it until its offer is saved again.
    Raises NotReleased, PickedMoreThanReleased, NotFreeToPick, PickedLotIsRecalled, StockDisagrees.
    """
    rows = list(Claim.objects.filter(pk__in=picks).values_list("demand_id", "balance_id", "balance__site__kind"))
    demands = locks.lock_demands({demand_id for demand_id, *_ in rows})
    ledger = open_ledger(demands)
    picked = _checked(picks, ledger, may_exceed=may_exceed)
    _refuse_recalled({h.lot_id for i, h in picked.items() if picks[i] > 0 and h.lot_id is not None})
    shorted = [Shorted(h.demand_id, i, h.product_id, h.site_id, h.qty - picks[i]) for i, h in picked.items()]
    shorted = [s for s in shorted if s.qty > 0]
    extra = {i: picks[i] - h.qty for i, h in picked.items() if picks[i] > h.qty}
    touched = [demands[i] for i in sorted({s.demand_id for s in shorted} | {picked[i].demand_id for i in extra})]
    current = current_promises([d.pk for d in touched]) if touched else []
    inbound = locks.lock_inbound({d.product_id for d in touched}) if touched else []
    pegs = pegs_of(inbound, current, now=now) if inbound else {}
    rooms = room_for_more(extra, picked, ledger, now=now) if extra else {}

    out = _out({balance_id for _, balance_id, kind in rows if kind == SiteKind.VENDOR}, shorted, picked)
    run_out(out, now=now)
    ours = [(picked[s.claim_id], s.qty) for s in shorted if picked[s.claim_id].balance_id not in out]
    movements = _set_aside(ours, ledger, now=now, actor=actor)
    _move(picks, picked, ledger)
    if extra:
        take_more(extra, picked, ledger, rooms)
    StockMovement.objects.bulk_create(movements)
    settle_offers(ledger, out, now=now, actor=actor)
    if not touched:
        record(ledger, now=now)
        return []
    promised = renewed(touched, ledger, current, pegs, site_times(), cause=CAUSE, now=now)
    record(ledger, now=now, promises=promised.changes)
    outbox.publish_many(promised.notes, now=now, actor=actor)
    return shorted


def _out(of_vendors: set[int], shorted: Iterable[Shorted], picked: Mapping[int, Held]) -> set[int]:
    return of_vendors & {picked[s.claim_id].balance_id for s in shorted}


def _refuse_recalled(lot_ids: set[int]) -> None:
    """A lot that was recalled while it was being picked goes back instead: its pick is confirmed short."""
    if not lot_ids:
        return
    recalled = Lot.objects.filter(pk__in=lot_ids, is_recalled=True).order_by("pk").first()
    if recalled is not None:
        raise PickedLotIsRecalled(lot=recalled.code)


def _checked(picks: Mapping[int, Decimal], ledger: Ledger, *, may_exceed: bool) -> dict[int, Held]:
    released = {h.id: h for h in ledger.open_claims(ClaimKind.RELEASED)}
    found = {}
    for claim_id, qty in picks.items():
        held = released.get(claim_id)
        if held is None:
            raise NotReleased(claim_id=claim_id)
        if qty < 0 or (qty > held.qty and not may_exceed):
            raise PickedMoreThanReleased(claim_id=claim_id, picked=qty, released=held.qty)
        found[claim_id] = held
    return found


def _move(picks: Mapping[int, Decimal], picked: Mapping[int, Held], ledger: Ledger) -> None:
    for claim_id, held in picked.items():
        if picks[claim_id] == 0:
            ledger.end(held, ClaimEnd.SHORT)
            continue
        if picks[claim_id] < held.qty:
            ledger.split_off(held, held.qty - picks[claim_id], ClaimEnd.SHORT)
        ledger.convert(held, ClaimKind.PICKED)


def _set_aside(
    missing: Iterable[tuple[Held, Decimal]], ledger: Ledger, *, now: datetime, actor: Actor
) -> list[StockMovement]:
    """Shift the missing units to their place's quality balance; the movements that say so."""
    parts = list(missing)
    places = _quality_balances({h.balance_id for h, _ in parts})
    movements = []
    for held, qty in parts:
        for sequence, (balance_id, moved) in enumerate([(held.balance_id, -qty), (places[held.balance_id], qty)]):
            ledger.shift(balance_id, "on_hand_qty", moved)
            movements.append(
                StockMovement(
                    balance_id=balance_id,
                    kind=MovementKind.STATUS,
                    qty=moved,
                    source_kind="claim",
                    source_id=held.id or 0,
                    sequence=sequence,
                    at=now,
                    actor_label=actor.label,
                    reason=REASON,
                )
            )
    return movements


def _quality_balances(balance_ids: set[int]) -> dict[int, int]:
    """{balance: the balance of the same place, lot and owner in status quality}, made where there is none."""
    if not balance_ids:
        return {}
    good = list(StockBalance.objects.filter(pk__in=balance_ids))
    StockBalance.objects.bulk_create(
        [
            StockBalance(
                product_id=b.product_id, site_id=b.site_id, lot_id=b.lot_id, owner=b.owner, status=StockStatus.QUALITY
            )
            for b in good
        ],
        ignore_conflicts=True,
    )
    rows = StockBalance.objects.filter(status=StockStatus.QUALITY, product_id__in={b.product_id for b in good})
    ids = {(r.product_id, r.site_id, r.lot_id, r.owner): r.pk for r in rows}
    return {b.pk: ids[b.product_id, b.site_id, b.lot_id, b.owner] for b in good}
