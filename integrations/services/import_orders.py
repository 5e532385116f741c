"""Import a file of order lines: sales become draft orders, cancellations become returns of earlier sales.

Not one transaction but batches of door verbs: about 200 orders each, any of which may be repeated. The same row is known
again by account, invoice and what it says, so a second run changes nothing and a run that broke off is finished.
Always: rows = imported + rejected.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from accounts import queries as accounts
from accounts.rules.asks import AccountSpec
from accounts.services.create_accounts import create_accounts
from catalog import queries as catalog
from catalog.rules.asks import ProductSnapshot, ProductSpec
from catalog.services.create_products import create_products
from core.actors import Actor
from core.errors import DomainError, InvalidInput
from integrations import queries
from integrations.rules.import_columns import Columns
from integrations.rules.import_rows import (
    Occurrence,
    OrderRow,
    Reason,
    Rejection,
    RowRules,
    read_occurrence,
    read_row,
    row_mark,
)
from integrations.services.capture_batch import ImportOrder, capture_batch
from integrations.services.record_imported import TakenRow, record_sales
from integrations.services.reverse_sales import Reversal, reverse_sales

BATCH_ORDERS = 200
BATCH_ROWS = 4_000
BATCH_REVERSALS = 1_000


S = TypeVar("S", AccountSpec, ProductSpec)


class RejectSink(Protocol):
    """Where rejected rows go, with what to mend."""

    def __call__(self, number: int, cells: list[str] | None, why: Rejection, occurrence: Occurrence) -> None: ...


@dataclass(frozen=True)
class Options:
    columns: Columns
    own: tuple[int, ...]  # places of the file's own columns
    width: int
    create_missing: bool = False
    default_account_id: int | None = None
    currency: str = "USD"
    not_goods: frozenset[str] = RowRules().not_goods
    dry_run: bool = False


@dataclass
class ImportReport:
    """`already_known` is part of `imported`. `partly_reversed`: cancellations larger than the sales found."""

    rows: int = 0
    imported: int = 0
    rejected_by_reason: Counter[str] = field(default_factory=Counter)
    orders_created: int = 0
    returns_created: int = 0
    already_known: int = 0
    partly_reversed: int = 0
    undated: int = 0

    @property
    def rejected(self) -> int:
        return sum(self.rejected_by_reason.values())


@dataclass(slots=True)
class Pending:
    """A readable row on its way: where it stood, what it says, its identity."""

    number: int
    cells: list[str]
    row: OrderRow
    occurrence: Occurrence
    ref: str
    account_id: int = 0
    product_id: int = 0
    qty: Decimal = Decimal(0)


def import_orders(
    *,
    rows: Iterable[tuple[int, list[str] | None]],
    options: Options,
    reject: RejectSink | None,
    actor: Actor,
    now: datetime,
    progress: Callable[[int], None] = lambda rows: None,
) -> ImportReport:
    """Raises nothing for bad rows: they are rejected one by one and the good ones go on."""
    return _Import(options, reject, actor, now, progress).run(rows)


class _Import:
    def __init__(
        self, options: Options, reject: RejectSink | None, actor: Actor, now: datetime, progress: Callable[[int], None]
    ) -> None:
        self.options, self.sink, self.actor, self.now, self.progress = options, reject, actor, now, progress
        self.report = ImportReport()
        self.rules = RowRules(options.not_goods, options.default_account_id is not None)
        self.said: Counter[tuple[str, str, str]] = Counter()
        self.rejected: Counter[str] = Counter()
        self.account_ids: dict[str, int | None] = {}
        self.product_ids: dict[str, int | None] = {}
        self.batch: list[Pending] = []
        self.orders: set[tuple[str, str]] = set()
        self.reversals: list[Pending] = []
        self.created: set[tuple[int, str]] = set()  # dry run only: what would have been created
        self.dry_sales: list[tuple[int, int, datetime | None, Decimal]] = []

    def run(self, rows: Iterable[tuple[int, list[str] | None]]) -> ImportReport:
        for number, cells in rows:
            self.report.rows += 1
            self._take(number, cells)
            if len(self.orders) >= BATCH_ORDERS or len(self.batch) >= BATCH_ROWS:
                self._flush()
                self.progress(self.report.rows)
        self._flush()
        for start in range(0, len(self.reversals), BATCH_REVERSALS):
            self._reverse(self.reversals[start : start + BATCH_REVERSALS])
        self.progress(self.report.rows)
        return self.report

    def _take(self, number: int, cells: list[str] | None) -> None:
        if cells is None:
            return self._reject(number, cells, Rejection(Reason.UNREADABLE, ""))
        if len(cells) != self.options.width:
            detail = f"{len(cells)} columns, the heading has {self.options.width}."
            return self._reject(number, cells, Rejection(Reason.RAGGED, "", detail))
        row = read_row(cells, self.options.columns, self.rules)
        if isinstance(row, Rejection):
            return self._reject(number, cells, row)
        pending = self._identified(number, cells, row)
        if self.options.columns.date >= 0 and row.at is None:
            self.report.undated += 1
        if row.is_reversal:
            self.reversals.append(pending)
            return None
        self.batch.append(pending)
        self.orders.add((row.customer, row.invoice))
        return None

    def _identified(self, number: int, cells: list[str], row: OrderRow) -> Pending:
        """The row with its identity: counted, or as a reject file says where the row was mended since."""
        told = self._told(cells)
        mended = told.mark and told.mark != row_mark(cells, self.options.own)
        said = row.said()
        key = (row.customer, row.invoice, f"{said}#{told}" if mended else said)
        self.said[key] = max(self.said[key] + 1, 0 if mended else told.number)
        count = self.said[key]
        if mended:
            return Pending(number, cells, row, told, f"{said}#{told}" + (f".{count}" if count > 1 else ""))
        return Pending(number, cells, row, Occurrence(count, told.mark), f"{said}#{count}")

    def _told(self, cells: list[str]) -> Occurrence:
        place = self.options.columns.occurrence
        return read_occurrence(cells[place]) if 0 <= place < len(cells) else Occurrence()

    def _reject(
        self, number: int, cells: list[str] | None, why: Rejection, occurrence: Occurrence | None = None
    ) -> None:
        self.report.rejected_by_reason[why.reason.value] += 1
        if self.sink is not None:
            self.sink(number, cells, why, self._to_tell(cells or [], occurrence))

    def _to_tell(self, cells: list[str], occurrence: Occurrence | None) -> Occurrence:
        """What the reject file says of the row: what it said before, else its count and its mark."""
        told = self._told(cells)
        if told.mark:
            return told
        mark = row_mark(cells, self.options.own)
        if occurrence is not None:
            return Occurrence(occurrence.number, mark)
        self.rejected[mark] += 1
        return Occurrence(max(self.rejected[mark], told.number), mark)

    def _reject_all(self, rows: Iterable[Pending], reason: Reason, field_: str, detail: str = "") -> None:
        for p in rows:
            self._reject(p.number, p.cells, Rejection(reason, field_, detail), p.occurrence)

    # --- sales ----------------------------------------------------------------------------------------------
    def _flush(self) -> None:
        batch, self.batch, self.orders = self.batch, [], set()
        ready = self._resolve(batch, create=self.options.create_missing)
        if not ready:
            return
        known = queries.known_refs({(p.account_id, p.row.invoice) for p in ready})
        new: list[Pending] = []
        for p in ready:
            if p.ref in known.get((p.account_id, p.row.invoice), ()):
                self.report.already_known += 1
                self.report.imported += 1
            else:
                new.append(p)
        if self.options.dry_run:
            self._pretend(new, set(known))
        elif new:
            self._capture(new)

    def _capture(self, new: list[Pending]) -> None:
        orders: dict[tuple[int, str], ImportOrder[Pending]] = {}
        for p in new:
            key = (p.account_id, p.row.invoice)
            order = orders.setdefault(key, ImportOrder(p.account_id, p.row.invoice, p.row.at))
            order.lines.append(p)
        outcome = capture_batch(list(orders.values()), actor=self.actor, now=self.now)
        for p, why in outcome.refused:
            self._reject(p.number, p.cells, Rejection(Reason.REFUSED, "", why), p.occurrence)
        taken = [
            TakenRow(p.account_id, p.product_id, p.row.invoice, p.ref, order_id, p.row.at, p.qty)
            for order_id, p in outcome.taken
        ]
        record_sales(taken)
        self.report.imported += len(taken)
        self.report.orders_created += outcome.orders_created

    def _pretend(self, new: list[Pending], known: set[tuple[int, str]]) -> None:
        """The dry run's capture: count, and remember what could be reversed."""
        keys = {(p.account_id, p.row.invoice) for p in new} - known - self.created
        self.created |= keys
        self.report.orders_created += len(keys)
        self.report.imported += len(new)
        self.dry_sales += [(p.account_id, p.product_id, p.row.at, p.qty) for p in new]

    # --- who and what ---------------------------------------------------------------------------------------
    def _resolve(self, batch: list[Pending], *, create: bool) -> list[Pending]:
        """The rows with account, product and base quantity; the others are rejected."""
        self._learn_accounts({p.row.customer.upper(): p.row.customer for p in batch if p.row.customer}, create)
        self._learn_products({p.row.sku: p.row.description for p in batch}, create)
        ready: list[Pending] = []
        for p in batch:
            account_id = self._account_of(p.row)
            product_id = self.product_ids.get(p.row.sku)
            if p.row.is_reversal and (account_id is None or product_id is None):
                self._reject_all([p], Reason.NOTHING_TO_REVERSE, "sku")
            elif account_id is None:
                self._reject_all([p], Reason.UNKNOWN_CUSTOMER, "customer", f"No account {p.row.customer}.")
            elif product_id is None:
                self._reject_all([p], Reason.UNKNOWN_SKU, "sku", self._unknown_sku(p.row.sku))
            else:
                p.account_id, p.product_id, p.qty = account_id, product_id, p.row.quantity
                ready.append(p)
        return self._in_base_units(ready)

    def _account_of(self, row: OrderRow) -> int | None:
        return self.account_ids.get(row.customer.upper()) if row.customer else self.options.default_account_id

    def _unknown_sku(self, sku: str) -> str:
        like = catalog.suggest_skus(sku) if self.report.rejected_by_reason[Reason.UNKNOWN_SKU.value] < 50 else []
        meant = f" Did you mean {', '.join(s for s, _ in like)}?" if like else ""
        return f"No product {sku}.{meant}"

    def _in_base_units(self, rows: list[Pending]) -> list[Pending]:
        stated = [p for p in rows if p.row.unit]
        if not stated:
            return rows
        products = catalog.product_snapshots({p.product_id for p in stated})
        bad = {id(p): why for p in stated if (why := _convert(p, products.get(p.product_id)))}
        for p in stated:
            if id(p) in bad:
                self._reject_all([p], Reason.BAD_UNIT, "unit", bad[id(p)])
        return [p for p in rows if id(p) not in bad]

    def _learn_accounts(self, codes: dict[str, str], create: bool) -> None:
        unknown = [c for c in codes if c not in self.account_ids]
        if not unknown:
            return
        found = accounts.accounts_by_code(unknown)
        missing = [codes[c] for c in unknown if c not in found]
        if missing and create and self.options.dry_run:
            found = {**found, **{c.upper(): -len(self.account_ids) - i for i, c in enumerate(missing, start=1)}}
        elif missing and create:
            specs = [AccountSpec(code=c, name=f"Customer {c}", currency=self.options.currency) for c in missing]
            found = {**found, **self._made(create_accounts, specs)}
        self.account_ids |= {c: found.get(c) for c in unknown}

    def _learn_products(self, skus: dict[str, str], create: bool) -> None:
        unknown = [s for s in skus if s not in self.product_ids]
        if not unknown:
            return
        found = catalog.products_by_sku(unknown)
        missing = [s for s in unknown if s not in found]
        if missing and create and self.options.dry_run:
            found = {**found, **{s: -len(self.product_ids) - i for i, s in enumerate(missing, start=1)}}
        elif missing and create:
            specs = [ProductSpec(sku=s, name=skus[s] or s) for s in missing]
            found = {**found, **self._made(create_products, specs)}
        self.product_ids |= {s: found.get(s) for s in unknown}

    def _made(self, create: Callable[..., dict[str, int]], specs: Sequence[S]) -> dict[str, int]:
        """Those that could be made; rows of the others are rejected as unknown."""
        try:
            return create(specs, actor=self.actor, now=self.now)
        except InvalidInput as wrong:
            bad = {e.pointer.strip("/").split("/")[0] for e in wrong.errors}
            good = [spec for i, spec in enumerate(specs) if str(i) not in bad]
            return create(good, actor=self.actor, now=self.now) if good else {}

    # --- cancellations --------------------------------------------------------------------------------------
    def _reverse(self, rows: list[Pending]) -> None:
        ready = self._resolve(rows, create=False)
        known = queries.known_refs({(p.account_id, p.row.invoice) for p in ready})
        new = []
        for p in ready:
            if p.ref in known.get((p.account_id, p.row.invoice), ()):
                self.report.already_known += 1
                self.report.imported += 1
            else:
                new.append(p)
        if not new:
            return
        asked = [
            Reversal(i, p.account_id, p.product_id, p.row.invoice, p.ref, p.row.at, p.qty) for i, p in enumerate(new)
        ]
        outcome = reverse_sales(
            asked,
            known=set(known),
            pretend=self.dry_sales if self.options.dry_run else None,
            actor=self.actor,
            now=self.now,
        )
        for i, why in outcome.refused.items():
            self._reject_all([new[i]], Reason.NOTHING_TO_REVERSE if not why else Reason.REFUSED, "sku", why)
        self.report.imported += len(new) - len(outcome.refused)
        self.report.partly_reversed += outcome.partly
        self.report.returns_created += outcome.returns_created


def _convert(p: Pending, product: ProductSnapshot | None) -> str:
    """Set the base quantity; the words of what is wrong with the unit, empty when nothing is."""
    if product is None:
        return ""
    try:
        p.qty = product.to_base(p.row.quantity, p.row.unit)
    except DomainError as wrong:
        return wrong.in_words
    return ""
