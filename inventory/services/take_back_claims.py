"""Released stock that was not picked comes back to its demand: allocated again where it can still be sold."""

from collections.abc import Collection
from datetime import datetime

from core.uow import require_uow
from inventory import locks
from inventory.models import Claim, StockBalance
from inventory.services.claim import Held, Ledger, open_ledger
from inventory.services.confirm_picked import NotReleased
from inventory.services.record import record
from inventory.states import ClaimEnd, ClaimKind, StockStatus


@require_uow
def take_back_claims(claim_ids: Collection[int], *, now: datetime) -> None:
    """Each released claim ends and its units are allocated to the same demand from the same balance. Units of a lot that
    was recalled, or of stock that is no longer good, wait instead: the next allocation run finds others.

    Raises NotReleased (picked, shipped or short already), StockDisagrees.
    """
    demand_ids = set(Claim.objects.filter(pk__in=claim_ids).values_list("demand_id", flat=True))
    ledger = open_ledger(locks.lock_demands(demand_ids))
    released = {h.id: h for h in ledger.open_claims(ClaimKind.RELEASED)}
    if missing := set(claim_ids) - released.keys():
        raise NotReleased(claim_id=min(missing))
    wanted = [released[i] for i in sorted(claim_ids)]
    good = _good({h.balance_id for h in wanted})
    firm = {(h.demand_id, h.balance_id): h for h in ledger.open_claims(ClaimKind.HARD)}
    for held in wanted:
        ledger.end(held, ClaimEnd.FREED)
        if held.balance_id in good:
            _allocate(held, firm, ledger)
    record(ledger, now=now)


def _good(balance_ids: Collection[int]) -> frozenset[int]:
    rows = StockBalance.objects.filter(pk__in=balance_ids, status=StockStatus.AVAILABLE)
    return frozenset(rows.exclude(lot__is_recalled=True).values_list("pk", flat=True))


def _allocate(held: Held, firm: dict[tuple[int, int], Held], ledger: Ledger) -> None:
    key = held.demand_id, held.balance_id
    if key in firm:
        ledger.resize(firm[key], firm[key].qty + held.qty)
        return
    ledger.claim(*key, ClaimKind.HARD, held.qty, site_id=held.site_id, lot_id=held.lot_id)
    firm[key] = ledger.held[-1]
