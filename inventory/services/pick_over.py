"""More was picked of a claim than it held: what nobody else has of the same lot is taken with it. Internal to the room."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from core.errors import Refused
from core.quantity import plain
from core.uow import require_uow
from inventory import locks
from inventory.locks import LockedDemand
from inventory.models import StockBalance
from inventory.pool_queries import ruled_products
from inventory.services.claim import Held, Ledger
from inventory.services.pooled import open_deal

ZERO = Decimal(0)
Place = tuple[int | None, int, int]  # account, product, site


class NotFreeToPick(Refused):
    """Physically there perhaps, but somebody else's."""

    template = "{asked} more of {stock} than was released cannot be taken: {free} of it are nobody else's."
    remedy_template = "Put the surplus back; if more lies there than the books say, count it first."


def room_for_more(
    extra: Mapping[int, Decimal], picked: Mapping[int, Held], ledger: Ledger, *, now: datetime
) -> dict[Place, Decimal]:
    """What the account may still take of products that have pools, at the site. Rank 55, nothing for others."""
    held = [picked[i] for i in extra]
    ruled = ruled_products({h.product_id for h in held})
    if not ruled:
        return {}
    demands: Collection[LockedDemand] = [ledger.demands[h.demand_id] for h in held]
    book = open_deal(ruled, list(demands), (), now=now).book
    places = {(ledger.demands[h.demand_id].account_id, h.product_id, h.site_id) for h in held if h.product_id in ruled}
    return {place: book.room(*place) for place in places}


@require_uow
def take_more(
    extra: Mapping[int, Decimal], picked: Mapping[int, Held], ledger: Ledger, rooms: Mapping[Place, Decimal]
) -> None:
    """`extra` is {claim_id: base units above what it held}. What the demand waits for is taken first; beyond that the
    demand grows. Locks all the balances the ledger touches, rank 60. Raises NotFreeToPick.
    """
    balances = locks.lock_balances({*ledger.shifts, *(picked[i].balance_id for i in extra)})
    free = {i: _free(b) for i, b in balances.items()}
    left = dict(rooms)
    for claim_id, qty in sorted(extra.items()):
        held = picked[claim_id]
        demand = ledger.demands[held.demand_id]
        place = (demand.account_id, held.product_id, held.site_id)
        most = min(free[held.balance_id], left.get(place, free[held.balance_id]))
        if qty > most:
            raise NotFreeToPick(asked=plain(qty), stock=_name(held.balance_id), free=plain(max(most, ZERO)))
        free[held.balance_id] -= qty
        if place in left:
            left[place] -= qty
        if (grown := qty - demand.backordered_qty) > 0:
            ledger.grow(demand.pk, grown)
        ledger.resize(held, held.qty + qty)


def _free(b: StockBalance) -> Decimal:
    return b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty


def _name(balance_id: int) -> str:
    stock = StockBalance.objects.select_related("product", "lot", "site").get(pk=balance_id)
    lot = f" lot {stock.lot.code}" if stock.lot else ""
    return f"{stock.product.sku}{lot} at {stock.site.code}"
