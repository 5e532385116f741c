"""From the cells of a file to the rows of a sheet: every cell read, everything wrong told at once, where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.cells import BadCell, shown, tidy, unguarded
from core.sheets import Cells, Change, Column, Key, Problem, Sheet, Stored
from integrations.states import RowOutcome

_SPREADSHEET_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"})
_MOST_REMEMBERED = 20_000


@dataclass(slots=True)
class SheetRow:
    """A row on its way through the preview. `was` holds the old value of each column the row changes; None: it is new."""

    number: int
    cells: list[str]
    values: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    key: str = ""
    stored: Stored | None = None
    was: dict[str, str] | None = None

    def bad(self, column: str, why: str, remedy: str = "") -> None:
        self.problems.append(Problem(column, why, remedy))

    @property
    def bad_columns(self) -> set[str]:
        return {p.column for p in self.problems}

    @property
    def outcome(self) -> RowOutcome:
        if self.problems:
            return RowOutcome.ERROR
        if self.stored is None:
            return RowOutcome.NEW
        return RowOutcome.CHANGED if self.was else RowOutcome.UNCHANGED

    def change(self) -> Change:
        """`before` is the whole record, also the columns the file lacks."""
        if self.stored is None:
            return Change(self.number, self.key, self.values)
        before = {**self.stored.cells, **self.values, **(self.was or {})}
        return Change(self.number, self.key, self.values, before, self.stored.id, self.stored.version)


class RowReader:
    """Reads rows of one file; the same text in the same column is read once."""

    def __init__(self, sheet: Sheet, places: Mapping[str, int], width: int, merged: Mapping[int, str]) -> None:
        self.sheet, self.width, self.merged = sheet, width, merged
        self.places = dict(sorted(places.items(), key=lambda found: found[1]))
        self.known: dict[str, dict[str, str | BadCell]] = {name: {} for name in places}

    def read(self, number: int, cells: list[str] | None) -> SheetRow:
        row = SheetRow(number, cells or [])
        if cells is None:
            row.bad("", "The row cannot be read.", "A cell may be too long, or a quotation mark was never closed.")
            return row
        if len(cells) != self.width:
            row.bad("", f"The row has {len(cells)} cells, the heading {self.width}.", "Give every column one cell.")
            return row
        if number in self.merged:
            why = (
                f"The row is part of the merged cells {self.merged[number]}, which hold one value in their first cell."
            )
            row.bad("", why, "Unmerge them and fill in every cell.")
            return row
        for name, place in self.places.items():
            raw = cells[place]
            found = self.known[name].get(raw)
            if found is None:
                found = self._learn(name, raw)
            if isinstance(found, str):
                row.values[name] = found
            else:
                row.bad(name, found.why, found.remedy)
                row.values[name] = ""
        row.key = self.sheet.key_of(row.values)
        return row

    def _learn(self, name: str, raw: str) -> str | BadCell:
        remembered = self.known[name]
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()
        found = remembered[raw] = _read(self.sheet.by_name[name], raw)
        return found


def _read(column: Column, raw: str) -> str | BadCell:
    text = tidy(raw.replace("\0", ""))
    if text.startswith("="):
        return BadCell(f"{shown(text)} is a formula.", "Copy the column and paste it as values.")
    if text in _SPREADSHEET_ERRORS:
        return BadCell(f"{text} is what a spreadsheet shows where a formula failed.", "Write the value itself.")
    text = tidy(unguarded(text))
    try:
        return column.kind.read(text) if text else ""
    except BadCell as bad:
        return bad


def point(row: SheetRow, column: Column, known: Mapping[str, str]) -> None:
    """Replace a typed code by the code as it is written; unknown ones are told, but for codes of the same sheet."""
    typed = row.values.get(column.name, "")
    if not typed or column.name in row.bad_columns:
        return
    found = known.get(typed)
    if found is not None:
        row.values[column.name] = found
    elif not column.to_itself:
        row.bad(
            column.name,
            f"There is no {column.refers} {shown(typed)}.",
            f"Correct it, or make the {column.refers} first.",
        )


def compare(row: SheetRow, sheet: Sheet, stored: Sequence[Stored]) -> None:
    """Find what the row is to replace, and say what it may not leave empty."""
    if len(stored) > 1:
        row.bad("", f"{len(stored)} records have this key.", "Change them one by one on their own pages.")
        return
    row.stored = stored[0] if stored else None
    for name, value in row.values.items():
        column = sheet.by_name[name]
        if row.stored is not None and name in sheet.key:
            row.values[name] = tidy(row.stored.cells[name])  # a key is the same in any case, and stays as it is written
        elif value == "" and name not in row.bad_columns:
            _fill(row, column)
    if row.stored is None:
        missing = [c.label for c in sheet.columns if c.required and c.name not in row.values]
        if missing:
            row.bad("", f"It is new, and the file has no column {', '.join(missing)}.", "Add it to the file.")
    else:
        row.was = _replaced(row.stored.cells, row.values)


def _fill(row: SheetRow, column: Column) -> None:
    """An empty cell: not allowed, or "nothing", or "as it is"."""
    if column.required and not column.default:
        row.bad(column.name, "This may not be empty.", f"Fill in {column.label}.")
    elif not column.clears:
        row.values[column.name] = column.default if row.stored is None else tidy(row.stored.cells[column.name])


def _replaced(stored: Cells, values: Cells) -> dict[str, str]:
    """What a row changes, as it was. A stored text is compared as a file could say it: an export comes back unchanged."""
    differing = ((name, tidy(stored[name])) for name, value in values.items() if stored[name] != value)
    return {name: was for name, was in differing if was != values[name]}


def key_values(row: SheetRow, sheet: Sheet) -> Key:
    return tuple(row.values.get(name, "") for name in sheet.key)


def key_problems(row: SheetRow, sheet: Sheet) -> None:
    for name in sheet.key:
        column = sheet.by_name[name]
        if column.required and not row.values.get(name) and name not in row.bad_columns:
            row.bad(name, "This may not be empty: it says which record the row is.", f"Fill in {column.label}.")


def values_of(cells: Cells, columns: Sequence[Column]) -> list[str]:
    return [cells.get(c.name, "") for c in columns]
