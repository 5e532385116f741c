"""The stages of one product's run (domain.md §6): keep, win, gain, improve, redistribute with fair share, fill, the rest.

`deal` serves the seats of one product and leaves on each what it got and why it got no more.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from inventory.rules.fair_share import Share, fair_share, scaled, unscaled
from inventory.rules.policy import Policy, Segment
from inventory.rules.shelf import Shelf, Takes, total_of
from inventory.rules.sourcing import Need
from inventory.states import FairWeight, Strategy

ZERO = Decimal(0)
STAGES = (Strategy.WIN, Strategy.GAIN, Strategy.IMPROVE, Strategy.REDISTRIBUTE, Strategy.FILL, Strategy.LOSE)
BLOCKED = len(STAGES)
ROUNDS = 20  # of fair share and of the sweep; each deals something or is the last
_STAGE = {strategy: n for n, strategy in enumerate(STAGES)}
DEALING = frozenset({Strategy.WIN, Strategy.GAIN, Strategy.IMPROVE, Strategy.REDISTRIBUTE})
KEEPING = frozenset({Strategy.GAIN, Strategy.IMPROVE, Strategy.SKIP})
LOCKABLE = frozenset({Strategy.IMPROVE, Strategy.REDISTRIBUTE, Strategy.FILL})
ENDING = frozenset({Strategy.FILL, Strategy.SKIP, Strategy.LOSE})  # these never get more than they held


@dataclass(slots=True)
class Seat:
    """A need while it is served. `held` is what it holds firmly now, `kept` what of that cannot be taken from it, `takes`
    what this run dealt it; both change by the methods only, which keep `got`, all it has, and `short`, what it lacks.
    """

    need: Need
    place: int
    segment: Segment
    key: tuple[Any, ...]
    strategy: Strategy
    is_locked: bool
    order: tuple[Any, ...]
    held: Takes
    ceiling: Decimal
    kept: Takes = field(default_factory=list)
    takes: Takes = field(default_factory=list)
    got: Decimal = ZERO
    short: Decimal = ZERO
    barred: str = ""
    stage: str = ""

    def __post_init__(self) -> None:
        self.short = self.ceiling

    def keep(self, takes: Takes) -> None:
        self.kept = takes
        self._count()

    def have(self, takes: Takes) -> None:
        """It was dealt these instead of those before."""
        self.takes = takes
        self._count()

    def _count(self) -> None:
        self.got = got = total_of(self.kept) + total_of(self.takes)
        self.short = self.ceiling - got if got < self.ceiling else ZERO

    @property
    def is_last(self) -> bool:
        """Blocked demands come after everyone, and what they are dealt they hold only softly."""
        return self.need.is_blocked and self.strategy in DEALING

    def again(self, held: Takes) -> "Seat":
        """The same seat before anything was dealt, where the need holds `held`."""
        return _seat(self.need, self.place, self.segment, self.key, self.is_locked, held, self.order)


def _seat(
    need: Need, place: int, segment: Segment, key: tuple[Any, ...], is_locked: bool, held: Takes,
    order: tuple[Any, ...],
) -> Seat:  # fmt: skip
    strategy = segment.strategy
    ceiling = need.qty
    if strategy in ENDING:
        ceiling = ZERO if strategy == Strategy.LOSE else min(need.qty, total_of(held))
    return Seat(need, place, segment, key, strategy, is_locked, order, held, ceiling)


def _order(need: Need, place: int, strategy: Strategy, key: tuple[Any, ...]) -> tuple[Any, ...]:
    if need.is_blocked and strategy in DEALING:
        return BLOCKED, place, key, need.demand_id
    return _STAGE.get(strategy, BLOCKED + 1), place, key, need.demand_id


def seats_of(needs: Iterable[Need], policy: Policy, today: date, keeps_held: bool = False) -> list[Seat]:
    """Classified by segment and sorted: by strategy, segment, its sort keys, then by age of the demand."""
    seats = []
    for need in needs:
        place, segment = policy.segment_of(need, today)
        is_locked = keeps_held or (segment.strategy in LOCKABLE and policy.is_locked(need, today))
        key = policy.sort_key(segment, need)
        order = _order(need, place, segment.strategy, key)
        seats.append(_seat(need, place, segment, key, is_locked, list(need.held), order))
    return sorted(seats, key=attrgetter("order"))


def deal(seats: Sequence[Seat], shelf: Shelf) -> None:
    """Serve the seats, in their order; `barred` ones keep what is theirs and get nothing."""
    _keep(seats, shelf)
    by_stage = {s: [x for x in seats if x.strategy == s and not x.is_last] for s in STAGES}
    _win(by_stage[Strategy.WIN], by_stage[Strategy.IMPROVE], shelf)
    _serve_classes(by_stage[Strategy.GAIN], shelf, "gain")
    _serve_classes(by_stage[Strategy.IMPROVE], shelf, "improve")
    _serve_classes(by_stage[Strategy.REDISTRIBUTE], shelf, "redistribute")
    _serve_all(by_stage[Strategy.FILL], shelf, "fill")
    _serve_all([s for s in seats if s.is_last], shelf, "blocked")
    sweep(seats, shelf)


def sweep(seats: Sequence[Seat], shelf: Shelf) -> None:
    """What is still usable goes to whoever may have it, in order: floors and shares may have left some."""
    for _ in range(ROUNDS):
        if shelf.is_empty() or not _serve_all([s for s in seats if s.short > 0], shelf, "sweep"):
            return


def _keep(seats: Sequence[Seat], shelf: Shelf) -> None:
    shelf.protect((seat.need, seat.ceiling) for seat in seats if seat.ceiling > 0 and not seat.barred)
    for seat in seats:
        if seat.is_locked or seat.strategy in KEEPING:
            seat.keep(shelf.keep(seat.need, seat.held))
            seat.stage = "keep" if seat.kept else ""
    shelf.settle()


def _win(winning: Sequence[Seat], improving: Sequence[Seat], shelf: Shelf) -> None:
    """In full from what is free; what is still missing, improving demands give up, the worst ranked first."""
    _serve_all(winning, shelf, "win")
    for seat in winning:
        for other in reversed(improving):
            if seat.short > 0 and other.kept and not other.is_locked and not seat.barred:
                before, held = seat.got, other.kept
                shelf.give_back(other.need, held)
                _serve(seat, shelf, seat.short, "win")
                other.keep(_left_of(other, held, seat.got - before, shelf))


def _left_of(other: Seat, held: Takes, taken: Decimal, shelf: Shelf) -> Takes:
    """It keeps what the win left where it was, and gives up the last of that where a win took of a ceiling they share."""
    kept = shelf.keep(other.need, held)
    is_shared = shelf.ceilings is not None or shelf.caps.is_any
    over = taken - (total_of(held) - total_of(kept)) if is_shared else ZERO
    while over > 0 and kept:
        balance_id, qty = kept.pop()
        shelf.give_back(other.need, [(balance_id, qty)])
        if qty > over:
            kept += shelf.keep(other.need, [(balance_id, qty - over)])
        over -= min(qty, over)
    return kept


def _serve_all(seats: Iterable[Seat], shelf: Shelf, stage: str) -> bool:
    """One after the other; whether anything was dealt."""
    is_dealt = False
    for seat in seats:
        if seat.short > 0 and not seat.barred:
            is_dealt |= _serve(seat, shelf, seat.short, stage)
    return is_dealt


def _serve(seat: Seat, shelf: Shelf, wanted: Decimal, stage: str) -> bool:
    """Whether it got something. Less in all than its minimum is given back at once."""
    takes = shelf.serve(seat.need, wanted)
    if not takes:
        return False
    if seat.got + total_of(takes) < min(seat.need.min_qty, seat.need.qty):
        shelf.give_back(seat.need, takes)
        return False
    seat.have(seat.takes + takes)
    seat.stage = stage
    return True


def _serve_classes(seats: Sequence[Seat], shelf: Shelf, stage: str) -> None:
    for (_, _, is_fair), some in groupby(seats, key=lambda s: (s.place, s.key, s.segment.is_fair)):
        members = list(some)
        if is_fair and len(members) > 1:
            _share(members, shelf)
        _serve_all(members, shelf, stage)


def _share(seats: Sequence[Seat], shelf: Shelf) -> None:
    """Fair shares of what the class can reach; what one could not place is shared again by the others."""
    dropped: set[int] = set()
    for _ in range(ROUNDS):
        waiting = [s for s in seats if s.short > 0 and not s.barred and s.need.demand_id not in dropped]
        reach = _reach(waiting, shelf)
        supply = max(reach.values(), default=ZERO)
        if supply <= 0:
            break
        dealt = fair_share([_ask(s, shelf, reach[s.need.demand_id]) for s in waiting], scaled(supply))
        dropped |= {waiting[n].need.demand_id for n in dealt.dropped}
        if not _place(waiting, dealt.got, shelf):
            break


def _place(seats: Sequence[Seat], got: Sequence[int], shelf: Shelf) -> bool:
    is_dealt = False
    for seat, qty in zip(seats, got, strict=True):
        if qty > 0:
            is_dealt |= _serve(seat, shelf, unscaled(qty), "fair share")
    return is_dealt


def _reach(seats: Iterable[Seat], shelf: Shelf) -> dict[int, Decimal]:
    """{demand: what it could take alone}: asked once for all that reach the same."""
    largest = sum(shelf.left.values(), ZERO)
    known: dict[object, Decimal] = {}
    found = {}
    for seat in seats:
        signature = shelf.signature(seat.need)
        if signature not in known:
            known[signature] = shelf.reach(seat.need, largest)
        found[seat.need.demand_id] = known[signature]
    return found


def _ask(seat: Seat, shelf: Shelf, reach: Decimal) -> Share:
    lot = scaled(shelf.lot(seat.need)) or 1
    got, minimum = seat.got, min(seat.need.min_qty, seat.need.qty)
    wanted = got + min(seat.short, reach)
    return Share(scaled(wanted), lot, scaled(_WEIGHTS[seat.segment.weight](seat)), scaled(minimum), base=scaled(got))


_WEIGHTS: dict[FairWeight, Callable[[Seat], Decimal]] = {
    FairWeight.DEMAND: lambda s: s.ceiling,
    FairWeight.EQUAL: lambda s: Decimal(1),
    FairWeight.HISTORY: lambda s: s.need.history_qty,
    FairWeight.TIER: lambda s: s.need.terms.fair_weight,
}


def bar(seats: Iterable[Seat], why: str) -> None:
    for seat in seats:
        seat.barred = why
