"""What floors keep, worked out slowly: every set of their parts is looked at, and everything is counted from the start."""

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import combinations

from inventory.rules.by_policy import BARRED
from inventory.rules.sourcing import is_usable
from inventory.states import Strategy
from tests.inventory.rules.allocation_cases import TODAY


def reach_of(case, need):
    return frozenset(b for b, s in case.supply.items() if s.product_id == 1 and s.qty > 0 and is_usable(s, need, TODAY))


def may_have(case, need, counts_barred):
    strategy = case.strategy(need.demand_id)
    if strategy == Strategy.LOSE or (not counts_barred and case.why[need.demand_id].barred == BARRED["ship complete"]):
        return Decimal(0)
    return min(need.qty, need.held_qty) if strategy in (Strategy.FILL, Strategy.SKIP) else need.qty


def parts_of(case, counts_barred=True):
    """[[floor's number, reach or None, balances, size]]: for members who wait and cannot use all of its stock, best ranked
    first, what they wait for in lots that serve them; then the rest wherever the floor has stock."""
    floors = case.snapshot.protections
    stocks = [frozenset(s.balance_id for s in case.stocked(p) if s.qty > 0) for p in floors]
    rest, own = [p.qty for p in floors], [{} for _ in floors]
    for need in (d.need for d in case.plan.decisions if d.need.product_id == 1):
        reach, wanted = reach_of(case, need), defaultdict(lambda n=need: may_have(case, n, counts_barred))
        for n, floor in enumerate(floors):
            if need.account_id in floor.account_ids and stocks[n] & reach:
                part = min(rest[n], wanted[floor.tree_id])
                rest[n] -= part
                wanted[floor.tree_id] -= part
                if part and not stocks[n] <= reach:
                    own[n][reach] = own[n].get(reach, Decimal(0)) + part
    return [
        part for n, floor in enumerate(floors) if stocks[n]
        for part in [*([n, reach, stocks[n] & reach, qty] for reach, qty in own[n].items()),
                     [n, None, stocks[n], floor.qty - sum(own[n].values())]]
    ]  # fmt: skip


def owed(case, parts, lost, takes):
    """What each part still keeps after {demand: {balance: qty}}: each reach of its own part first, then of the rest, then
    of the others; what a floor has no room for counts in the next of its tree."""
    floors = case.snapshot.protections
    came = [Counter() for _ in floors]
    for i, on in takes.items():
        for b, qty in on.items():
            first = {}
            for n, floor in enumerate(floors):
                if case.needs[i].account_id in floor.account_ids and case.supply[b] in case.stocked(floor):
                    first.setdefault(floor.tree_id, n)
            for n in first.values():
                came[n][reach_of(case, case.needs[i])] += qty
    left = [size for *_, size in parts]
    for n, floor in enumerate(floors):
        mine = [k for k, part in enumerate(parts) if part[0] == n]
        for k in mine:
            used = min(came[n][parts[k][1]], left[k])
            came[n][parts[k][1]] -= used
            left[k] -= used
        for reach in list(came[n]):
            for k in reversed(mine):
                used = min(came[n][reach], left[k])
                came[n][reach] -= used
                left[k] -= used
        above = [m for m in range(n + 1, len(floors))
                 if floors[m].tree_id == floor.tree_id and floor.account_ids <= floors[m].account_ids]  # fmt: skip
        if above:
            came[above[0]].update(came[n])
    return [max(Decimal(0), qty - gone) for qty, gone in zip(left, lost, strict=True)]


def placed(parts, free):
    """How much of [(balances, qty)] the stock can hold at once: the least cut of a flow."""
    return min(
        sum((qty for k, (_, qty) in enumerate(parts) if k not in some), Decimal(0))
        + sum((free[b] for b in frozenset().union(*(parts[k][0] for k in some))), Decimal(0))
        for size in range(len(parts) + 1)
        for some in combinations(range(len(parts)), size)
    )


def kept_parts(case, counts_barred=True):
    """[(floor, balances, what is still kept in them)] when the run is done."""
    parts = parts_of(case, counts_barred)
    lost = [Decimal(0)] * len(parts)
    stays = {i: dict(n.held) for i, n in case.needs.items()
             if n.product_id == 1 and (case.keeps(i) or case.strategy(i) == Strategy.IMPROVE)}  # fmt: skip
    free = {b: s.qty - sum(on.get(b, Decimal(0)) for on in stays.values()) for b, s in case.supply.items()}
    wanted, held = owed(case, parts, lost, stays), []
    for k, (n, _, places, _) in enumerate(parts):
        got = placed([*held, (places, wanted[k])], free) - sum(qty for _, qty in held)
        held.append((places, got))
        rest = next(m for m in range(k, len(parts)) if parts[m][0] == n and parts[m][1] is None)
        if rest == k:
            lost[k] += wanted[k] - got
        else:
            parts[k][3] -= wanted[k] - got
            parts[rest][3] += wanted[k] - got
            wanted[rest] += wanted[k] - got
    after = owed(case, parts, lost, {i: case.on[i] for i, n in case.needs.items() if n.product_id == 1})
    for k, (n, reach, places, _) in enumerate(parts):
        if reach is not None:  # what others took of its lots is kept where the floor still has some
            over = max(Decimal(0), after[k] - sum((case.left[b] for b in places), Decimal(0)))
            after[k] -= over
            after[next(m for m, p in enumerate(parts) if p[0] == n and p[1] is None)] += over
    floors = case.snapshot.protections
    return [(floors[n], places, qty) for (n, _, places, _), qty in zip(parts, after, strict=True) if qty > 0]
