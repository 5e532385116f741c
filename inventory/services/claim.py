"""Claims on stock: the one guarded statement, and the ledger that keeps demands, claims and balances in step.

Internal to the room: the verbs beside it lock demands, change a `Ledger` in memory, settle its balances with one
statement (the last contended stock write, rank 60) and let `record` write the rest.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import NamedTuple

from core import locks, sql, writers
from core.errors import Refused
from core.uow import require_uow
from inventory.locks import LockedDemand
from inventory.states import ClaimEnd, ClaimKind

ZERO = Decimal(0)
COLUMN = {
    ClaimKind.SOFT: "reserved_qty",
    ClaimKind.HARD: "allocated_qty",
    ClaimKind.RELEASED: "released_qty",
    ClaimKind.PICKED: "picked_qty",
}
BALANCE_COLUMNS = ("on_hand_qty", *COLUMN.values())
DEMAND_COLUMNS = ("ordered_qty", "cancelled_qty", "backordered_qty", *COLUMN.values(), "shipped_qty")

REFUSED_BY = ("never_claim_more_than_on_hand", "claims_on_a_balance_are_not_negative")


@lru_cache(maxsize=200)
def shifting(columns: tuple[str, ...], *, is_guarded: bool) -> str:
    """The parts of a statement that lock the balances in order and add to their columns. Of what goes with the commit
    nothing is guarded: what the guard would only leave out, the constraints refuse as an error (REFUSED_BY)."""
    rows = sql.side_by_side("shift", id="bigint", **dict.fromkeys(columns, "numeric"))
    return f"""asked AS {rows},
