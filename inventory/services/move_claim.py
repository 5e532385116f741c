"""The picker holds another lot or numbered unit than the one that was claimed: the claim goes where the hand is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core.clock import local_date
from core.errors import Refused
from core.quantity import plain
from core.uow import require_uow
from inventory import locks
from inventory.free_queries import free_stock
from inventory.locks import LockedDemand
from inventory.models import Claim, StockBalance
from inventory.rules.sourcing import Supply, is_usable
from inventory.services.claim import Held, Ledger, open_ledger
from inventory.services.confirm_picked import NotReleased
from inventory.services.record import record
from inventory.services.reserve import need_of
from inventory.states import ClaimEnd, ClaimKind, StockStatus

ZERO = Decimal(0)
MOVABLE = (ClaimKind.SOFT, ClaimKind.HARD)


class LotIsNotThere(Refused):
    template = "No {lot} of {product} is on the books of {site}."
    remedy_template = "Read the label again; if it lies there, count it in. Else pick {claimed}, or confirm it short."


class LotIsClaimed(Refused):
    template = (
        "{asked} of {lot} cannot be taken: {free} are free, and what others hold cannot be exchanged for {claimed}."
    )
    remedy_template = "Pick {claimed}, another lot, or confirm it short."


class LotMayNotGo(Refused):
    """Not good enough for this customer."""

    template = "{lot} may not go to this customer: {why}."
    remedy_template = "Put it aside and pick {claimed}, or confirm it short."


class LotIsTheClaimedOne(Refused):
    template = "{lot} is the one that was released."
    remedy_template = "Go on and confirm the pick."


@dataclass(frozen=True)
class MovedClaim:
    """The released claim that holds the units now, and what stock it is on. `exchanged` with other orders."""

    claim_id: int
    balance_id: int
    lot_id: int
    lot_code: str
    was_lot_code: str
    qty: Decimal
    exchanged: Decimal


@require_uow
def move_claim(*, claim_id: int, lot_code: str, qty: Decimal | None, now: datetime) -> MovedClaim:
    """Hold `qty` (None: all) of a released claim on another lot of the same product, site and owner instead.

    Free units are taken first; units that others reserved or were allocated, but that are not in the warehouse's hands,
    are exchanged for the ones this claim lets go, if those serve them. No total changes, so no pool is asked and no
    promise moves. Locks demands 50, lots 57, balances 60. Raises NotReleased, LotIsNotThere, LotIsTheClaimedOne,
    LotMayNotGo (recalled, no good stock, too short-lived), LotIsClaimed.
    """
    source = StockBalance.objects.select_related("product", "lot", "site").filter(claims=claim_id).first()
    if source is None:
        raise NotReleased(claim_id=claim_id)
    target = _target(source, lot_code)
    demands = locks.lock_demands(_demands(claim_id, target.pk))
    lots = locks.lock_lots({i for i in (source.lot_id, target.lot_id) if i is not None})
    balances = locks.lock_balances({source.pk, target.pk})
    ledger = open_ledger(demands)
    held = next((h for h in ledger.open_claims(ClaimKind.RELEASED) if h.id == claim_id), None)
    wanted = held.qty if held is not None and qty is None else qty
    if held is None or wanted is None or not ZERO < wanted <= held.qty:
        raise NotReleased(claim_id=claim_id)
    if lots[target.lot_id or 0].is_recalled:
        raise LotMayNotGo(lot=_name(target), why="it is recalled", claimed=_name(source))
    supplies = {
        s.balance_id: s for s in free_stock([source.product_id], coming_back={source.pk: ZERO, target.pk: ZERO})
    }
    _require_good(supplies.get(target.pk), demands[held.demand_id], source, target, now)
    exchange = _Exchange(ledger, demands, held, supplies.get(source.pk), target.pk, now)
    missing = max(ZERO, wanted - _free(balances[target.pk]))
    if (left := exchange.take(missing)) > 0:
        free = plain(wanted - left)
        raise LotIsClaimed(asked=plain(wanted), lot=_name(target), free=free, claimed=_name(source))
    known = _claims_on(held.demand_id, target.pk)
    _move(ledger, held, wanted, target)
    record(ledger, now=now)
    (new,) = _claims_on(held.demand_id, target.pk) - known
    assert target.lot is not None
    return MovedClaim(
        new, target.pk, target.lot.pk, target.lot.code, source.lot.code if source.lot else "", wanted, missing
    )


def _target(source: StockBalance, lot_code: str) -> StockBalance:
    rows = StockBalance.objects.select_related("product", "lot", "site").filter(
        product_id=source.product_id, site_id=source.site_id, owner=source.owner, lot__code__iexact=lot_code.strip()
    )
    found = sorted(rows, key=lambda b: (b.status != StockStatus.AVAILABLE, b.pk))
    if not found:
        lot = f"lot {lot_code.strip()}"
        raise LotIsNotThere(lot=lot, product=source.product.sku, site=source.site.code, claimed=_name(source))
    if found[0].pk == source.pk:
        raise LotIsTheClaimedOne(lot=_name(source))
    if found[0].status != StockStatus.AVAILABLE:
        status = found[0].get_status_display().lower()
        raise LotMayNotGo(lot=_name(found[0]), why=f"its stock is {status}", claimed=_name(source))
    return found[0]


def _demands(claim_id: int, balance_id: int) -> set[int]:
    """Whose claim it is, and who holds what could be exchanged."""
    kinds = [kind.value for kind in MOVABLE]
    others = Claim.objects.filter(balance=balance_id, state="open", kind__in=kinds).values_list("demand_id", flat=True)
    return {*others, *Claim.objects.filter(pk=claim_id).values_list("demand_id", flat=True)}


def _require_good(
    supply: Supply | None, demand: LockedDemand, source: StockBalance, target: StockBalance, now: datetime
) -> None:
    if supply is None:
        raise LotMayNotGo(lot=_name(target), why="it is no good stock of ours", claimed=_name(source))
    if not _serves(supply, demand, now):
        days = demand.min_shelf_life_days
        why = f"it expires on {supply.expiry_date}, and must last {days} days after the delivery"
        raise LotMayNotGo(lot=_name(target), why=why, claimed=_name(source))


def _serves(supply: Supply, demand: LockedDemand, now: datetime) -> bool:
    """Whether the lot lives long enough for the demand; the site is the one it is served from already."""
    need = replace(need_of(demand), site_id=supply.site_id, route=())
    return is_usable(supply, need, local_date(now, "UTC"))


@dataclass
class _Exchange:
    """Others give what they hold on the target and get as much of what the claim lets go."""

    ledger: Ledger
    demands: Mapping[int, LockedDemand]
    giving: Held
    source: Supply | None
    target_id: int
    now: datetime

    def take(self, missing: Decimal) -> Decimal:
        """How much of `missing` nobody could exchange. Reservations go first, then the lowest in rank."""
        if missing <= 0 or self.source is None:
            return max(missing, ZERO)
        for held in self._willing(self.source):
            part = min(missing, held.qty)
            if part > 0:
                missing -= part
                self._swap(held, part)
        return missing

    def _willing(self, source: Supply) -> Sequence[Held]:
        there: Iterable[Held] = (h for h in self.ledger.open_claims(*MOVABLE) if h.balance_id == self.target_id)
        served = [h for h in there if _serves(source, self.demands[h.demand_id], self.now)]
        rank = {h.demand_id: self.demands[h.demand_id].tier_rank for h in served}
        return sorted(served, key=lambda h: (h.kind != ClaimKind.SOFT, -rank[h.demand_id], h.id or 0))

    def _swap(self, held: Held, part: Decimal) -> None:
        kind, demand_id, expires_at = held.kind, held.demand_id, held.expires_at
        if part == held.qty:
            self.ledger.end(held, ClaimEnd.FREED)
        else:
            self.ledger.resize(held, held.qty - part)
        place = self.giving.balance_id
        same = [h for h in self.ledger.open_claims(kind) if (h.demand_id, h.balance_id) == (demand_id, place)]
        if same:
            self.ledger.resize(same[0], same[0].qty + part)
        else:
            self.ledger.claim(
                demand_id, place, kind, part, site_id=self.giving.site_id, lot_id=self.giving.lot_id,
                expires_at=expires_at,
            )  # fmt: skip


def _move(ledger: Ledger, held: Held, qty: Decimal, target: StockBalance) -> None:
    if qty == held.qty:
        ledger.end(held, ClaimEnd.FREED)
    else:
        ledger.split_off(held, qty, ClaimEnd.FREED)
    ledger.claim(held.demand_id, target.pk, ClaimKind.RELEASED, qty, site_id=held.site_id, lot_id=target.lot_id)


def _claims_on(demand_id: int, balance_id: int) -> set[int]:
    rows = Claim.objects.filter(demand=demand_id, balance=balance_id, state="open", kind=ClaimKind.RELEASED.value)
    return set(rows.values_list("pk", flat=True))


def _free(b: StockBalance) -> Decimal:
    return b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty


def _name(b: StockBalance) -> str:
    if b.lot is None:
        return f"stock of {b.product.sku} without a lot"
    return f"{'serial number' if b.lot.is_serial else 'lot'} {b.lot.code} of {b.product.sku}"
