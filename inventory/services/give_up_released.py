"""What a vendor was asked for and does not deliver: its released claims end, in part or in full, and the demand waits."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.actors import Actor
from core.uow import require_uow
from inventory import locks
from inventory.models import Claim
from inventory.network_queries import site_times
from inventory.services.claim import open_ledger
from inventory.services.confirm_picked import NotReleased, PickedMoreThanReleased
from inventory.services.promise import current_promises, pegs_of, renewed
from inventory.services.record import record
from inventory.services.vendor_stock import run_out, settle_offers
from inventory.states import ClaimEnd, ClaimKind

ZERO = Decimal(0)


@require_uow
def give_up_released(
    parts: Mapping[int, Decimal], *, cause: str, is_out: bool, now: datetime, actor: Actor
) -> Collection[int]:
    """`parts` is {claim id: base units it gives up, more than 0}. The demands are backordered and promised anew, with
    `cause` where a date moves. `is_out`: the vendor has no more, so that no run plans on it again. The products.

    Raises NotReleased, PickedMoreThanReleased (more than the claim holds), StockDisagrees. Locks 50, 52, 60.
    """
    demands = locks.lock_demands(set(Claim.objects.filter(pk__in=parts).values_list("demand_id", flat=True)))
    ledger = open_ledger(demands)
    released = {h.id: h for h in ledger.open_claims(ClaimKind.RELEASED)}
    touched = [released[i] for i in sorted(parts) if i in released]
    if missing := set(parts) - released.keys():
        raise NotReleased(claim_id=min(missing))
    balances = {held.balance_id for held in touched}
    products = sorted({held.product_id for held in touched})
    current = current_promises(list(demands))
    pegs = pegs_of(locks.lock_inbound(products), current, now=now)
    for held in touched:
        qty = parts[held.id or 0]
        if not ZERO < qty <= held.qty:
            raise PickedMoreThanReleased(claim_id=held.id, picked=qty, released=held.qty)
        if qty == held.qty:
            ledger.end(held, ClaimEnd.SHORT)
        else:
            ledger.split_off(held, qty, ClaimEnd.SHORT)
    if is_out:
        run_out(balances, now=now)
        settle_offers(ledger, balances, now=now, actor=actor)
    promised = renewed(list(demands.values()), ledger, current, pegs, site_times(), cause=cause, now=now)
    record(ledger, now=now, promises=promised.changes)
    outbox.publish_many(promised.notes, now=now, actor=actor)
    return products
