"""A file the buyer uploads, as lines: CSV, or a workbook by the project's reader; never run, never unpacked far."""

import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import ParseError

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.order_files import NotAnOrderFile, open_order_file
from portal.rules.lines import Sheet, StatedLine, TooMany, UnreadableFile, decode, read_cells, read_csv

ZIP = b"PK\x03\x04"
MOST_UNPACKED = 40 * 1024 * 1024  # bytes; 2,000 lines need 1 MB
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
DAMAGED = (NotAnOrderFile, ParseError, zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, NotImplementedError)


@dataclass(frozen=True)
class Uploaded:
    """What a file said: its lines, or too many; `notice` tells what was read of it and what was not."""

    stated: list[StatedLine] | TooMany
    notice: str


def read_upload(upload: UploadedFile) -> Uploaded:
    """Raises UnreadableFile with the reason."""
    raw = upload.read() or b""
    if not raw.strip():
        raise UnreadableFile(_("it is empty"))
    if raw[:4] == OLD_WORKBOOK:
        raise UnreadableFile(_("it is an old .xls workbook: save it as .xlsx or .csv"))
    sheet = _workbook(raw) if raw[:4] == ZIP else read_csv(decode(raw))
    if isinstance(sheet, TooMany):
        return Uploaded(sheet, "")
    if not sheet.lines:
        raise UnreadableFile(_("it has a heading and no line below it, or no line at all"))
    return Uploaded(sheet.lines, _told(upload.name or "", sheet))


def _told(name: str, sheet: Sheet) -> str:
    read = ngettext("%(n)s line read from %(name)s.", "%(n)s lines read from %(name)s.", len(sheet.lines))
    words = read % {"n": f"{len(sheet.lines):,}", "name": name}
    if not sheet.unread:
        return words
    more = ngettext(
        "%(n)s line says something in another column too; only item and quantity were read.",
        "%(n)s lines say something in other columns too; only item and quantity were read.",
        sheet.unread,
    )
    return f"{words} {more % {'n': f'{sheet.unread:,}'}}"


def _workbook(raw: bytes) -> Sheet | TooMany:
    """The first sheet. The reader shows values, never formulas; a formula nobody calculated is an empty cell."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.xlsx"
        path.write_bytes(raw)
        try:
            _refuse_large(path)
            with open_order_file(path) as found:
                return read_cells(_rows(found.header, found.rows))
        except DAMAGED as error:
            raise UnreadableFile(_why(error)) from error


def _rows(header: list[str], rows: Iterator[tuple[int, list[str] | None]]) -> Iterator[list[str]]:
    yield header
    for _number, cells in rows:
        yield [cell.strip() for cell in cells or []]


def _refuse_large(path: Path) -> None:
    """The sheet is read in the request: what unpacks far is refused before it is unpacked."""
    with zipfile.ZipFile(path) as packed:
        names, unpacked = set(packed.namelist()), sum(i.file_size for i in packed.infolist())
    if unpacked > MOST_UNPACKED:
        raise NotAnOrderFile(_("it unpacks to more than %(n)s MB: save it as .csv") % {"n": MOST_UNPACKED // 2**20})
    if "xl/workbook.xml" not in names:
        raise NotAnOrderFile(_("it is a zip file and no workbook: save the sheet as .xlsx or .csv"))


def _why(error: Exception) -> str:
    if isinstance(error, NotAnOrderFile):
        return str(error).removeprefix("upload.xlsx: ").removeprefix("upload.xlsx ").rstrip(".")
    return _("the workbook is damaged; open it, save it again as .xlsx or .csv")
