"""Reference data as sheets: what a room lets people import and export as CSV or XLSX, declared once.

A room declares its sheets in `<room>/sheets.py` and registers them when it is ready; integrations reads files against
them, previews, applies and exports. A sheet never sees a file: it is given rows of canonical text (core.cells).

    Sheet(code="products", label="Products", columns=(Column("sku", "SKU", Text(60), required=True), …), key=("sku",), …)
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from core.access import Access
from core.actors import Actor
from core.cells import Kind

KEY_MARK = "\x1f"

Key = tuple[str, ...]  # the values of the key columns, as typed
Cells = Mapping[str, str]  # column name → canonical text, "" where there is nothing


@dataclass(frozen=True)
class Column:
    """`required`: a new row may not leave it empty. `clears`: an empty cell empties the field; otherwise it leaves the
    stored value as it is (and a new row gets `default`). `refers` names what the cell must be a code of.
    """

    name: str
    label: str
    kind: Kind
    required: bool = False
    clears: bool = True
    default: str = ""
    help: str = ""
    aliases: tuple[str, ...] = ()
    refers: str = ""
    to_itself: bool = False  # the code of another row of this sheet, perhaps one further down in the same file
    alone: bool = False  # no two records of a file hold the same; zeros in front do not tell them apart


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row, and in which column ("" for the row as a whole)."""

    column: str
    why: str
    remedy: str = ""


@dataclass(frozen=True)
class Stored:
    """A row as it is kept now. `version` changes with every change of the row."""

    id: int
    version: str
    cells: Cells


@dataclass(frozen=True)
class Change:
    """A row to be written: `after` has the columns of the file, `before` at least the same; it is None for a new row."""

    number: int
    key: str
    after: Cells
    before: Cells | None = None
    id: int = 0
    version: str = ""

    @cached_property
    def changed(self) -> dict[str, tuple[str, str]]:
        """{column: (old, new)} of what differs."""
        was = self.before or {}
        return {name: (was.get(name, ""), value) for name, value in self.after.items() if was.get(name, "") != value}


@dataclass(frozen=True)
class Within:
    """Which rows of a table are meant: a statement that gives their ids."""

    sql: str
    parameters: tuple[Any, ...] = ()


class Source(Protocol):
    """Where a sheet's rows are kept (core.sheet_table). Each call is a constant number of statements."""

    def stored(self, keys: Sequence[Key]) -> dict[Key, list[Stored]]: ...
    def known(self, column: str, codes: Iterable[str]) -> dict[str, str]: ...
    def batches(self, size: int, within: Within | None = None) -> Iterator[list[Cells]]: ...
    def count(self, within: Within | None = None) -> int: ...


Checks = Callable[[Sequence[Change], datetime], Mapping[int, Sequence[Problem]]]


class Writer(Protocol):
    """The room's bulk service [uow]. Returns the numbers of the rows written: the others changed since they were read."""

    def __call__(self, changes: Sequence[Change], *, actor: Actor, now: datetime, note: str) -> set[int]: ...


class Linker(Protocol):
    """The second pass over rows that name another row of the same file [uow]."""

    def __call__(self, changes: Sequence[Change]) -> None: ...


class Settler(Protocol):
    """What is to hold once all rows are written [uow]. May refuse the whole import with a DomainError."""

    def __call__(self, changes: Sequence[Change], *, actor: Actor, now: datetime) -> None: ...


class Remover(Protocol):
    """Take away records an import made [uow]: {row number: why it stays} of those that something refers to."""

    def __call__(self, changes: Sequence[Change], *, actor: Actor, now: datetime, note: str) -> dict[int, str]: ...


def no_checks(changes: Sequence[Change], now: datetime) -> Mapping[int, Sequence[Problem]]:
    return {}


@dataclass(frozen=True)
class Sheet:
    """`checks` gives {row number: problems} for what only the room knows; `access` is who may look and who may import.

    `at_once`: the room's service takes locks in the ladder's order, so it is given all rows of a file in one call.
    `kept_remedy`: what to do about a record that an undo of its import has to leave.
    """

    code: str
    label: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    source: Source
    write: Writer
    access: Access
    checks: Checks = no_checks
    link: Linker | None = None
    help: str = ""
    settle: Settler | None = None
    remove: Remover | None = None
    at_once: bool = False
    kept_remedy: str = "Deactivate it on its own page."
    by_name: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {c.name: c for c in self.columns})
        if len(self.by_name) != len(self.columns) or not set(self.key) <= self.by_name.keys():
            raise ValueError(f"sheet {self.code}: a column is named twice, or a key is no column")

    def key_of(self, cells: Cells) -> str:
        """The row's identity: its key columns in capitals."""
        return KEY_MARK.join(cells.get(name, "").upper() for name in self.key)

    @property
    def needed(self) -> tuple[Column, ...]:
        """Columns no file can do without: those of the key that may not be empty."""
        return tuple(c for c in self.columns if c.name in self.key and c.required)


_sheets: dict[str, Sheet] = {}


def register(sheet: Sheet) -> None:
    if sheet.code in _sheets and _sheets[sheet.code] is not sheet:
        raise ValueError(f"two sheets are called {sheet.code!r}")
    _sheets[sheet.code] = sheet


def sheets() -> list[Sheet]:
    """All of them, in the order of their labels."""
    return sorted(_sheets.values(), key=lambda s: s.label)


def sheet(code: str) -> Sheet | None:
    return _sheets.get(code)


def folded(heading: str) -> str:
    """A heading without case, blanks and signs."""
    return re.sub(r"[\W_]", "", heading.casefold())


def guess_columns(sheet: Sheet, header: Sequence[str]) -> dict[str, int]:
    """{column name: place in the file} as the headings say: by name, by label, then by another word for it."""
    places: dict[str, int] = {}
    headings = [folded(h) for h in header]
    for names_of in (lambda c: (c.name,), lambda c: (c.label,), lambda c: c.aliases):
        for column in sheet.columns:
            wanted = {folded(n) for n in names_of(column)}
            if column.name in places:
                continue
            found = next((i for i, h in enumerate(headings) if h in wanted and i not in places.values()), None)
            if found is not None:
                places[column.name] = found
    return places
