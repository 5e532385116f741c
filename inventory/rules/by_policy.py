"""Allocate by a policy: the stages of domain.md §6 over a snapshot of some products, every line of it explained."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import TypeVar

from inventory.rules.allocate import Decision, Plan, PlanLine, Verdict
from inventory.rules.borrow import Coming, Repeg, borrow
from inventory.rules.give_back import SHIP_COMPLETE, Table, settle_orders
from inventory.rules.policy import Policy
from inventory.rules.pools import OrderCap, Protection, Quota
from inventory.rules.shelf import Shelf, Takes, merged, total_of
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

    def by_product(self) -> dict[int, "Snapshot"]:
        """The part about each product somebody needs, made in one pass."""
        needs, supplies, coming = _by_product(self.needs), _by_product(self.supplies), _by_product(self.coming)
        floors, quotas, caps = _by_product(self.protections), _by_product(self.quotas), _by_product(self.caps)
        taken: dict[int, dict[tuple[str, int], Decimal]] = defaultdict(dict)
        for pair, qty in self.taken.items():
            taken[pair[1]][pair] = qty
        return {
            i: Snapshot(
                needs[i], supplies.get(i, ()), floors.get(i, ()), quotas.get(i, ()), coming.get(i, ()),
                caps.get(i, ()), taken.get(i, {}),
            )
            for i in sorted(needs)
        }  # fmt: skip


def moved_since(before: Snapshot, after: Snapshot) -> frozenset[int]:
    """The products of `after` that are not as they were, and those that share an order with them that is judged whole."""
    was, groups_of = before.by_product(), defaultdict(set)
    moved = set()
    for product_id, now in after.by_product().items():
        groups_of[product_id] = {n.group for n in now.needs if n.group}
        if not (product_id in was and _is_same(was[product_id], now)):
            moved.add(product_id)
            groups_of[product_id] |= {n.group for n in was[product_id].needs if n.group} if product_id in was else set()
    for product_id in was.keys() - groups_of.keys():
        groups_of[product_id] = {n.group for n in was[product_id].needs if n.group}
        moved.add(product_id)
    while joined := {
        i for i, groups in groups_of.items() if i not in moved and any(groups & groups_of[m] for m in moved)
    }:
        moved |= joined
    return frozenset(moved)


def _is_same(before: Snapshot, after: Snapshot) -> bool:
    """Whatever order the rows came in: two reads of the same rows need not agree on that."""
    return all(
        was == now or Counter(was) == Counter(now)
        for was, now in (
            (before.needs, after.needs), (before.supplies, after.supplies), (before.protections, after.protections),
            (before.quotas, after.quotas), (before.coming, after.coming), (before.caps, after.caps),
            (before.taken.items(), after.taken.items()),
        )
    )  # fmt: skip


def allocate_by(policy: Policy, snapshot: Snapshot, *, today: date, keeps_held: bool = False) -> Plan:
    """The plan of one policy for all products of the snapshot."""
    products = {n.product_id for n in snapshot.needs}
    return allocate_under(
        dict.fromkeys(products, policy), snapshot, today=today, keeps_held=products if keeps_held else ()
    )


def allocate_under(
    policies: Mapping[int, Policy], snapshot: Snapshot, *, today: date, keeps_held: Collection[int] = ()
) -> Plan:
    """The plan, each product by its policy: lines are all a demand has from now on (what it kept and what it was dealt),
    decisions say why.

    Products are planned each by itself, but for those that an order joins which is judged as a whole, whatever their
    policies: what a product is dealt does not depend on what else is in the run. Where that might matter (orders gave
    back, floors gave way late) a part is planned again as if its plan had been carried out, until that changes nothing:
    so that a second run finds nothing to do. Of the products `keeps_held`, whatever the strategies say, no demand loses
    what it holds firmly.
    """
    grounds = _grounds(policies, snapshot, today, keeps_held)
    dealt: dict[int, _Dealt] = {}
    is_settled = True
    for part in _parts(grounds):
        some, is_certain = _settled(part, today)
        dealt |= some
        is_settled &= is_certain
    ordered = [dealt[product_id] for product_id in grounds]
    return Plan(
        tuple(line for one in ordered for line in one.lines),
        tuple(d for one in ordered for d in _decisions(one.table, policies[one.table.product_id], _lent(one.pegs))),
        tuple(peg for one in ordered for peg in one.pegs),
        is_settled,
    )


@dataclass(frozen=True)
class _Ground:
    """One product before anything is dealt: its seats in order, and what its full shelf is made of."""

    product_id: int
    policy: Policy
    seats: list[Seat]
    full: Callable[[], Shelf]
    coming: Sequence[Coming]

    @property
    def groups(self) -> set[str]:
        return {seat.need.group for seat in self.seats if seat.need.group}

    def set_up(self, held: Mapping[int, Takes] | None) -> tuple[list[Seat], Shelf]:
        """`held`: what the demands hold, where that is no more what their needs say."""
        if held is None:
            return [seat.again(seat.held) for seat in self.seats], self.full()
        return [seat.again(held.get(seat.need.demand_id, [])) for seat in self.seats], self.full()


@dataclass(frozen=True)
class _Dealt:
    """One product after it was dealt."""

    table: Table
    lines: list[PlanLine]
    pegs: list[Repeg]
    is_unsure: bool

    @property
    def firm(self) -> dict[int, Takes]:
        found: dict[int, Takes] = defaultdict(list)
        for line in self.lines:
            if line.is_firm:
                found[line.demand_id].append((line.balance_id, line.qty))
        return found


def _grounds(
    policies: Mapping[int, Policy], snapshot: Snapshot, today: date, keeps_held: Collection[int]
) -> dict[int, _Ground]:
    needs, supplies, coming = _by_product(snapshot.needs), _by_product(snapshot.supplies), _by_product(snapshot.coming)
    protections, quotas = _by_product(snapshot.protections), _by_product(snapshot.quotas)
    caps = _by_product(snapshot.caps)
    taken: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for (order_key, product_id), qty in snapshot.taken.items():
        taken[product_id][order_key] = qty

    def full(product_id: int) -> Shelf:
        return Shelf(
            supplies.get(product_id, ()),
            today=today,
            protections=protections.get(product_id, ()),
            quotas=quotas.get(product_id, ()),
            caps=caps.get(product_id, ()),
            taken=taken[product_id],
            order_cap_percent=policies[product_id].order_cap_percent,
            uses_lots=policies[product_id].uses_lots,
        )

    return {
        i: _Ground(
            i, policies[i], seats_of(needs[i], policies[i], today, i in keeps_held), partial(full, i), coming.get(i, ())
        )
        for i in sorted(needs)
    }


def _passes(grounds: Iterable[_Ground]) -> int | None:
    """How often orders give back that the products join: as often as the most patient of their policies says."""
    return max((g.policy.passes for g in grounds if g.policy.passes is not None), default=None)


def _parts(grounds: Mapping[int, _Ground]) -> Iterable[list[_Ground]]:
    """The products that must be planned together: those some order needs all of."""
    if _passes(grounds.values()) is None:
        return [[ground] for ground in grounds.values()]
    part_of: dict[int, list[_Ground]] = {i: [ground] for i, ground in grounds.items()}
    first: dict[str, int] = {}
    for i, ground in grounds.items():
        for group in ground.groups:
            mine, other = part_of[i], part_of[first.setdefault(group, i)]
            if mine is not other:
                other += mine
                part_of |= {one.product_id: other for one in mine}
    return list({id(part): part for part in part_of.values()}.values())


def _settled(part: Sequence[_Ground], today: date) -> tuple[dict[int, _Dealt], bool]:
    """The plan that carrying it out does not change; (the last one tried, False) where there was none."""
    dealt = _once(part, today, None)
    if not any(one.is_unsure for one in dealt.values()):
        return dealt, True
    for _ in range(AGAIN):
        held = {i: takes for one in dealt.values() for i, takes in one.firm.items()}
        following = _once(part, today, held)
        if all(_amounts(following[i].lines) == _amounts(one.lines) for i, one in dealt.items()):
            return dealt, True
        dealt = following
    return dealt, False


def _once(part: Sequence[_Ground], today: date, held: Mapping[int, Takes] | None) -> dict[int, _Dealt]:
    tables = {g.product_id: Table.dealt(g.product_id, partial(g.set_up, held)) for g in sorted(part, key=_product)}
    passes = _passes(part)
    has_given_back = passes is not None and settle_orders(tables, passes)
    return {g.product_id: _dealt(tables[g.product_id], g.coming, g.policy, today, has_given_back) for g in part}


def _product(ground: _Ground) -> int:
    return ground.product_id


def _dealt(table: Table, coming: Iterable[Coming], policy: Policy, today: date, is_unsure: bool) -> _Dealt:
    pegs = borrow(table.seats, table.shelf, coming, policy, today)
    if pegs:
        sweep(table.seats, table.shelf)
    is_unsure = is_unsure or any(_may_move(seat) for seat in table.seats) or _is_lot_by_lot(table)
    return _Dealt(table, [line for seat in table.seats for line in _lines(seat)], pegs, is_unsure)


def _is_lot_by_lot(table: Table) -> bool:
    """Whether what some keep may leave others other lots: of floors kept by lot, or a percent of lots not all can use."""
    shelf = table.shelf
    if shelf.floors and shelf.floors.is_by_lot:
        return True
    if shelf.caps.percent is None or not shelf.has_expiry:
        return False
    orders = [seat.need.order_key for seat in table.seats if seat.need.order_key]
    return len(set(orders)) < len(orders)


def _may_move(seat: Seat) -> bool:
    """Whether a second run might find it elsewhere: floors gave way late, its share is locked from now on, or a win took
    what it held."""
    is_lockable = seat.is_locked and seat.strategy in LOCKABLE
    gave_way = seat.strategy == Strategy.IMPROVE and total_of(seat.kept) < total_of(seat.held)
    return seat.stage == "sweep" or gave_way or (is_lockable and seat.segment.is_fair and bool(seat.takes))


def _amounts(lines: Iterable[PlanLine]) -> dict[tuple[int, int, bool], Decimal]:
    return {(line.demand_id, line.balance_id, line.is_firm): line.qty for line in lines}


T = TypeVar("T", Need, Supply, Protection, Quota, OrderCap, Coming)


def _by_product(some: Iterable[T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for one in some:
        found[one.product_id].append(one)
    return found


def _lines(seat: Seat) -> Iterable[PlanLine]:
    """What it keeps is firm whatever happened to it; a blocked or soft demand holds the rest only softly."""
    firm, soft = (seat.kept, seat.takes) if seat.is_last or seat.need.is_soft_only else ([*seat.kept, *seat.takes], [])
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
    name, count = f"{policy.code} v{policy.version}", len(seats)
    kept_from = cache(shelf.floors.kept_from) if shelf.floors else None
    for position, seat in enumerate(seats, start=1):
        got, need = seat.got, seat.need
        is_short = got < need.qty
        unusable = ZERO if is_empty or not is_short else shelf.unusable_left(need)
        protected = tuple(kept_from(need.account_id)) if is_short and kept_from else ()
        verdict = Verdict(
            name, seat.segment.name, str(seat.strategy), seat.stage, seat.segment.rule_for(need), need.held_qty,
            lent.get(need.demand_id, ZERO), protected, barred_by(seat, shelf) if is_short else "",
            seat.strategy == Strategy.WIN and is_short,
        )  # fmt: skip
        sites = _sites(seat, shelf)
        yield Decision(need, position, count, got, taken, ahead_id, sites, unusable, verdict=verdict)
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
    if shelf.is_capped(need):
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