locked AS MATERIALIZED (
    SELECT a.* FROM inventory_stockbalance b JOIN asked a ON a.id = b.id
    WHERE {writers.MARKED} ORDER BY b.id FOR NO KEY UPDATE OF b
), granted AS (
    UPDATE inventory_stockbalance b SET {", ".join(f"{c} = b.{c} + l.{c}" for c in columns)}
    FROM locked l
    WHERE b.id = l.id{_fits(columns) if is_guarded else ""}
    RETURNING b.id)"""


@lru_cache(maxsize=200)
def shifting_one(columns: tuple[str, ...]) -> str:
    """The same for one balance, of plain parameters and with the commit: nothing is to be put in order, so that the update
    itself is the lock, and what it adds to is the row as whoever held it before left it."""
    changes = ", ".join(f"{c} = {c} + %(shift_{c})s::numeric" for c in columns)
    one = f"id = %(shift_id)s::bigint AND {writers.MARKED}"
    return f"granted AS (UPDATE inventory_stockbalance SET {changes} WHERE {one})"


def _fits(columns: Collection[str]) -> str:
    claims = [c for c in columns if c != "on_hand_qty"]
    more = " + ".join(f"l.{c}" for c in claims) or "0"
    less = " - l.on_hand_qty" if "on_hand_qty" in columns else ""
    none_below_zero = "".join(f" AND b.{c} + l.{c} >= 0" for c in claims)
    free = "b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty"
    return f"\n      AND {free} >= {more}{less}{none_below_zero}"


class StockDisagrees(Refused):
    """A balance does not hold what its claims say. Nothing is changed; the invariant checker names the rows."""

    template = "The stock balances {balance_ids} do not hold what is claimed on them."
    remedy_template = "Run check_invariants and correct the stock before repeating this."


@dataclass
class Held:
    """A claim as it is being changed. `id` is None until it is recorded; `ended` is empty while it is open."""

    id: int | None
    demand_id: int
    balance_id: int
    kind: ClaimKind
    qty: Decimal
    site_id: int
    product_id: int
    lot_id: int | None = None
    expires_at: datetime | None = None
    ended: str = ""
    is_changed: bool = False
    unsettled: Decimal = ZERO  # growth the balance has not granted yet


Shifts = Mapping[int, Mapping[str, Decimal]]


@require_uow
def shift_balances(shifts: Shifts) -> set[int]:
    """Add the deltas (column → qty) to the balances and return the ids that refused: too little was free.

    One statement: it locks in id order and carries the guard in its WHERE, so that two claims on the last unit
    cannot both pass whatever was read before (reliability.md, "Transactions and locks" rule 3).
    """
    pending = shifts_of(shifts)
    if not pending.ids:
        return set()
    text = f"WITH {shifting(pending.columns, is_guarded=True)} SELECT id FROM granted"
    parameters = {
        "shift_id": pending.ids,
        **{f"shift_{c}": by for c, by in zip(pending.columns, pending.by, strict=True)},
    }
    granted = {balance_id for (balance_id,) in sql.rows(text, parameters)}
    return set(pending.ids) - granted


class Deltas(NamedTuple):
    """Rows of which columns grow or shrink: their ids in order, the columns that do on any of them, and by how much each,
    a list a column."""

    ids: list[int]
    columns: tuple[str, ...]
    by: list[list[Decimal]]

    @classmethod
    def of(cls, changes: Shifts, columns: Sequence[str]) -> "Deltas":
        """What changes nothing is left out; the columns come in the order of `columns`."""
        rows = [(i, delta) for i, delta in sorted(changes.items()) if any(delta.values())]
        changed = {column for _, delta in rows for column, qty in delta.items() if qty}
        used = tuple([c for c in columns if c in changed])
        return cls([i for i, _ in rows], used, [[delta.get(c, ZERO) for _, delta in rows] for c in used])


def shifts_of(shifts: Shifts) -> Deltas:
    """The balances that shift, for the guarded statement. The ladder hears of the locks it will take."""
    pending = Deltas.of(shifts, BALANCE_COLUMNS)
    if pending.ids:
        locks.climb(locks.Rank.BALANCE, pending.ids, table="inventory_stockbalance")
    return pending


def _no_deltas() -> dict[int, dict[str, Decimal]]:
    """{id: {column: by how much}}, of whatever is named."""
    return defaultdict(partial(defaultdict, Decimal))


@dataclass
class Ledger:
    """Locked demands with their open claims. Every change moves a unit in the demand, the claim and the balance
    at once, so the three cannot part.
    """

    demands: Mapping[int, LockedDemand]
    held: list[Held] = field(default_factory=list)
    shifts: dict[int, dict[str, Decimal]] = field(default_factory=_no_deltas)
    moved: dict[int, dict[str, Decimal]] = field(default_factory=_no_deltas)

    def claim(
        self, demand_id: int, balance_id: int, kind: ClaimKind, qty: Decimal, *, site_id: int,
        expires_at: datetime | None = None, lot_id: int | None = None,
    ) -> None:  # fmt: skip
        """Hold `qty` of what is backordered."""
        product_id = self.demands[demand_id].product_id
        held = Held(None, demand_id, balance_id, kind, qty, site_id, product_id, lot_id, expires_at)
        held.unsettled = qty
        self.held.append(held)
        self._add(held, COLUMN[kind], qty, counterpart="backordered_qty")

    def resize(self, held: Held, qty: Decimal) -> None:
        """Hold `qty` instead; the difference comes from backordered, or goes where freed units go."""
        grown = qty - held.qty
        counterpart = "backordered_qty" if grown > 0 else self.demands[held.demand_id].where_freed
        self._add(held, COLUMN[held.kind], grown, counterpart=counterpart)
        held.qty, held.is_changed = qty, True
        held.unsettled = max(ZERO, held.unsettled + grown)

    def hold_more(self, held: Held, qty: Decimal) -> None:
        """`qty` more on the same balance. A claim that was let go in this call is taken up again: there is one a demand,
        balance and kind, and what was let go is not written yet."""
        if held.ended:
            held.ended, held.qty = "", ZERO
        self.resize(held, held.qty + qty)

    def standing(self, kind: ClaimKind) -> dict[tuple[int, int], Held]:
        """{(demand, balance): its claim of that kind}, with those let go in this call."""
        return {
            (h.demand_id, h.balance_id): h
            for h in self.held
            if h.kind == kind and (not h.ended or (h.ended == ClaimEnd.FREED and h.id is not None))
        }

    def convert(self, held: Held, kind: ClaimKind) -> None:
        """The same units in the next stage (hard → released → picked), no longer expiring."""
        self._add(held, COLUMN[held.kind], -held.qty, counterpart=COLUMN[kind])
        self.shifts[held.balance_id][COLUMN[kind]] += held.qty
        held.kind, held.expires_at, held.is_changed = kind, None, True

    def end(self, held: Held, ended: ClaimEnd, *, to: str = "") -> None:
        """Close the claim; its units go to the bucket `to` of the demand, or where its freed units go."""
        self._add(held, COLUMN[held.kind], -held.qty, counterpart=to or self.demands[held.demand_id].where_freed)
        held.ended, held.is_changed = ended, True

    def split_off(self, held: Held, qty: Decimal, ended: ClaimEnd, *, to: str = "") -> None:
        """End `qty` of the claim (less than all of it); the part is kept as a closed claim of its own."""
        part = Held(None, held.demand_id, held.balance_id, held.kind, qty, held.site_id, held.product_id, held.lot_id)
        self.held.append(part)
        held.qty, held.is_changed = held.qty - qty, True
        self.end(part, ended, to=to)

    def shift(self, balance_id: int, column: str, qty: Decimal) -> None:
        """Move the balance alone (goods that leave or arrive); the caller writes the movement."""
        self.shifts[balance_id][column] += qty

    def put(self, demand_id: int, source: str, target: str, qty: Decimal) -> None:
        """Move units of a demand that no claim holds (backordered → cancelled)."""
        self._bucket(demand_id, source, -qty)
        self._bucket(demand_id, target, qty)

    def grow(self, demand_id: int, qty: Decimal) -> None:
        """More is ordered, and waits."""
        self._bucket(demand_id, "ordered_qty", qty)
        self._bucket(demand_id, "backordered_qty", qty)

    def settle(self) -> set[int]:
        """Run the guarded statement on what is pending; growth on balances that refused is undone.

        What those balances get back (claims that ended) stays pending: settle again, or `settle_all`.
        """
        refused = shift_balances(self.shifts)
        self.settled(refused)
        return refused

    def settled(self, refused: set[int]) -> None:
        """The guarded statement has run, and these balances refused."""
        for held in [h for h in self.held if h.unsettled]:
            if held.balance_id in refused:
                self._undo(held)
            held.unsettled = ZERO
        for balance_id in set(self.shifts) - refused:
            del self.shifts[balance_id]

    def settle_all(self) -> None:
        """Settle what must fit, because its rows are locked or only change stage. Raises StockDisagrees."""
        if refused := shift_balances(self.shifts):
            raise StockDisagrees(balance_ids=sorted(refused))
        self.shifts.clear()

    def _undo(self, held: Held) -> None:
        self._add(held, COLUMN[held.kind], -held.unsettled, counterpart="backordered_qty")
        held.qty -= held.unsettled
        if held.qty == 0:
            self.held.remove(held)

    def open_claims(self, *kinds: ClaimKind) -> list[Held]:
        return [h for h in self.held if not h.ended and (not kinds or h.kind in kinds)]

    def stock_by_site(self) -> dict[int, dict[int, Decimal]]:
        """{demand_id: {site_id: claimed qty}} as it stands now."""
        found: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for held in self.open_claims():
            found[held.demand_id][held.site_id] += held.qty
        return found

    def _add(self, held: Held, column: str, qty: Decimal, *, counterpart: str) -> None:
        self.shifts[held.balance_id][column] += qty
        self._bucket(held.demand_id, column, qty)
        self._bucket(held.demand_id, counterpart, -qty)

    def _bucket(self, demand_id: int, column: str, qty: Decimal) -> None:
        demand = self.demands[demand_id]
        setattr(demand, column, getattr(demand, column) + qty)
        self.moved[demand_id][column] += qty


def open_ledger(demands: Mapping[int, LockedDemand], *, with_claims_of: Collection[int] | None = None) -> Ledger:
    """A ledger of locked demands with their open claims, read after the lock (one statement, none for no ids)."""
    ids = list(demands) if with_claims_of is None else list(with_claims_of)
    return Ledger(demands, list(_held(ids)) if ids else [])


def expire(held: Iterable[Held], ledger: Ledger, *, now: datetime) -> list[Held]:
    """End the soft claims that have run out; what was ended."""
    over = [h for h in held if h.kind == ClaimKind.SOFT and h.expires_at is not None and h.expires_at <= now]
    for claim in over:
        ledger.end(claim, ClaimEnd.EXPIRED)
    return over


def let_go(demand_ids: Collection[int], ledger: Ledger) -> list[Held]:
    """End what the demands of a draft's hold still hold; what was ended."""
    own = [h for h in ledger.open_claims(ClaimKind.SOFT) if h.demand_id in demand_ids]
    for claim in own:
        ledger.end(claim, ClaimEnd.FREED)
    return own


_HELD = """
    SELECT c.id, c.demand_id, c.balance_id, c.kind, c.qty, b.site_id, b.product_id, b.lot_id, c.expires_at
    FROM inventory_claim c JOIN inventory_stockbalance b ON b.id = c.balance_id
    WHERE c.demand_id = ANY(%(ids)s::bigint[]) AND c.state = 'open' ORDER BY c.id"""


def _held(demand_ids: Collection[int]) -> Iterable[Held]:
    rows = sql.rows(_HELD, {"ids": list(demand_ids)})
    for claim_id, demand_id, balance_id, kind, qty, site_id, product_id, lot_id, expires_at in rows:
        yield Held(claim_id, demand_id, balance_id, ClaimKind(kind), qty, site_id, product_id, lot_id, expires_at)
