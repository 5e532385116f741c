"""Files of rows as text: CSV, CSV.xz, CSV.gz, XLSX. Streamed; a file that breaks off gives its good rows."""

import codecs
import csv
import gzip
import lzma
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula  # type: ignore[import-untyped]

MAX_LINE = 1_000_000  # characters; more is no order line
MAX_XLSX_BYTES = 200 * 1024 * 1024
MAX_ZIP_RATIO = 100
_DELIMITERS = ",;\t|"


class NotATable(ValueError):
    """The file cannot be read at all; the text says why and what to do."""


@dataclass
class TableFile:
    """`rows` gives (row number, cells), numbered as a spreadsheet shows them; blank rows are left out. A row that cannot
    be read has None for cells.

    `notes` fills while rows are read: fallback encoding, a file that breaks off. `read_part` is how far the reading
    is, 0 to 1. `merged` are the rows that merged cells reach into: such a cell holds its value in its first row only.
    """

    header: list[str]
    rows: Iterator[tuple[int, list[str] | None]]
    notes: list[str] = field(default_factory=list)
    read_part: Callable[[], float] = lambda: 0.0
    merged: Mapping[int, str] = field(default_factory=dict)


@contextmanager
def open_table(path: Path, *, formulas: bool = False) -> Iterator[TableFile]:
    """Open by what the file is, not by its name only. Raises NotATable, OSError.

    A workbook's formula gives the value it had when it was saved; with `formulas` it gives its text, which starts
    with "=": the saved value may be missing or old, and whoever must not take it wants to know.
    """
    with path.open("rb") as raw:
        head = raw.read(6)
        raw.seek(0)
        if not head:
            raise NotATable(f"{path.name} is empty.")
        if head[:4] == b"PK\x03\x04":
            with _sheet(raw, path, formulas) as found:
                yield found
            return
        if head[:4] == b"\xd0\xcf\x11\xe0":
            raise NotATable(f"{path.name} is an old .xls workbook; save it as .xlsx or .csv.")
        table = _csv(_unpacked(raw, head))
        size = path.stat().st_size
        table.read_part = lambda: raw.tell() / size
        yield table


def _unpacked(raw: BinaryIO, head: bytes) -> BinaryIO:
    if head[:6] == b"\xfd7zXZ\x00":
        return lzma.open(raw)  # type: ignore[return-value]
    if head[:2] == b"\x1f\x8b":
        return gzip.open(raw)  # type: ignore[return-value]
    return raw


# --- CSV --------------------------------------------------------------------------------------------------------
def _cp1252(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 are what Windows writes."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", errors="replace"), error.end


codecs.register_error("cp1252_instead", _cp1252)


