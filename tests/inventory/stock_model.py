"""Stock as one would keep it on paper: cells of goods, claims in the order they were made, and nothing else.

What the services must agree with after any order of events. It is slow, has no locks, and plans nothing ahead.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

ZERO = Decimal(0)
SOFT, HARD, RELEASED, PICKED = "soft", "hard", "released", "picked"


@dataclass(eq=False)
class Place:
    rank: int
    id: int
    transit_days: int


@dataclass(eq=False)
class Cell:
    """Goods of one product at one site and of one lot; `short` are those a picker did not find."""

    product: int
    site: Place
    expiry: date | None
    on_hand: Decimal = ZERO
    short: Decimal = ZERO
    balance_id: int = 0


@dataclass(eq=False)
class Need:
    id: int
    product: int
    ordered: Decimal
    tier: int
    opened_at: datetime
    requested: date
    site_id: int | None = None
    shelf_life: int = 0
    is_blocked: bool = False
    cancelled: Decimal = ZERO
    shipped: Decimal = ZERO

    @property
    def rank(self):
        return (self.is_blocked, self.tier, self.requested, self.opened_at, self.id)


@dataclass(eq=False)
class Hold:
    need: Need
    cell: Cell
    kind: str
    qty: Decimal
    expires_at: datetime | None = None


@dataclass
class StockModel:
    today: date
    cells: list[Cell] = field(default_factory=list)
    needs: dict[int, Need] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)

    # what it says

    def held(self, need: Need, *kinds: str) -> Decimal:
        return sum((h.qty for h in self.holds if h.need is need and (not kinds or h.kind in kinds)), ZERO)

    def backordered(self, need: Need) -> Decimal:
        return need.ordered - need.cancelled - need.shipped - self.held(need)

    def cancellable(self, need: Need) -> Decimal:
        return self.backordered(need) + self.held(need, SOFT, HARD)

    def claimed(self, cell: Cell, *kinds: str) -> Decimal:
        return sum((h.qty for h in self.holds if h.cell is cell and (not kinds or h.kind in kinds)), ZERO)

    def free(self, cell: Cell) -> Decimal:
        return cell.on_hand - self.claimed(cell)

    def buckets(self, need: Need) -> tuple[Decimal, ...]:
        kinds = (self.held(need, kind) for kind in (SOFT, HARD, RELEASED, PICKED))
        return (need.cancelled, self.backordered(need), *kinds, need.shipped)

    def available(self, product: int, now: datetime, shelf_life: int, delivery: date) -> Decimal:
        """What could be had now: free, or held by what has run out, swept or not."""
        return sum(
            (
                self.free(cell) + sum((h.qty for h in self.run_out(now) if h.cell is cell), ZERO)
                for cell in self.cells
                if cell.product == product and self._lives(cell, shelf_life, delivery)
            ),
            ZERO,
        )

    def run_out(self, now: datetime) -> list[Hold]:
        return [h for h in self.holds if h.kind == SOFT and h.expires_at is not None and h.expires_at <= now]

    # what happens

    def expire(self, now: datetime, products: set[int] | None = None) -> None:
        for hold in self.run_out(now):
            if products is None or hold.need.product in products:
                self.holds.remove(hold)

    def reserve(self, needs: list[Need], now: datetime, expires_at: datetime | None) -> None:
        self.expire(now, {n.product for n in needs})
        for hold in self.holds:
            if hold.need in needs and hold.kind == SOFT:
                hold.expires_at = expires_at
        for need in sorted(set(needs), key=lambda n: n.rank):
            self._serve(need, self.backordered(need), SOFT, expires_at, join=(SOFT,))

    def allocate(self, product: int, now: datetime) -> None:
        self.expire(now, {product})
        temporary = {h.need for h in self.holds if h.kind == SOFT and h.expires_at is not None}
        dealt = [h for h in self.holds if h.kind == SOFT and h.expires_at is None and h.need.product == product]
        wanting = [n for n in self.needs.values() if n.product == product and n not in temporary]
        wanted = {n: self.backordered(n) + sum((h.qty for h in dealt if h.need is n), ZERO) for n in wanting}
        for hold in dealt:
            hold.qty = ZERO  # its place among the claims is kept: a claim that goes on is still the older one
        for need in sorted((n for n in wanting if wanted[n] > 0), key=lambda n: n.rank):
            kind = SOFT if need.is_blocked else HARD
            self._serve(need, wanted[need], kind, None, join=(HARD, SOFT) if kind == HARD else (SOFT,))
        self.holds = [h for h in self.holds if h.qty > 0]

    def cancel(self, need: Need, qty: Decimal) -> None:
        free = qty - min(qty, self.backordered(need))
        for kind in (SOFT, HARD):
            for hold in [h for h in reversed(self.holds) if h.need is need and h.kind == kind]:
                part = min(free, hold.qty)
                hold.qty, free = hold.qty - part, free - part
        self.holds = [h for h in self.holds if h.qty > 0]
        need.cancelled += qty

    def amend(self, need: Need, more: Decimal, day: date, given: Need, less: Decimal, now: datetime) -> None:
        """More of one and less of another of the same document; what was cancelled comes back before more is ordered,
        and what is too old by the new day goes back."""
        self.expire(now, {need.product, given.product})
        self.cancel(given, less)
        back = min(more, need.cancelled)
        need.cancelled, need.ordered, need.requested = need.cancelled - back, need.ordered + more - back, day
        too_old = [h for h in self.holds if h.need is need and not self._lives(h.cell, need.shelf_life, day)]
        self.holds = [h for h in self.holds if h not in too_old or h.kind in (RELEASED, PICKED)]
        self.reserve([need], now, None)

    def release(self, need: Need) -> None:
        for hold in self.holds:
            if hold.need is need and hold.kind == HARD:
                hold.kind = RELEASED

    def pick(self, hold: Hold, qty: Decimal) -> None:
        missing = hold.qty - qty
        hold.cell.on_hand -= missing
        hold.cell.short += missing
        hold.qty, hold.kind = qty, PICKED
        self.holds = [h for h in self.holds if h.qty > 0]

    def lose(self, cell: Cell, qty: Decimal) -> None:
        """Claims give way where nothing is free: soft ones first, of a kind whoever would be served last."""
        missing = qty - self.free(cell)
        for kind in (SOFT, HARD):
            claims = [h for h in self.holds if h.cell is cell and h.kind == kind]
            for hold in sorted(claims, key=lambda h: h.need.rank, reverse=True):
                part = max(min(missing, hold.qty), ZERO)
                hold.qty, missing = hold.qty - part, missing - part
        self.holds = [h for h in self.holds if h.qty > 0]
        cell.on_hand -= qty

    def ship(self, hold: Hold) -> None:
        self.holds.remove(hold)
        hold.cell.on_hand -= hold.qty
        hold.need.shipped += hold.qty

    # how it deals

    def _serve(
        self, need: Need, wanted: Decimal, kind: str, expires_at: datetime | None, *, join: tuple[str, ...]
    ) -> None:
        for cell in self._in_turn(need):
            qty = min(wanted, self.free(cell))
            if qty <= 0:
                continue
            wanted -= qty
            self._take(need, cell, kind, qty, expires_at, join)

    def _take(
        self, need: Need, cell: Cell, kind: str, qty: Decimal, expires_at: datetime | None, join: tuple[str, ...]
    ) -> None:
        """Onto a claim it has there already, the first kind that may be joined; else a new one."""
        for joined in join:
            for hold in self.holds:
                if hold.need is need and hold.cell is cell and hold.kind == joined:
                    hold.qty, hold.kind = hold.qty + qty, kind
                    return
        self.holds.append(Hold(need, cell, kind, qty, expires_at))

    def _in_turn(self, need: Need) -> list[Cell]:
        usable = [
            c for c in self.cells if c.product == need.product and self._lives(c, need.shelf_life, need.requested)
        ]
        return sorted(
            usable,
            key=lambda c: (c.site.id != need.site_id, c.site.rank, c.site.id, c.expiry or date.max, c.balance_id),
        )

    def _lives(self, cell: Cell, shelf_life: int, requested: date) -> bool:
        delivery = max(requested, self.today + timedelta(days=cell.site.transit_days))
        return cell.expiry is None or cell.expiry >= delivery + timedelta(days=shelf_life)
