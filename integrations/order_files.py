"""Order files as rows of text: CSV, CSV.xz, CSV.gz, XLSX. Streamed; a file that breaks off gives its good rows."""

import codecs
import csv
import gzip
import lzma
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

MAX_LINE = 1_000_000  # characters; more is no order line
MAX_XLSX_BYTES = 200 * 1024 * 1024
MAX_ZIP_RATIO = 100
_DELIMITERS = ",;\t|"


class NotAnOrderFile(ValueError):
    """The file cannot be read at all; the text says why and what to do."""


@dataclass
class OrderFile:
    """`rows` gives (row number, cells), the heading being row 1. A row that cannot be read has None for cells.

    `notes` fills while rows are read: fallback encoding, a file that breaks off.
    """

    header: list[str]
    rows: Iterator[tuple[int, list[str] | None]]
    notes: list[str] = field(default_factory=list)


@contextmanager
def open_order_file(path: Path) -> Iterator[OrderFile]:
    """Open by what the file is, not by its name only. Raises NotAnOrderFile, OSError."""
    with path.open("rb") as raw:
        head = raw.read(6)
        raw.seek(0)
        if not head:
            raise NotAnOrderFile(f"{path.name} is empty.")
        if head[:4] == b"PK\x03\x04":
            with _sheet(raw, path) as found:
                yield found
            return
        if head[:4] == b"\xd0\xcf\x11\xe0":
            raise NotAnOrderFile(f"{path.name} is an old .xls workbook; save it as .xlsx or .csv.")
        yield _csv(_unpacked(raw, head))


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
                raise NotAnOrderFile("The file is UTF-16; save it as UTF-8.")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("utf-8", errors="cp1252_instead")
            if not self.has_odd_bytes:
                self.has_odd_bytes = True
                self.notes.append(f"Line {number} is not UTF-8; such lines were read as Windows-1252.")
        return text.replace("\0", "") if "\0" in text else text


def _csv(stream: BinaryIO) -> OrderFile:
    notes: list[str] = []
    lines = iter(_Lines(stream, notes))
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise NotAnOrderFile(notes[0] if notes else "The file has no heading.")
    delimiter = max(_DELIMITERS, key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    return OrderFile([h.strip() for h in header], _csv_rows(lines, delimiter, len(header)), notes)


def _csv_rows(lines: Iterator[str], delimiter: str, width: int) -> Iterator[tuple[int, list[str] | None]]:
    reader = csv.reader(lines, delimiter=delimiter)
    number = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            number += 1
            yield number, None
            continue
        if any(c.strip() for c in cells):
            number += 1
            yield number, _fitted(cells, width)


def _fitted(cells: list[str], width: int) -> list[str]:
    """Without the empty cells a spreadsheet leaves at the end."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    return cells


# --- XLSX -------------------------------------------------------------------------------------------------------
@contextmanager
def _sheet(raw: BinaryIO, path: Path) -> Iterator[OrderFile]:
    _refuse_bombs(raw, path)
    try:
        book = openpyxl.load_workbook(raw, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise NotAnOrderFile(f"{path.name} is not a readable workbook: {error}") from error
    try:
        sheet = book.worksheets[0]
        rows = ([_plain(v) for v in row] for row in sheet.iter_rows(values_only=True))
        header = next((row for row in rows if any(row)), None)
        if header is None:
            raise NotAnOrderFile(f"{path.name}: the first sheet is empty.")
        while header and not header[-1]:
            header.pop()
        yield OrderFile([h.strip() for h in header], _sheet_rows(rows, len(header)))
    finally:
        book.close()


def _sheet_rows(rows: Iterator[list[str]], width: int) -> Iterator[tuple[int, list[str] | None]]:
    number = 1
    for cells in rows:
        if any(c.strip() for c in cells):
            number += 1
            yield number, _fitted(cells + [""] * (width - len(cells)), width)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".")
    return str(value)


def _refuse_bombs(raw: BinaryIO, path: Path) -> None:
    try:
        with zipfile.ZipFile(raw) as packed:
            sizes = [(i.file_size, i.compress_size) for i in packed.infolist()]
    except zipfile.BadZipFile as error:
        raise NotAnOrderFile(f"{path.name} is damaged: {error}. Save it again.") from error
    raw.seek(0)
    unpacked, stored = sum(s for s, _ in sizes), sum(c for _, c in sizes)
    if unpacked > MAX_XLSX_BYTES or unpacked > MAX_ZIP_RATIO * max(stored, 1):
        raise NotAnOrderFile(f"{path.name} unpacks to {unpacked:,} bytes, more than we take. Save it as .csv.")