@dataclass
class _Lines:
    """Text lines of a byte stream, bounded, with notes about what was odd."""

    stream: BinaryIO
    notes: list[str]
    has_odd_bytes: bool = False

    def __iter__(self) -> Iterator[str]:
        try:
            for number, line in enumerate(self._bounded(), start=1):
                yield self._text(line, number)
        except (EOFError, lzma.LZMAError, gzip.BadGzipFile, OSError) as error:
            self.notes.append(f"The file breaks off or is damaged ({error}); the rows before that were read.")

    def _bounded(self) -> Iterator[bytes]:
        while line := self.stream.readline(MAX_LINE):
            if len(line) == MAX_LINE:
                raise OSError(f"a line of more than {MAX_LINE:,} characters")
            yield line

    def _text(self, line: bytes, number: int) -> str:
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
            if line[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                raise NotATable("The file is UTF-16; save it as UTF-8.")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("utf-8", errors="cp1252_instead")
            if not self.has_odd_bytes:
                self.has_odd_bytes = True
                self.notes.append(f"Line {number} is not UTF-8; such lines were read as Windows-1252.")
        return text.replace("\0", "") if "\0" in text else text


def _csv(stream: BinaryIO) -> TableFile:
    notes: list[str] = []
    lines = iter(_Lines(stream, notes))
    place, first = next(((n, line) for n, line in enumerate(lines, start=1) if line.strip()), (0, ""))
    if not first:
        raise NotATable(notes[0] if notes else "The file has no heading.")
    delimiter = max(_DELIMITERS, key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    return TableFile([h.strip() for h in header], _csv_rows(lines, delimiter, len(header), place), notes)


def _csv_rows(lines: Iterator[str], delimiter: str, width: int, heading: int) -> Iterator[tuple[int, list[str] | None]]:
    reader = csv.reader(lines, delimiter=delimiter)
    number = heading
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, None
            continue
        if any(c.strip() for c in cells):
            yield number, _fitted(cells, width)


def _fitted(cells: list[str], width: int) -> list[str]:
    """Without the empty cells a spreadsheet leaves at the end."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    return cells


# --- XLSX -------------------------------------------------------------------------------------------------------
@contextmanager
def _sheet(raw: BinaryIO, path: Path, formulas: bool) -> Iterator[TableFile]:
    _refuse_bombs(raw, path)
    try:
        book = openpyxl.load_workbook(raw, read_only=True, data_only=not formulas)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise NotATable(f"{path.name} is not a readable workbook: {error}") from error
    try:
        if not book.worksheets:
            raise NotATable(f"{path.name} has no sheet of rows.")
        sheet = book.worksheets[0]
        last, at = max(sheet.max_row or 1, 1), _Place()
        sheet.reset_dimensions()  # what the file says of its size may be wrong, and would cut or blow up the rows
        rows = enumerate(([_plain(v) for v in row] for row in sheet.iter_rows(values_only=True)), start=1)
        header = next((row for _, row in rows if any(row)), [])
        if not header:
            raise NotATable(f"{path.name}: the first sheet is empty.")
        while header and not header[-1]:
            header.pop()
        table = TableFile([h.strip() for h in header], iter(()))
        table.rows = _sheet_rows(rows, len(header), at)
        table.read_part = lambda: at.row / max(last, at.row)
        table.merged = _merged(raw, sheet) if formulas else {}
        yield table
    finally:
        book.close()


@dataclass
class _Place:
    row: int = 1


def _sheet_rows(
    rows: Iterator[tuple[int, list[str]]], width: int, at: _Place
) -> Iterator[tuple[int, list[str] | None]]:
    for at.row, cells in rows:
        if any(c.strip() for c in cells):
            yield at.row, _fitted(cells + [""] * (width - len(cells)), width)


_MERGED = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_MOST_MERGED = 100_000  # rows remembered


def _merged(raw: BinaryIO, sheet: Any) -> dict[int, str]:
    """{row: range} of the rows merged cells reach into. The streaming reader does not tell, so the XML is looked through."""
    found: dict[int, str] = {}
    with zipfile.ZipFile(raw) as packed, packed.open(sheet._worksheet_path) as xml:
        tail = b""
        while chunk := xml.read(1 << 20):
            text = tail + chunk
            for left, top, right, bottom in _MERGED.findall(text):
                name = f"{left.decode()}{top.decode()}:{right.decode()}{bottom.decode()}"
                last = min(int(bottom), int(top) + _MOST_MERGED)
                found.update((row, name) for row in range(int(top), last + 1) if len(found) < _MOST_MERGED)
            tail = text[-200:] if b"<mergeCell " in text[-200:] else b""
    return found


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".")
    if isinstance(value, ArrayFormula | DataTableFormula):
        return f"={getattr(value, 'text', None) or ''}".replace("==", "=", 1)
    return str(value)


def _refuse_bombs(raw: BinaryIO, path: Path) -> None:
    try:
        with zipfile.ZipFile(raw) as packed:
            sizes = [(i.file_size, i.compress_size) for i in packed.infolist()]
    except zipfile.BadZipFile as error:
        raise NotATable(f"{path.name} is damaged: {error}. Save it again.") from error
    raw.seek(0)
    unpacked, stored = sum(s for s, _ in sizes), sum(c for _, c in sizes)
    if unpacked > MAX_XLSX_BYTES or unpacked > MAX_ZIP_RATIO * max(stored, 1):
        raise NotATable(f"{path.name} unpacks to {unpacked:,} bytes, more than we take. Save it as .csv.")
