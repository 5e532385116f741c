"""Reading what a buyer typed, pasted or uploaded: one item and one quantity a line. Nothing is dropped or clamped."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from core.quantity import BadQuantity, as_quantity

MOST_LINES = 2000
MOST_COUNTED = 20_000  # rows of a file that are counted before it is refused
DELIMITERS = ("\t", ";", ",")
HEADINGS = frozenset({"item", "sku", "product", "part", "part number", "part no", "article", "code", "gtin", "barcode"})
QTY_HEADINGS = frozenset(
    {"qty", "quantity", "order qty", "order quantity", "ordered", "amount ordered", "pieces", "units"}
)
BYTE_ORDER_MARK = "\ufeff"
# "ABC-1 x 12", "ABC-1 × 12", "ABC-1 *12": the sign stands alone or before the number.
TIMES_AFTER = re.compile(r"\s*(\S.*?)\s+[x×*]\s*(\d[\d.,]*)\s*", re.IGNORECASE)
# "12 x ABC-1", "12× ABC-1": a number, the sign, then what is no number.
TIMES_BEFORE = re.compile(r"\s*(\d[\d.,]*)\s*[x×*]\s+(\S.*?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class StatedLine:
    """What was written, untouched: `number` counts from 1 over the lines that say something."""

    number: int
    item: str
    qty: str


@dataclass(frozen=True)
class TooMany:
    """More lines than one quick order takes; none of them is taken. `is_more`: there are even more than `found`."""

    found: int
    most: int = MOST_LINES
    is_more: bool = False


@dataclass(frozen=True)
class Sheet:
    """The lines of a table. `unread`: how many of them say something in a column that is not read."""

    lines: list[StatedLine]
    unread: int = 0


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
    """The lines of a paste: item and quantity in either column order a heading names, else in this order."""
    sheet = read_cells(_cells(row) for row in text.lstrip(BYTE_ORDER_MARK).splitlines())
    return sheet if isinstance(sheet, TooMany) else sheet.lines


def read_csv(text: str) -> Sheet | TooMany:
    """The lines of a CSV file, as `read_text` reads them, with what was left unread."""
    return read_cells(_cells(row) for row in text.lstrip(BYTE_ORDER_MARK).splitlines())


def read_cells(rows: Iterable[list[str]]) -> Sheet | TooMany:
    """The lines of a table. A heading row says which column is which; blank rows are skipped."""
    cells = (c for c in rows if any(c))
    taken = list(islice(cells, MOST_COUNTED + 2))
    where = _columns(taken[0]) if taken else None
    if where:
        taken = taken[1:]
    if len(taken) > MOST_LINES:
        return TooMany(min(len(taken), MOST_COUNTED), is_more=len(taken) > MOST_COUNTED)
    item_at, qty_at = where or (0, 1)
    lines = [StatedLine(n, _at(c, item_at), _at(c, qty_at)) for n, c in enumerate(taken, start=1)]
    unread = sum(any(x for i, x in enumerate(c) if i not in (item_at, qty_at)) for c in taken)
    return Sheet(lines, unread)


def _at(cells: list[str], column: int) -> str:
    """On one line: a spreadsheet's cell may hold several."""
    return " ".join(cells[column].split()) if column < len(cells) else ""


def _columns(heading: list[str]) -> tuple[int, int] | None:
    """Where the item and the quantity stand, when the first row is a heading; None when it is a line already."""
    words = [cell.casefold() for cell in heading]
    item = next((i for i, word in enumerate(words) if word in HEADINGS), None)
    if item is None or any(re.search(r"\d", word) for word in words[1:2]):
        return None
    qty = next((i for i, word in enumerate(words) if word in QTY_HEADINGS and i != item), None)
    return item, qty if qty is not None else item + 1


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
    if times := TIMES_AFTER.fullmatch(row):
        return [times[1], times[2]]
    if times := TIMES_BEFORE.fullmatch(row):
        return [times[2], times[1]]
    by_space = re.fullmatch(r"\s*(\S.*?)\s+(\S+)\s*", row)
    return [by_space[1], by_space[2]] if by_space else [row.strip()]
