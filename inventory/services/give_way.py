"""Stock is taken from under the claims on it: what holds it gives way, soft claims first, then the lowest in rank.

Released and picked units are in the warehouse's hands and never give way. Internal to the room: a verb opens a
`Standing` (demands 50, inbound 52), takes its own locks (lot 57, transfer 59), locks balances (60), takes and moves,
settles; the next allocation run deals the demands something else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.actors import Actor
from core.errors import Busy, NotFound, Refused
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import require_uow
from exceptions_app.rules.asks import CaseSpec
from inventory import locks
from inventory.events import SupplyIncreased
from inventory.exception_kinds import CLAIMS_GAVE_WAY
from inventory.locks import LockedDemand
from inventory.models import Claim, InboundSupply, StockBalance, StockMovement
from inventory.network_queries import site_times
from inventory.rules.allocate import rank
from inventory.rules.sourcing import GENERAL_KINDS
from inventory.services.claim import Held, Ledger, open_ledger
from inventory.services.promise import current_promises, pegs_of, renewed, sequence_of
from inventory.services.record import record
from inventory.services.reserve import need_of
from inventory.services.serials import refuse_impossible
from inventory.states import ClaimEnd, ClaimKind, ClaimState, MovementKind

ZERO = Decimal(0)
YIELDING = (ClaimKind.SOFT, ClaimKind.HARD)


class ClaimsMoved(Busy):
    template = "Stock of the balance {balance_id} was claimed by someone else at this moment."
    remedy_template = "Try again: the new claim will be seen."


class NotThere(Refused):
    template = "{asked} are named, but only {on_hand} are on hand."
    remedy_template = "Name at most what is there; count the place when the books are wrong."


class InTheWarehouse(Refused):
    template = "{asked} are named, but {busy} are released or picked for shipments."
    remedy_template = "Take at most {rest}, or confirm the pick short first."


@dataclass(frozen=True)
class GaveWay:
    """A part of a claim that its demand lost; it is backordered again."""

    claim_id: int
    kind: ClaimKind
    balance_id: int
    qty: Decimal
    demand: LockedDemand

    @property
    def document(self) -> DocumentRef:
        return DocumentRef(self.demand.ref_kind, self.demand.ref_id, self.demand.ref_number)


@dataclass
class Standing:
    """What is claimed of some balances, with the demands that claim it locked."""

    ledger: Ledger
    inbound: list[InboundSupply]
    balances: dict[int, StockBalance] = field(default_factory=dict)
    gave: list[GaveWay] = field(default_factory=list)
    movements: list[StockMovement] = field(default_factory=list)

    def reread_inbound(self) -> None:
        """After the verb changed dated supply that `stand` locked."""
        ids = [i.pk for i in self.inbound]
        self.inbound = list(InboundSupply.objects.filter(pk__in=ids, is_closed=False).order_by("pk"))

    def lock(self, balance_ids: Collection[int]) -> None:
        """Rank 60; also the balances stock will be moved to, in one go."""
        self.balances = locks.lock_balances(balance_ids)

    def claimed(self, balance_id: int, *kinds: ClaimKind) -> list[Held]:
        return [h for h in self.ledger.open_claims(*kinds) if h.balance_id == balance_id]

    def room(self, balance_id: int) -> Decimal:
        """What is free of the balance now."""
        b, pending = self.balances[balance_id], self.ledger.shifts.get(balance_id, {})
        free = b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty
        return free + 2 * pending.get("on_hand_qty", ZERO) - sum(pending.values(), ZERO)

    def take(self, balance_id: int, qty: Decimal) -> Decimal:
        """Make `qty` of the balance free. What cannot be, because the warehouse holds it (0: all is free).

        Raises ClaimsMoved where somebody claimed the stock after the demands were locked.
        """
        needed = qty - self.room(balance_id)
        for held in self._in_order(balance_id):
            if needed <= 0:
                break
            part = min(needed, held.qty)
            self._yield(held, part)
            needed -= part
        if needed > 0 and self._is_claimed_by_others(balance_id):
            raise ClaimsMoved(balance_id=balance_id)
        return max(needed, ZERO)

    def require(self, balance_id: int, qty: Decimal) -> None:
        """Make `qty` free. Raises NotFound, NotThere, InTheWarehouse, ClaimsMoved."""
        balance = self.balances.get(balance_id)
        if balance is None:
            raise NotFound(kind="stock balance", ident=balance_id)
        if qty > balance.on_hand_qty:
            raise NotThere(asked=plain(qty), on_hand=plain(balance.on_hand_qty))
        if self.take(balance_id, qty) > 0:
            busy = balance.released_qty + balance.picked_qty
            raise InTheWarehouse(asked=plain(qty), busy=plain(busy), rest=plain(balance.on_hand_qty - busy))

    def loose(self, balance_id: int) -> Decimal:
        """All that the warehouse does not hold for a shipment."""
        balance = self.balances[balance_id]
        return balance.on_hand_qty - balance.released_qty - balance.picked_qty

    def move(
        self, balance_id: int, kind: MovementKind, qty: Decimal, *, source: DocumentRef, sequence: int, at: datetime,
        actor: Actor, reason: str = "",
    ) -> None:  # fmt: skip
        """`qty` more (less) on hand, with the movement that says so; written by `settle`."""
        self.ledger.shift(balance_id, "on_hand_qty", qty)
        self.movements.append(
            StockMovement(
                balance_id=balance_id,
                kind=kind,
                qty=qty,
                source_kind=source.kind,
                source_id=source.id,
                sequence=sequence,
                at=at,
                actor_label=actor.label,
                reason=reason[:200],
            )
        )

    def settle(self, *, cause: str, now: datetime, actor: Actor) -> None:
        """Write claims, balances, movements and the promises of those who gave way, and ask for another allocation.

        Raises StockDisagrees, SerialIsElsewhere, SerialIsOneUnit, SerialsMissing.
        """
        lost = {g.demand.pk for g in self.gave}
        ranked = sorted((self.ledger.demands[i] for i in lost), key=lambda d: rank(need_of(d)))
        current = current_promises(sorted(lost)) if lost else []
        pegs = pegs_of(locks.expected(self.inbound), current, now=now) if lost and self.inbound else {}
        self.ledger.settle_all()
        StockMovement.objects.bulk_create(self.movements)
        gained = {m.balance_id for m in self.movements if m.qty > 0}
        refuse_impossible({m.balance_id for m in self.movements}, gained)
        if not lost:
            record(self.ledger, now=now)
            return
        promised = renewed(ranked, self.ledger, current, pegs, site_times(), cause=cause, now=now)
        record(self.ledger, now=now, promises=promised.changes)
        outbox.publish_many(promised.notes, now=now, actor=actor)

    def _in_order(self, balance_id: int) -> Sequence[Held]:
        """Soft claims before hard ones; of a kind, whoever would be served last gives way first."""
        demands = self.ledger.demands
        served = sorted(self.claimed(balance_id, *YIELDING), key=lambda h: rank(need_of(demands[h.demand_id])))
        return [h for kind in YIELDING for h in reversed(served) if h.kind == kind]

    def _yield(self, held: Held, qty: Decimal) -> None:
        demand = self.ledger.demands[held.demand_id]
        self.gave.append(GaveWay(held.id or 0, held.kind, held.balance_id, qty, demand))
        if qty == held.qty:
            self.ledger.end(held, ClaimEnd.FREED)
        else:
            self.ledger.resize(held, held.qty - qty)

    def _is_claimed_by_others(self, balance_id: int) -> bool:
        b = self.balances[balance_id]
        ours = sum((g.qty for g in self.gave if g.balance_id == balance_id), ZERO)
        return b.reserved_qty + b.allocated_qty > ours


@require_uow
def stand(balance_ids: Collection[int], *, product_ids: Collection[int] = ()) -> Standing:
    """Lock the demands that claim these balances and the inbound of their products: ranks 50 and 52, four statements.

    `product_ids`: whose inbound the verb changes itself.
    """
    claims = Claim.objects.filter(balance_id__in=balance_ids, state=ClaimState.OPEN)
    demands = locks.lock_demands(set(claims.values_list("demand_id", flat=True)))
    products = {d.product_id for d in demands.values()} | set(product_ids)
    coming = locks.lock_all_inbound(products) if products else []
    return Standing(open_ledger(demands), [i for i in coming if not i.is_closed and i.site.kind in GENERAL_KINDS])


def ask_for_allocation(product_ids: Iterable[int], cause: str, *, now: datetime, actor: Actor) -> None:
    """Say that the products are worth another run: stock came, or somebody lost what they held."""
    products = tuple(sorted(set(product_ids)))
    if products:
        fact = SupplyIncreased(products, cause)
        outbox.publish(fact, stream=f"product:{products[0]}", seq=sequence_of(now), now=now, actor=actor)


def gave_way_case(gave: Sequence[GaveWay], *, subject: DocumentRef, cause_key: str, summary: str) -> CaseSpec:
    """One case for all claims that one correction took stock from."""
    by_document: dict[str, Decimal] = defaultdict(Decimal)
    for part in gave:
        by_document[str(part.document)] += part.qty
    evidence = {"gave_way": [{"document": d, "qty": plain(q)} for d, q in sorted(by_document.items())][:50]}
    return CaseSpec(CLAIMS_GAVE_WAY.code, subject, cause_key, summary=summary, evidence=evidence)


def taken_from(gave: Sequence[GaveWay]) -> str:
    """For people: "4 promised to Order O1 and 2 others"."""
    names = sorted({str(g.document) for g in gave})
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{plain(sum((g.qty for g in gave), ZERO))} promised to {names[0]}{more}"
