"""The file: its rows by day, as the order import reads them, and what they ask for."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from core.errors import Refused
from integrations.order_files import open_order_file
from integrations.rules.import_columns import Columns, ColumnsNotFound, find_columns
from integrations.rules.import_rows import OrderRow, RowRules, read_row

Cells = tuple[int, list[str] | None]


class NothingToReplay(Refused):
    template = "{file} has no order line from {start} to {until}."
    remedy_template = "Its order lines are from {first} to {last}."


@dataclass
class HistoryDay:
    """`rows` as the import takes them, with their place in the file; `sales` those of them that sell something."""

    day: date
    rows: list[Cells] = field(default_factory=list)
    sales: list[OrderRow] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[tuple[str, float]]:
        return [(row.sku, float(row.quantity)) for row in self.sales]


@dataclass
class History:
    """An invoice belongs to the day of its first row; rows without a readable date are left out and counted."""

    name: str
    digest: str
    header: list[str]
    columns: Columns
    days: dict[date, HistoryDay]
    undated: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def selling(self) -> list[date]:
        return [day for day in sorted(self.days) if self.days[day].sales]

    def calendar(self, start: date | None, until: date) -> list[HistoryDay]:
        """Every day from the first with an order line (or `start`) to `until` or the last one, the empty ones too."""
        selling = self.selling
        chosen = [d for d in selling if d <= until and (start is None or d >= start)]
        if not chosen:
            span = {"first": selling[0] if selling else "nowhere", "last": selling[-1] if selling else "nowhere"}
            raise NothingToReplay(file=self.name, start=start or "its beginning", until=until, **span)
        first, last = chosen[0], min(until, selling[-1])
        every = (first + timedelta(n) for n in range((last - first).days + 1))
        return [self.days.get(day) or HistoryDay(day) for day in every]

    def turnover(self) -> Mapping[str, "Turnover"]:
        """By customer, over the whole file: who they are to the business."""
        by_day: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for day in self.selling:
            for row in self.days[day].sales:
                by_day[row.customer.upper()][day] += row.quantity * row.price
        return {customer: Turnover(dict(days)) for customer, days in by_day.items()}


@dataclass(frozen=True)
class Turnover:
    """What a customer ordered, by day."""

    by_day: Mapping[date, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.by_day.values(), Decimal(0))

    def busiest(self, days: int) -> Decimal:
        """The most ordered within so many days."""
        moments = sorted(self.by_day)
        return max(
            (
                sum((self.by_day[d] for d in moments if first <= d < first + timedelta(days)), Decimal(0))
                for first in moments
            ),
            default=Decimal(0),
        )


def read_history(path: Path) -> History:
    """Raises NotAnOrderFile, ColumnsNotFound (the date is needed too), OSError."""
    digest = hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    with open_order_file(path) as found:
        columns = find_columns(found.header, {}, customer_needed=True)
        if columns.date < 0:
            raise ColumnsNotFound(f"No column recognised for date. Columns found: {', '.join(found.header[:40])}.")
        history = History(path.name, digest, found.header, columns, {}, notes=found.notes)
        for day, cells, row in _dated(found.rows, columns, len(found.header), history):
            of_day = history.days.setdefault(day, HistoryDay(day))
            of_day.rows.append(cells)
            if row is not None and not row.is_reversal:
                of_day.sales.append(row)
    return history


def _dated(
    rows: Iterator[Cells], columns: Columns, width: int, history: History
) -> Iterator[tuple[date, Cells, OrderRow | None]]:
    """Each row with its day; what the import would reject has no OrderRow but stays a row of its day."""
    rules, last = RowRules(), None
    day_of: dict[tuple[str, str], date] = {}
    for number, cells in rows:
        read = read_row(cells, columns, rules) if cells is not None and len(cells) == width else None
        row = read if isinstance(read, OrderRow) else None
        if row is None:
            if last is not None:
                yield last, (number, cells), None
        elif row.at is None:
            history.undated += 1
        else:
            last = day_of.setdefault((row.customer, row.invoice), row.at.date())
            yield last, (number, cells), row


def list_prices(days: Sequence[HistoryDay]) -> dict[str, Decimal]:
    """The price most lines of these days state for each SKU; the lower of two that are as frequent."""
    said: dict[str, Counter[Decimal]] = defaultdict(Counter)
    for day in days:
        for row in day.sales:
            said[row.sku][row.price] += 1
    return {sku: min(prices, key=lambda p: (-prices[p], p)) for sku, prices in said.items()}
