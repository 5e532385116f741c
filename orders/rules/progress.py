"""How far an order is: derived from its demands, never typed in (domain.md §0.1)."""

from collections.abc import Iterable
from decimal import Decimal

from inventory.rules.asks import DemandState
from orders.rules.asks import Progress

NONE, PARTIAL, FULL = "none", "partial", "full"
ZERO = Decimal(0)


def progress(order_id: int, states: Iterable[DemandState], delivered: Decimal = ZERO) -> Progress:
    """`delivered` base units arrived. `allocation` counts everything at or past a hard claim; cancelled units are out of
    the question."""
    sums = dict.fromkeys(
        ("ordered", "cancelled", "backordered", "reserved", "allocated", "released", "picked", "shipped"), ZERO
    )
    for state in states:
        for bucket in sums:
            sums[bucket] += getattr(state, bucket)
    wanted = sums["ordered"] - sums["cancelled"]
    claimed = sums["allocated"] + sums["released"] + sums["picked"] + sums["shipped"]
    return Progress(order_id, share(claimed, wanted), share(sums["shipped"], wanted), **sums, delivered=delivered)


def share(done: Decimal, wanted: Decimal) -> str:
    if done <= 0:
        return NONE
    return FULL if done >= wanted else PARTIAL


def is_finished(states: Iterable[DemandState]) -> bool:
    """Every unit is shipped or cancelled."""
    return all(state.open == 0 for state in states)


def is_all_cancelled(states: Iterable[DemandState]) -> bool:
    return all(state.cancelled == state.ordered for state in states)
