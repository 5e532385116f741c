"""Sheets as files: CSV lines and workbooks, safe to open in a spreadsheet, and read back by integrations.table_files."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import BinaryIO

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles import Font  # type: ignore[import-untyped]

from core.cells import Number, guarded, tidy
from core.sheets import Sheet, Within
from integrations.rules.sheet_rows import values_of

BATCH = 5_000
MOST_XLSX_ROWS = 1_048_575
_EXACT_DIGITS = 15  # what a spreadsheet's number keeps
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def exported(of: Sheet, within: Within | None = None) -> Iterator[list[list[str]]]:
    """All rows of the sheet, or those within, in batches; the cells in the order of its columns."""
    for batch in of.source.batches(BATCH, within):
        yield [[tidy(v) for v in values_of(cells, of.columns)] for cells in batch]


def csv_chunks(header: Sequence[str], batches: Iterable[Sequence[Sequence[str]]]) -> Iterator[str]:
    """A byte order mark first, so that spreadsheets read UTF-8; then a piece of text for each batch."""
    yield "\ufeff" + _csv([header])
    for batch in batches:
        yield _csv(batch)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[guarded(v) for v in row] for row in rows])
    return text.getvalue()


def write_xlsx(
    target: BinaryIO, header: Sequence[str], batches: Iterable[Sequence[Sequence[str]]], numbers: Sequence[bool]
) -> int:
    """The rows written. `numbers` says which columns are numbers to a spreadsheet; all else is text, and stays as it is
    (codes keep their leading zeros)."""
    book = Workbook(write_only=True)
    page = book.create_sheet("Sheet")
    page.freeze_panes = "A2"
    page.append([_bold(page, text) for text in header])
    count = 0
    for batch in batches:
        for row in batch:
            page.append([_cell(v, n) for v, n in zip(row, numbers, strict=True)])
        count += len(batch)
    book.save(target)
    return count


def _bold(page: object, text: str) -> object:
    cell = WriteOnlyCell(page, value=guarded(text))
    cell.font = Font(bold=True)
    return cell


def _cell(text: str, is_number: bool) -> object:
    if not text:
        return None
    if is_number and sum(c.isdigit() for c in text) <= _EXACT_DIGITS:
        return Decimal(text)
    return guarded(text)


def numbers_of(of: Sheet) -> list[bool]:
    return [isinstance(c.kind, Number) for c in of.columns]
