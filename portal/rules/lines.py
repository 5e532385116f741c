"""Reading what a buyer typed, pasted or uploaded: one item and one quantity a line. Nothing is dropped or clamped."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.quantity import BadQuantity, as_quantity

MOST_LINES = 2000
DELIMITERS = ("\t", ";", ",")
HEADINGS = frozenset({"item", "sku", "product", "part", "part number", "part no", "article", "code", "gtin", "barcode"})
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class StatedLine:
    """What was written, untouched: `number` counts from 1 over the lines that say something."""

    number: int
    item: str
    qty: str


@dataclass(frozen=True)
class TooMany:
    """More lines than one quick order takes; none of them is taken."""

    found: int
    most: int = MOST_LINES


class UnreadableFile(ValueError):
    """The bytes are not text in UTF-8 or Windows-1252; the message names the offset."""


def decode(raw: bytes) -> str:
    """A CSV file's text: UTF-8 (with or without a byte order mark) or Windows-1252, as spreadsheets write them."""
    if b"\x00" in raw:
        raise UnreadableFile("it holds binary data: save the sheet as CSV and upload that")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError as bad:
            raise UnreadableFile(f"byte {bad.start} is neither UTF-8 nor Windows-1252") from None


def read_text(text: str) -> list[StatedLine] | TooMany:
    """The lines of a paste or a CSV file. Item first, then the quantity; a heading row is skipped, blank lines too."""
    cells = [c for c in (_cells(row) for row in text.lstrip(BYTE_ORDER_MARK).splitlines()) if any(c)]
    if cells and _is_heading(cells[0]):
        cells = cells[1:]
    if len(cells) > MOST_LINES:
        return TooMany(len(cells))
    return [StatedLine(n, c[0], c[1] if len(c) > 1 else "") for n, c in enumerate(cells, start=1)]


def read_fields(items: Iterable[str], qtys: Iterable[str]) -> list[StatedLine]:
    """The rows of the form that say something, each with its row number as shown."""
    pairs = zip(items, qtys, strict=False)
    return [
        StatedLine(n, item.strip(), qty.strip())
        for n, (item, qty) in enumerate(pairs, start=1)
        if item.strip() or qty.strip()
    ]


def write_text(lines: Iterable[StatedLine]) -> str:
    """The lines as `read_text` reads them: what travels from page to page in one field."""
    return "\n".join(f"{line.item}\t{line.qty}" for line in lines)


def quantity_of(stated: str) -> Decimal | str:
    """The quantity, or one sentence on why it is none."""
    if not stated:
        return "Say how many."
    try:
        number = as_quantity(stated)
    except BadQuantity:
        return f"“{stated[:20]}” is not a quantity: write digits, a point for decimals."
    return number if number > 0 else "The quantity must be more than 0."


def _cells(row: str) -> list[str]:
    for delimiter in DELIMITERS:
        if delimiter in row:
            return [cell.strip() for cell in next(csv.reader([row], delimiter=delimiter))]
    by_space = re.fullmatch(r"\s*(\S.*?)\s+(\S+)\s*", row)
    return [by_space[1], by_space[2]] if by_space else [row.strip()]


def _is_heading(cells: list[str]) -> bool:
    has_no_number = len(cells) < 2 or not re.search(r"\d", cells[1])
    return cells[0].casefold() in HEADINGS and has_no_number
