"""Allocate by a policy: the stages of domain.md §6 over a snapshot of some products, every line of it explained."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TypeVar

from inventory.rules.allocate import Decision, Plan, PlanLine, Verdict
from inventory.rules.borrow import Coming, Repeg, borrow
from inventory.rules.give_back import SHIP_COMPLETE, Table, settle_orders
from inventory.rules.policy import Policy
from inventory.rules.pools import OrderCap, Protection, Quota
from inventory.rules.shelf import Shelf, merged
from inventory.rules.sourcing import Need, Supply
from inventory.rules.strategies import LOCKABLE, Seat, seats_of, sweep
from inventory.states import Strategy

ZERO = Decimal(0)
AGAIN = 5
BARRED = {
    SHIP_COMPLETE: "its order ships complete or not at all, and cannot be completed now",
    "minimum": "less than its minimum is not shipped",
    Strategy.FILL: "its segment keeps at most what it held",
    Strategy.LOSE: "its segment gives back what it held",
    Strategy.SKIP: "its segment is left as it is",
}


@dataclass(frozen=True)
class Snapshot:
    """What a run decides over. Everything is as if what the needs `held` had been given back: supplies count it, and so
    do protections and quotas. `coming` is inbound supply no demand outside the snapshot rests on. `taken` is what an order
    has of a product beyond its needs here: {(order key, product): qty}.
    """

    needs: Sequence[Need]
    supplies: Sequence[Supply]
    protections: Sequence[Protection] = ()
    quotas: Sequence[Quota] = ()
    coming: Sequence[Coming] = ()
    caps: Sequence[OrderCap] = ()
    taken: Mapping[tuple[str, int], Decimal] = field(default_factory=dict)

    def of(self, products: Collection[int]) -> "Snapshot":
        """The part of it that is about these products."""
        return Snapshot(
            [x for x in self.needs if x.product_id in products],
            [x for x in self.supplies if x.product_id in products],
            [x for x in self.protections if x.product_id in products],
            [x for x in self.quotas if x.product_id in products],
            [x for x in self.coming if x.product_id in products],
            [x for x in self.caps if x.product_id in products],
            {pair: qty for pair, qty in self.taken.items() if pair[1] in products},
        )


def allocate_by(policy: Policy, snapshot: Snapshot, *, today: date, keeps_held: bool = False) -> Plan:
    """The plan: lines are all a demand has from now on (what it kept and what it was dealt), decisions say why.

    Where that might matter (orders gave back, floors gave way late) the plan is made again as if it had been carried out,
    until that changes nothing: so that a second run finds nothing to do. `keeps_held`: whatever the strategies say, no
    demand loses what it holds firmly.
    """
    plan, is_unsure = _once(policy, snapshot, today, keeps_held)
    before, kept = {n.demand_id: n.held_qty for n in snapshot.needs}, snapshot
    for _ in range(AGAIN if is_unsure else 0):
        kept = replace(kept, needs=_as_planned(kept.needs, plan))
        following, _ = _once(policy, kept, today, keeps_held)
        if _amounts(following) == _amounts(plan):
            return replace(plan, decisions=tuple(_from(d, before) for d in plan.decisions))
        plan = following
    return replace(plan, is_settled=not is_unsure)


def _once(policy: Policy, snapshot: Snapshot, today: date, keeps_held: bool) -> tuple[Plan, bool]:
    """(a plan, whether carrying it out may change what the next one says)."""
    tables = _tables(policy, snapshot, today, keeps_held)
    is_unsure = policy.passes is not None and settle_orders(tables, policy.passes)
    coming = _by_product(snapshot.coming)
    pegs: list[Repeg] = []
    lines: list[PlanLine] = []
    decisions: list[Decision] = []
    for product_id, table in tables.items():
        lent = borrow(table.seats, table.shelf, coming.get(product_id, ()), policy, today)
        if lent:
            sweep(table.seats, table.shelf)
        is_unsure |= any(_may_move(seat) for seat in table.seats)
        pegs += lent
        lines += [line for seat in table.seats for line in _lines(seat)]
        decisions += _decisions(table, policy, _lent(lent))
    return Plan(tuple(lines), tuple(decisions), tuple(pegs)), is_unsure


def _may_move(seat: Seat) -> bool:
    """Whether a second run might find it elsewhere: floors gave way late, or its share is locked from now on."""
    is_lockable = seat.is_locked and seat.strategy in LOCKABLE
    return seat.stage == "sweep" or (is_lockable and seat.segment.is_fair and bool(seat.takes))


def _as_planned(needs: Iterable[Need], plan: Plan) -> list[Need]:
    firm: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    for line in plan.lines:
        if line.is_firm:
            firm[line.demand_id].append((line.balance_id, line.qty))
    return [replace(n, held=tuple(firm[n.demand_id])) for n in needs]


def _amounts(plan: Plan) -> dict[tuple[int, int, bool], Decimal]:
    return {(line.demand_id, line.balance_id, line.is_firm): line.qty for line in plan.lines}


def _from(decision: Decision, before: Mapping[int, Decimal]) -> Decision:
    """Told from what the demand held when the run began."""
    was = before[decision.need.demand_id]
    if decision.verdict is None or decision.verdict.before == was:
        return decision
    return replace(decision, verdict=replace(decision.verdict, before=was))


def _tables(policy: Policy, snapshot: Snapshot, today: date, keeps_held: bool) -> dict[int, Table]:
    needs, supplies = _by_product(snapshot.needs), _by_product(snapshot.supplies)
    protections, quotas = _by_product(snapshot.protections), _by_product(snapshot.quotas)
    caps = _by_product(snapshot.caps)
    taken: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for (order_key, product_id), qty in snapshot.taken.items():
        taken[product_id][order_key] = qty

    def set_up(product_id: int) -> tuple[list[Seat], Shelf]:
        shelf = Shelf(
            supplies.get(product_id, ()),
            today=today,
            protections=protections.get(product_id, ()),
            quotas=quotas.get(product_id, ()),
            caps=caps.get(product_id, ()),
            taken=taken[product_id],
            order_cap_percent=policy.order_cap_percent,
            uses_lots=policy.uses_lots,
        )
        return seats_of(needs[product_id], policy, today, keeps_held), shelf

    return {product_id: Table.dealt(product_id, partial(set_up, product_id)) for product_id in sorted(needs)}


T = TypeVar("T", Need, Supply, Protection, Quota, OrderCap, Coming)


def _by_product(some: Iterable[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for one in some:
        found[one.product_id].append(one)
    return found


def _lines(seat: Seat) -> Iterable[PlanLine]:
    """What it keeps is firm whatever happened to it; a blocked demand holds the rest only softly."""
    firm, soft = (seat.kept, seat.takes) if seat.is_last else ([*seat.kept, *seat.takes], [])
    for takes, is_firm in ((firm, True), (soft, False)):
        for balance_id, qty in sorted(merged(takes).items()):
            yield PlanLine(seat.need.demand_id, balance_id, qty, is_firm)


def _lent(pegs: Iterable[Repeg]) -> Mapping[int, Decimal]:
    found: dict[int, Decimal] = defaultdict(Decimal)
    for peg in pegs:
        found[peg.demand_id] += peg.qty
    return found


def _decisions(table: Table, policy: Policy, lent: Mapping[int, Decimal]) -> Iterable[Decision]:
    seats, shelf = table.seats, table.shelf
    is_empty = shelf.is_empty()
    taken, ahead_id = ZERO, None
    name = f"{policy.code} v{policy.version}"
    for position, seat in enumerate(seats, start=1):
        got, need = seat.got, seat.need
        is_short = got < need.qty
        unusable = ZERO if is_empty or not is_short else shelf.unusable_left(need)
        protected = tuple(shelf.floors.kept_from(need.account_id)) if is_short and shelf.floors else ()
        verdict = Verdict(
            name, seat.segment.name, str(seat.strategy), seat.stage, seat.segment.rule, need.held_qty,
            lent.get(need.demand_id, ZERO), protected, barred_by(seat, shelf) if is_short else "",
            seat.strategy == Strategy.WIN and is_short,
        )  # fmt: skip
        sites = _sites(seat, shelf)
        yield Decision(need, position, len(seats), got, taken, ahead_id, sites, unusable, verdict=verdict)
        if got:
            taken, ahead_id = taken + got, need.demand_id


def _sites(seat: Seat, shelf: Shelf) -> tuple[str, ...]:
    codes = (shelf.supply[balance_id].site_code for balance_id, _ in (*seat.kept, *seat.takes))
    return tuple(dict.fromkeys(code for code in codes if code))


def barred_by(seat: Seat, shelf: Shelf) -> str:
    """Why a short demand got no more although there is stock it could use; "" where there is none."""
    if seat.barred in BARRED:
        return BARRED[seat.barred]
    if seat.short <= 0:
        return BARRED.get(seat.strategy, "")
    if (free := shelf.usable_left(seat.need)) <= 0:
        return ""
    return _limit(seat, shelf, free)


def _limit(seat: Seat, shelf: Shelf, free: Decimal) -> str:
    need = seat.need
    if (cap := shelf.caps.room(need)) is not None and cap <= shelf.lot(need):
        return "one order may not take more of this product"
    if shelf.ceilings and (quota := _spent_quota(need, shelf)):
        return f"the quota {quota} is used up"
    if shelf.floors and (kept := shelf.floors.kept_from(need.account_id)):
        return f"what is left is kept for {', '.join(name for name, _ in kept)}"
    if (lot := shelf.lot(need)) and (free < lot or seat.short < lot):
        return "less than a whole lot is left, or wanted"
    if need.min_qty > seat.got:
        return BARRED["minimum"]
    return "what is left at each site is less than a whole lot" if lot else ""


def _spent_quota(need: Need, shelf: Shelf) -> str:
    if shelf.ceilings is None:
        return ""
    for site_id in {s.site_id for s in shelf.supply.values()}:
        room, name = shelf.ceilings.room(need.account_id, site_id)
        if room is not None and room <= shelf.lot(need):
            return name
    return ""
