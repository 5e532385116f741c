"""Claims that travel: the part of a transfer that fill-ups were allocated. Internal to the verbs of transfers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.actors import Actor
from inventory import locks
from inventory.models import TransferLine
from inventory.network_queries import site_times
from inventory.rules.pegs import Expected
from inventory.services.claim import Held, Ledger, open_ledger
from inventory.services.promise import current_promises, pegs_of, renewed
from inventory.services.record import record
from inventory.states import ClaimEnd

ZERO = Decimal(0)


@dataclass
class Travelling:
    """The claims of a transfer's lines by line, with their demands locked (50) and the inbound of their products (52)."""

    ledger: Ledger
    by_line: dict[int, Held] = field(default_factory=dict)
    inbound: list[Expected] = field(default_factory=list)

    def load(self, line_id: int, qty: Decimal) -> None:
        """`qty` of the line's claim leaves; the rest is wanted again."""
        held = self.by_line[line_id]
        if qty == 0:
            self.ledger.end(held, ClaimEnd.FREED)
            return
        if qty < held.qty:
            self.ledger.split_off(held, held.qty - qty, ClaimEnd.FREED)
        self.ledger.end(held, ClaimEnd.SHIPPED, to="shipped_qty")
        self.ledger.shift(held.balance_id, "on_hand_qty", -qty)

    def free_all(self) -> None:
        for held in self.by_line.values():
            self.ledger.end(held, ClaimEnd.FREED)

    def settle(self, *, cause: str, actor: Actor, now: datetime) -> None:
        """Write claims, buckets, balances and promises. Raises StockDisagrees."""
        demands = list(self.ledger.demands.values())
        if not demands:
            record(self.ledger, now=now)
            return
        current = current_promises([d.pk for d in demands])
        pegs = pegs_of(self.inbound, current, now=now) if self.inbound else {}
        promised = renewed(demands, self.ledger, current, pegs, site_times(), cause=cause, now=now)
        record(self.ledger, now=now, promises=promised.changes)
        if promised.notes:
            outbox.publish_many(promised.notes, now=now, actor=actor)


def claims_of(transfer_id: int) -> Travelling:
    """Nothing is locked where the transfer has no claims; else demands 50 and inbound 52."""
    rows = TransferLine.objects.filter(transfer_id=transfer_id, claim__isnull=False)
    named: Mapping[int, tuple[int, int]] = {
        claim_id: (line_id, demand_id)
        for line_id, claim_id, demand_id in rows.values_list("id", "claim_id", "claim__demand_id")
    }
    if not named:
        return Travelling(Ledger({}))
    demands = locks.lock_demands({demand_id for _, demand_id in named.values()})
    ledger = open_ledger(demands)
    inbound = locks.lock_inbound({d.product_id for d in demands.values()})
    by_line = {named[h.id][0]: h for h in ledger.open_claims() if h.id is not None and h.id in named}
    return Travelling(ledger, by_line, inbound)
