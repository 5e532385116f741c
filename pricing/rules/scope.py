"""Whom a list, a contract or an adjustment is for, and on which days."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from pricing.states import DatePolicy

Span = tuple[date, date | None]  # [first day, first day without it); None: no end
T = TypeVar("T")
ALWAYS: Span = (date.min, None)


class Whom(NamedTuple):
    """Who a price is for: None is everybody. An account's may cover the accounts below it."""

    account_id: int | None = None
    group_id: int | None = None
    territory_id: int | None = None
    covers_children: bool = False


class Buyer(NamedTuple):
    """The account that is priced: those above it, the nearest first, and the groups it is a member of with their spans."""

    account_id: int
    territory_id: int | None = None
    above: tuple[int, ...] = ()
    memberships: Mapping[int, Sequence[Span]] = {}


class Activation(NamedTuple):
    """A member's tier of a group's contract over a span."""

    account_id: int
    tier: str
    span: Span


def holds_on(span: Span, on: date) -> bool:
    start, end = span
    return start <= on and (end is None or on < end)


def why_not_for(whom: Whom | None, buyer: Buyer, on: date) -> str:
    """Nothing where the buyer is meant on that day, else the reason it is not."""
    if whom is None:
        return ""
    if whom.account_id is not None and whom.account_id != buyer.account_id:
        if whom.account_id not in buyer.above:
            return "is another customer's"
        if not whom.covers_children:
            return "is the parent's alone"
    if whom.group_id is not None and not _is_member(whom.group_id, buyer, on):
        return f"is a group's the customer is no member of on {on}"
    if whom.territory_id is not None and whom.territory_id != buyer.territory_id:
        return "is another territory's"
    return ""


def _is_member(group_id: int, buyer: Buyer, on: date) -> bool:
    return any(holds_on(span, on) for span in buyer.memberships.get(group_id, ()))


def distance(whom: Whom | None, buyer: Buyer) -> int:
    """How far above the buyer the account stands whose price it is: 0 is its own, 1 its parent's."""
    if whom is None or whom.account_id is None or whom.account_id == buyer.account_id:
        return 0
    return buyer.above.index(whom.account_id) + 1 if whom.account_id in buyer.above else 0


def nearest_terms(terms: Sequence[tuple[Whom, T]], buyer: Buyer, on: date) -> T | None:
    """What is agreed in the buyer's own contract, else the nearest parent's that covers it, else its groups'; of several
    equally near the first as given."""
    mine = [(whom, said) for whom, said in terms if not why_not_for(whom, buyer, on)]
    return min(mine, key=lambda found: _nearness(found[0], buyer))[1] if mine else None


def late_penalty(terms: Sequence[tuple[Whom, Decimal]], buyer: Buyer, on: date) -> Decimal:
    """By the nearest contract; the dearest of several."""
    dearest_first = sorted(terms, key=lambda found: -found[1])
    return nearest_terms(dearest_first, buyer, on) or Decimal(0)


def _nearness(whom: Whom, buyer: Buyer) -> int:
    return distance(whom, buyer) if whom.account_id is not None else len(buyer.above) + 1


def tier_on(activations: Sequence[Activation], account_id: int, on: date) -> str | None:
    """The tier activated for the account on that day; None: no activation."""
    return next((a.tier for a in activations if a.account_id == account_id and holds_on(a.span, on)), None)


def pricing_day(policy: str, ordered: date, shipped: date | None) -> date:
    """The day a source's prices are looked up for."""
    if shipped is None or policy == DatePolicy.ORDER:
        return ordered
    return shipped if policy == DatePolicy.SHIP else min(ordered, shipped)
