"""Borrow from later demands outside their lock window (domain.md §6, stage 11): they wait for supply that is in time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from inventory.rules.policy import Policy
from inventory.rules.shelf import Shelf, total_of
from inventory.rules.strategies import DEALING, Seat
from inventory.states import Strategy

ZERO = Decimal(0)
LENDERS = frozenset({Strategy.IMPROVE, Strategy.REDISTRIBUTE})


@dataclass(frozen=True)
class Coming:
    """Inbound supply nobody else rests on: `qty` that can be at the customer's on `delivery_date`."""

    inbound_id: int
    product_id: int
    delivery_date: date
    qty: Decimal


@dataclass(frozen=True)
class Repeg:
    """`qty` of a lender now rests on the inbound supply; `borrower_id` has its stock."""

    demand_id: int
    inbound_id: int
    qty: Decimal
    borrower_id: int


def borrow(seats: Sequence[Seat], shelf: Shelf, coming: Iterable[Coming], policy: Policy, today: date) -> list[Repeg]:
    """Earlier demands that are short take from later ones that hold, worst ranked lender first."""
    if policy.borrow_after_days is None:
        return []
    room = {c: c.qty for c in sorted(coming, key=lambda c: (c.delivery_date, c.inbound_id))}
    lenders = [s for s in reversed(seats) if _may_lend(s, policy, today)]
    found: list[Repeg] = []
    for seat in seats:
        if not any(room.values()) or not lenders:
            break
        if seat.short > 0 and not seat.barred and not seat.is_last and seat.strategy in DEALING:
            found += _borrow(seat, [x for x in lenders if x.takes], room, shelf)
    return found


def _may_lend(seat: Seat, policy: Policy, today: date) -> bool:
    after = today + timedelta(days=policy.borrow_after_days or 0)
    return (
        seat.strategy in LENDERS
        and bool(seat.takes)
        and seat.need.requested_date > after
        and not seat.need.group
        and not seat.need.min_qty
        and not policy.is_locked(seat.need, today)
    )


def _borrow(seat: Seat, lenders: Iterable[Seat], room: dict[Coming, Decimal], shelf: Shelf) -> list[Repeg]:
    found: list[Repeg] = []
    for lender in lenders:
        if seat.short <= 0:
            break
        if lender.need.requested_date > seat.need.requested_date and lender is not seat:
            found += _lend(seat, lender, room, shelf)
    return found


def _lend(seat: Seat, lender: Seat, room: dict[Coming, Decimal], shelf: Shelf) -> list[Repeg]:
    """Hand over what the borrower may take; undone if it may not take it after all."""
    in_time = [c for c, qty in room.items() if qty > 0 and c.delivery_date <= lender.need.requested_date]
    wanted = min(seat.short, total_of(lender.takes), sum((room[c] for c in in_time), ZERO))
    if lot := shelf.lot(seat.need):
        wanted = wanted // lot * lot
    if wanted <= 0:
        return []
    shelf.give_back(lender.need, lender.takes)
    takes = shelf.serve(seat.need, wanted)
    rest = total_of(lender.takes) - total_of(takes)
    kept = shelf.serve(lender.need, rest)
    if total_of(kept) < rest or not takes or seat.got + total_of(takes) < min(seat.need.min_qty, seat.need.qty):
        shelf.give_back(lender.need, kept)
        shelf.give_back(seat.need, takes)
        lender.have(shelf.keep(lender.need, lender.takes))
        return []
    seat.have(seat.takes + takes)
    lender.have(kept)
    seat.stage, lender.barred = "borrow", "lent"
    return _repeg(seat, lender, total_of(takes), in_time, room)


def _repeg(
    seat: Seat, lender: Seat, qty: Decimal, in_time: Sequence[Coming], room: dict[Coming, Decimal]
) -> list[Repeg]:
    found = []
    for supply in in_time:
        part = min(qty, room[supply])
        if part > 0:
            room[supply] -= part
            qty -= part
            found.append(Repeg(lender.need.demand_id, supply.inbound_id, part, seat.need.demand_id))
    return found
