"""Stock of products with pools dealt to needs in rank order: nobody takes what is kept for others, passes a ceiling, or
has one order take more than its cap. What held a need back is told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from core.explain import Loser
from core.quantity import plain
from inventory.rules.allocate import Decision, Plan, PlanLine, rank
from inventory.rules.order_share import OrderShare
from inventory.rules.pool_book import PoolBook
from inventory.rules.pools import Protection
from inventory.rules.sourcing import Need, Supply, general_order, in_turn, is_usable

ZERO = Decimal(0)


class Claimant(NamedTuple):
    """Whose need it is, and the document that one order's cap counts by."""

    account_id: int | None
    document: tuple[str, int]


@dataclass
class PoolDeal:
    """A deal of `products` under their pools. `taken`: {(document, product): what the document has already}; `taken_at`
    the same by site, of what a run would deal again, for the `shares` of a site that one order may take."""

    products: frozenset[int]
    book: PoolBook
    whose: Mapping[int, Claimant]
    taken: dict[tuple[tuple[str, int], int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    shares: Mapping[int, OrderShare] = field(default_factory=dict)
    taken_at: dict[tuple[tuple[str, int], int, int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _shared_out: set[int] = field(default_factory=set)  # needs that a share kept from more
    limits: dict[int, tuple[Loser, ...]] = field(default_factory=dict)

    def deal(self, needs: Iterable[Need], supplies: Iterable[Supply], *, today: date) -> Plan:
        """The same plan as `allocate` makes, within what each need's account may take. `limits` says what held back."""
        stocked: dict[int, list[Supply]] = defaultdict(list)
        for supply in general_order(s for s in supplies if s.qty > 0):
            stocked[supply.product_id].append(supply)
        wanted: dict[int, list[Need]] = defaultdict(list)
        for need in needs:
            wanted[need.product_id].append(need)
        lines: list[PlanLine] = []
        decisions: list[Decision] = []
        for product_id in sorted(wanted):
            self._deal(sorted(wanted[product_id], key=rank), stocked[product_id], today, lines, decisions)
        return Plan(tuple(lines), tuple(decisions))

    def _deal(
        self, needs: list[Need], supplies: list[Supply], today: date, lines: list[PlanLine], decisions: list[Decision]
    ) -> None:
        left = {s.balance_id: s.qty for s in supplies}
        ahead_qty, ahead_id = ZERO, None
        for position, need in enumerate(needs, start=1):
            got, sites, unusable = self._serve(need, supplies, left, today, lines)
            decisions.append(Decision(need, position, len(needs), got, ahead_qty, ahead_id, tuple(sites), unusable))
            if got < need.qty and (limits := self._limits(need, got, sum(left.values(), ZERO))):
                self.limits[need.demand_id] = limits
            if got:
                ahead_qty, ahead_id = ahead_qty + got, need.demand_id

    def _serve(
        self, need: Need, supplies: list[Supply], left: dict[int, Decimal], today: date, lines: list[PlanLine]
    ) -> tuple[Decimal, list[str], Decimal]:
        account_id, document = self.whose[need.demand_id]
        mine = (document, need.product_id)
        asked = min(need.qty, max(ZERO, self.book.cap(account_id, need.product_id) - self.taken[mine]))
        wanted, sites, unusable = asked, list[str](), ZERO
        for supply in in_turn(supplies, need):
            if wanted <= 0:
                break
            if not is_usable(supply, need, today):
                unusable += left[supply.balance_id]
                continue
            qty = min(wanted, left[supply.balance_id])
            if supply.is_general:
                qty = min(qty, self.book.room(account_id, need.product_id, supply.site_id))
                qty = self._within_share(qty, need, supply.site_id, today)
                self.book.take(account_id, need.product_id, supply.site_id, qty)
            if qty <= 0:
                continue
            left[supply.balance_id] -= qty
            self.taken[mine] += qty
            self.taken_at[document, need.product_id, supply.site_id] += qty
            wanted -= qty
            lines.append(PlanLine(need.demand_id, supply.balance_id, qty, need.gets_firm))
            if supply.site_code and supply.site_code not in sites:
                sites.append(supply.site_code)
        return asked - wanted, sites, unusable

    def _within_share(self, qty: Decimal, need: Need, site_id: int, today: date) -> Decimal:
        """What of it the percent of its policy leaves the order at the site."""
        share = self.shares.get(need.product_id)
        if share is None:
            return qty
        taken = self.taken_at[self.whose[need.demand_id].document, need.product_id, site_id]
        most = max(ZERO, share.at(need, site_id, today) - taken)
        if most < qty:
            self._shared_out.add(need.demand_id)
        return min(qty, most)

    def _limits(self, need: Need, got: Decimal, free: Decimal) -> tuple[Loser, ...]:
        account_id, document = self.whose[need.demand_id]
        found = []
        cap = self.book.cap(account_id, need.product_id)
        if self.taken[document, need.product_id] >= cap:
            found.append(Loser(f"more than {plain(cap)}", "one order takes no more of it"))
        if need.demand_id in self._shared_out:
            percent = plain(self.shares[need.product_id].percent)
            found.append(Loser("more", f"one order takes at most {percent} % of what a site has of it"))
        quota = self.book.used_up(account_id, need.product_id)
        if quota is not None:
            found.append(Loser("more", f"the quota {quota.name} is used up"))
        if free > 0 and not found:
            kept = self.book.kept_for_others(account_id, need.product_id)
            found += [Loser(f"{plain(min(qty, free))} in stock", f"protected for {until(p)}") for p, qty in kept[:3]]
            safe = self.book.safety_from(account_id, need.product_id)
            if safe > 0:
                found.append(Loser(f"{plain(min(safe, free))} in stock", "safety stock"))
        return tuple(found)


def until(p: Protection) -> str:
    """ "GPO North until 30 Nov"."""
    return p.name if p.until is None else f"{p.name} until {last_day(p.until)}"


def last_day(end: date) -> str:
    """The last day of what ends before `end`: "30 Nov"."""
    last = end - timedelta(days=1)
    return f"{last.day} {last:%b}"
