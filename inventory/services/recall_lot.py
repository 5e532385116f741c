"""A lot is recalled: in one transaction no unit of it is good any more anywhere, and everybody who held some is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.open_case import open_cases
from inventory import locks
from inventory.exception_kinds import LOT_RECALLED
from inventory.locks import LockedDemand
from inventory.models import Lot, StockBalance, TransferLine
from inventory.services.change_stock_status import SHORTEST_REASON
from inventory.services.give_way import Standing, ask_for_allocation, stand
from inventory.services.movements import next_sequences
from inventory.services.places import balances_at, place_of
from inventory.services.receive_transfer import update_supply
from inventory.states import ClaimKind, MovementKind, StockStatus, TransferStatus

ZERO = Decimal(0)
CAUSE = "its lot was recalled"
STAY = (StockStatus.RECALLED,)


@dataclass(frozen=True)
class Recalled:
    """What a recall found: units blocked, claims that gave way, claims the warehouse still holds, transfers on the way."""

    blocked: Decimal
    gave_way: int
    in_the_warehouse: int
    transfers: int


@door_verb
def recall_lot(*, lot_id: int, reason: str, actor: Actor, now: datetime) -> Recalled:
    """Every balance of the lot becomes recalled, its claims give way and are allocated again, what travels is supply no
    more. One case a claim; released and picked units stay with the warehouse, and their case says to stop them.

    Recalled again it changes nothing. Raises NotFound, InvalidInput (no reason), ClaimsMoved.
    """
    lot = _with_reason(lot_id, reason)
    if lot.is_recalled:
        return Recalled(ZERO, 0, 0, 0)
    balances = _balances_of(lot, StockBalance.objects.exclude(status__in=STAY))
    standing = stand([b.pk for b in balances], product_ids=[lot.product_id])
    lot = locks.lock_lots([lot_id])[lot_id]
    transfers = _travelling(lot_id)
    locks.lock_transfers(transfers)
    _mark(lot, True, transfers, standing)
    blocked = flip(standing, balances, StockStatus.RECALLED, lot, reason.strip(), actor=actor, now=now)
    cases = _cases(lot, standing)
    busy = len(cases) - len(standing.gave)
    words = f"Recalled: {reason.strip()}. {plain(blocked)} blocked, {len(cases)} claim(s) affected"
    journal.write([journal.Entry(_ref(lot), "recalled", words)], actor=actor, now=now)
    ask_for_allocation([lot.product_id], "lot recalled", now=now, actor=actor)
    open_cases(cases, now=now, actor=actor)
    return Recalled(blocked, len(standing.gave), busy, len(transfers))


@door_verb
def lift_recall(*, lot_id: int, reason: str, actor: Actor, now: datetime) -> Decimal:
    """It was a mistake, or is over: the goods go to quarantine, from where people release them. How many.

    Raises NotFound, InvalidInput (no reason).
    """
    lot = _with_reason(lot_id, reason)
    if not lot.is_recalled:
        return ZERO
    balances = _balances_of(lot, StockBalance.objects.filter(status__in=STAY))
    standing = stand([b.pk for b in balances], product_ids=[lot.product_id])
    lot = locks.lock_lots([lot_id])[lot_id]
    transfers = _travelling(lot_id)
    locks.lock_transfers(transfers)
    _mark(lot, False, transfers, standing)
    moved = flip(standing, balances, StockStatus.QUALITY, lot, reason.strip(), actor=actor, now=now)
    words = f"Recall lifted: {reason.strip()}. {plain(moved)} in quarantine"
    journal.write([journal.Entry(_ref(lot), "recall_lifted", words)], actor=actor, now=now)
    ask_for_allocation([lot.product_id], "recall lifted", now=now, actor=actor)
    return moved


def _mark(lot: Lot, is_recalled: bool, transfers: Sequence[int], standing: Standing) -> None:
    """What travels of it is no supply (is again), before anybody is promised anything anew."""
    lot.is_recalled = is_recalled
    lot.save(update_fields=["is_recalled"])
    update_supply(transfers)
    standing.reread_inbound()


def flip(
    standing: Standing, balances: Sequence[StockBalance], to: StockStatus, lot: Lot, reason: str, *, actor: Actor,
    now: datetime,
) -> Decimal:  # fmt: skip
    """Move all that the warehouse does not hold to status `to`, whoever claims it; how much. The lot is locked."""
    targets = balances_at([place_of(b, to) for b in balances])
    pairs = {b.pk: targets[place_of(b, to)] for b in balances}
    standing.lock([*pairs, *pairs.values()])
    sequence = next_sequences([lot.pk], MovementKind.STATUS, source_kind="lot")[lot.pk]
    total = ZERO
    for balance_id, target in sorted(pairs.items()):
        qty = standing.loose(balance_id)
        if qty <= 0:
            continue
        standing.take(balance_id, qty)
        for place, moved in ((balance_id, -qty), (target, qty)):
            standing.move(
                place, MovementKind.STATUS, moved, source=_ref(lot), sequence=sequence, at=now, actor=actor, reason=reason
            )  # fmt: skip
            sequence += 1
        total += qty
    standing.settle(cause=CAUSE if to == StockStatus.RECALLED else f"its lot is {to}", now=now, actor=actor)
    return total


def _with_reason(lot_id: int, reason: str) -> Lot:
    if len(reason.strip()) < SHORTEST_REASON:
        words = "A recall and its end need a reason."
        raise InvalidInput([FieldError("/reason", "reason_missing", words, "Quality and auditors read it.")])
    lot = Lot.objects.filter(pk=lot_id).first()
    if lot is None:
        raise NotFound(kind="lot", ident=lot_id)
    return lot


def _balances_of(lot: Lot, rows: object) -> list[StockBalance]:
    return list(rows.filter(lot=lot).order_by("pk"))  # type: ignore[attr-defined]


def _travelling(lot_id: int) -> list[int]:
    """Read under the lot's lock: no transfer ships or receives any of it now."""
    on_the_way = [TransferStatus.SHIPPED, TransferStatus.SHORT]
    rows = TransferLine.objects.filter(lot_id=lot_id, transfer__status__in=on_the_way)
    return sorted(set(rows.values_list("transfer_id", flat=True)))


def _cases(lot: Lot, standing: Standing) -> list[CaseSpec]:
    lost = [_case(lot, g.claim_id, g.demand, f"{plain(g.qty)} taken back and allocated again") for g in standing.gave]
    held = standing.ledger.open_claims(ClaimKind.RELEASED, ClaimKind.PICKED)
    demands = standing.ledger.demands
    busy = [
        _case(lot, h.id or 0, demands[h.demand_id], f"{plain(h.qty)} {h.kind} in the warehouse: stop them")
        for h in held
        if h.lot_id == lot.pk
    ]
    return [*lost, *busy]


def _case(lot: Lot, claim_id: int, demand: LockedDemand, words: str) -> CaseSpec:
    document = DocumentRef(demand.ref_kind, demand.ref_id, demand.ref_number)
    summary = f"Lot {lot.code} was recalled: {words}"
    return CaseSpec(LOT_RECALLED.code, document, f"claim:{claim_id}", demand.account_id, summary=summary)


def _ref(lot: Lot) -> DocumentRef:
    return DocumentRef("lot", lot.pk, lot.code)
