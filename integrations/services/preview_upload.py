"""Read an uploaded file against its sheet: every row new, changed, unchanged or wrong, with everything that is wrong.

In batches: memory stays the same for a million rows, and each batch takes the same number of statements.
"""

import itertools
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from core.errors import NotFound
from core.sheets import Column, Sheet, sheet
from core.uow import door_verb
from integrations import progress
from integrations.locks import lock_upload
from integrations.models import Upload, UploadRow
from integrations.rules.sheet_rows import RowReader, SheetRow, compare, key_problems, key_values, point
from integrations.states import UPLOAD, RowOutcome, UploadState
from integrations.table_files import NotATable, open_table

BATCH = 2_000
MOST_ROWS = 1_048_575  # a spreadsheet's rows under its heading
_MOST_CODES = 50_000  # remembered of a column that points at other records

Told = Callable[[float, int], None]


@dataclass(frozen=True)
class Preview:
    """`made` is False where a newer preview, or another worker, was first."""

    made: bool
    state: str
    counts: dict[str, int]
    problem: str = ""
    notes: tuple[str, ...] = ()


@door_verb
def preview_upload(*, upload_id: int, version: int, now: datetime, told: Told | None = None) -> Preview:
    """Raises NotFound. A file that turns out to be unreadable leaves the import refused, with why."""
    row = lock_upload(upload_id)
    if row is None:
        raise NotFound(kind="import", ident=upload_id)
    if row.state != UploadState.PREVIEWING or row.version != version:
        return Preview(False, row.state, row.counts)
    allow_long_statements()
    UploadRow.objects.filter(upload_id=upload_id).delete()
    try:
        notes = _Reading(row, now, told or (lambda part, rows: progress.tell(upload_id, part, rows))).run()
    except (NotATable, OSError) as bad:
        row.problem, notes = str(bad).replace(Path(row.file.path).name, row.name), []
        UploadRow.objects.filter(upload_id=upload_id).delete()  # half a file is no preview
    target = UploadState.REFUSED if row.problem else UploadState.PREVIEWED
    row.state = UPLOAD.require(UploadState(row.state), target)
    row.notes, row.counts, row.previewed_at = notes, count_rows(upload_id), now
    row.save(update_fields=["state", "problem", "notes", "counts", "previewed_at"])
    return Preview(True, row.state, row.counts, row.problem, tuple(notes))


def allow_long_statements() -> None:
    """To the end of this transaction: a statement over a million rows may take longer than a page waits."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '15min'")


class _Reading:
    def __init__(self, upload: Upload, now: datetime, told: Told) -> None:
        found = sheet(upload.sheet)
        if found is None:
            raise NotFound(kind="sheet", ident=upload.sheet)
        self.sheet: Sheet = found
        self.upload, self.now, self.told = upload, now, told
        self.known: dict[str, dict[str, str]] = {c.name: {} for c in found.columns if c.refers}

    def run(self) -> list[str]:
        """The file's notes; the rows are stored."""
        _refuse_too_many(Path(self.upload.file.path), self.upload.name)
        with open_table(Path(self.upload.file.path), formulas=True) as found:
            if len(found.header) != len(self.upload.header):
                raise NotATable(f"{self.upload.name} is not the file that was uploaded. Upload it again.")
            reader = RowReader(self.sheet, self.upload.columns, len(found.header), found.merged)
            done = 0
            for batch in _batches((reader.read(n, cells) for n, cells in found.rows), BATCH):
                done += len(batch)
                self._judge(batch)
                _store(self.upload.pk, batch)
                self.told(found.read_part() * 0.95, done)
        _mark_twice(self.upload.pk, self.sheet)
        for column in (c for c in self.sheet.columns if c.alone and c.name in self.upload.columns):
            _mark_shared(self.upload.pk, column)
        _mark_lost(self.upload.pk, self.sheet)
        self.told(1.0, done)
        return found.notes

    def _judge(self, batch: Sequence[SheetRow]) -> None:
        for column in (c for c in self.sheet.columns if c.refers and c.name in self.upload.columns):
            known = self._known(column.name, {row.values.get(column.name, "") for row in batch} - {""})
            for row in batch:
                point(row, column, known)
        for row in batch:
            key_problems(row, self.sheet)
            row.key = self.sheet.key_of(row.values) if row.values else ""
        whole = [r for r in batch if r.values and not r.bad_columns.intersection({"", *self.sheet.key})]
        stored = self.sheet.source.stored(sorted({key_values(r, self.sheet) for r in whole}))
        for row in whole:
            compare(row, self.sheet, stored.get(key_values(row, self.sheet), ()))
        asked = [r.change() for r in whole if r.outcome in (RowOutcome.NEW, RowOutcome.CHANGED)]
        problems = self.sheet.checks(asked, self.now) if asked else {}
        for row in whole:
            row.problems.extend(problems.get(row.number, ()))

    def _known(self, column: str, codes: set[str]) -> dict[str, str]:
        remembered = self.known[column]
        if len(remembered) > _MOST_CODES:
            remembered.clear()
        if unasked := codes - remembered.keys():
            remembered |= self.sheet.source.known(column, unasked)
        return remembered


def _refuse_too_many(path: Path, name: str) -> None:
    """Before anything is read closely. A workbook has no more rows than are taken."""
    if zipfile.is_zipfile(path):
        return
    with open_table(path) as found:
        count = sum(1 for _ in itertools.islice(found.rows, MOST_ROWS + 1))
    if count > MOST_ROWS:
        raise NotATable(f"{name} has more than {MOST_ROWS:,} rows. Split it into files of fewer rows.")


def count_rows(upload_id: int) -> dict[str, int]:
    """{outcome: rows}."""
    sql = "SELECT outcome, count(*) FROM integrations_uploadrow WHERE upload_id = %s GROUP BY outcome"
    with connection.cursor() as cursor:
        cursor.execute(sql, [upload_id])
        return dict(cursor.fetchall())


def _batches(rows: Iterable[SheetRow], size: int) -> Iterator[list[SheetRow]]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, size)):
        yield batch


_COPY = """
COPY integrations_uploadrow (upload_id, number, key, outcome, record_id, version, cells, after, before, problems)
FROM STDIN
"""


def _store(upload_id: int, batch: Sequence[SheetRow]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write("".join(_line(upload_id, row) for row in batch))


def _line(upload_id: int, row: SheetRow) -> str:
    """A line of COPY's text format, written by hand: for a hundred thousand rows that is most of the time."""
    stored = row.stored
    cells = (
        str(upload_id),
        str(row.number),
        _copied(row.key[:400]),
        row.outcome,
        str(stored.id) if stored else "\\N",
        stored.version if stored else "",
        _json([c.replace("\0", "") for c in row.cells[:300]]),
        _json(row.values),
        "\\N" if row.was is None else _json(row.was),
        _json([asdict(p) for p in row.problems]) if row.problems else "[]",
    )
    return "\t".join(cells) + "\n"


def _json(value: Any) -> str:
    """JSON has no line ends or tabs of its own, so backslashes are all that COPY would misread."""
    return _encoded(value).replace("\\", "\\\\")


_encoded = json.JSONEncoder(ensure_ascii=False).encode


def _copied(text: str) -> str:
    """A text as COPY reads it back, without the null character no text of the database may hold."""
    escaped = text.replace("\0", "").replace("\\", "\\\\")
    return escaped.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


_TWICE = """
SELECT array_agg(number ORDER BY number) FROM integrations_uploadrow WHERE upload_id = %s AND key <> ''
 GROUP BY key HAVING count(*) > 1
"""
_MARK_TWICE = """
UPDATE integrations_uploadrow r
   SET outcome = 'error',
       problems = r.problems || jsonb_build_array(jsonb_build_object(
         'column', %s::text, 'why', twice.why, 'remedy', %s::text))
  FROM unnest(%s::int[], %s::text[]) AS twice(number, why) WHERE r.upload_id = %s AND r.number = twice.number
"""
_NAMED_ROWS = 10  # of one record, in a message


def _mark_twice(upload_id: int, of: Sheet) -> None:
    """Rows of one key are all wrong: which of them is meant, only a person knows. They are looked up by their numbers:
    nothing is known yet about how the keys of fresh rows are spread, and a join by key would be planned for a few."""
    with connection.cursor() as cursor:
        cursor.execute(_TWICE, [upload_id])
        _mark_all(upload_id, of.key[-1], cursor.fetchall(), "are about the same record", "Keep one of them.")


_SHARED = """
SELECT array_agg(number ORDER BY number) FROM integrations_uploadrow
 WHERE upload_id = %(upload)s AND after ->> %(column)s::text <> ''
 GROUP BY ltrim(after ->> %(column)s::text, '0') HAVING count(DISTINCT key) > 1
"""


def _mark_shared(upload_id: int, column: Column) -> None:
    """Rows of different records with one value of a column in which every record has its own."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, {"upload": upload_id, "column": column.name})
        remedy = f"Every record has its own {column.label}: leave it to one of them."
        _mark_all(upload_id, column.name, cursor.fetchall(), f"have this {column.label}", remedy)


def _mark_all(upload_id: int, column: str, groups: Iterable[tuple[Sequence[int]]], are: str, remedy: str) -> None:
    """Every row of every group is wrong, and says which the others are."""
    found = [(n, words) for (numbers,) in groups for words in [_row_words(numbers, are)] for n in numbers]
    with connection.cursor() as cursor:
        for start in range(0, len(found), BATCH):
            numbers, words = zip(*found[start : start + BATCH], strict=True)
            cursor.execute(_MARK_TWICE, [column, remedy, list(numbers), list(words), upload_id])


def _row_words(numbers: Sequence[int], are: str) -> str:
    named = ", ".join(map(str, numbers[:_NAMED_ROWS])) + (" …" if len(numbers) > _NAMED_ROWS else "")
    return f"{len(numbers)} rows {are}: rows {named}."


_NAMED = """
SELECT DISTINCT after ->> %(column)s::text FROM integrations_uploadrow
 WHERE upload_id = %(upload)s AND after ->> %(column)s::text <> '' AND outcome IN ('new', 'changed')
"""
_MADE = """
SELECT key FROM integrations_uploadrow WHERE upload_id = %(upload)s AND outcome <> 'error' AND key = ANY(%(keys)s)
"""
_MARK_LOST = """
UPDATE integrations_uploadrow
   SET outcome = 'error',
       problems = problems || jsonb_build_array(jsonb_build_object(
         'column', %(column)s::text, 'why', 'There is no ' || %(what)s::text || ' ' || (after ->> %(column)s::text)
           || ', and no good row of this file makes it.', 'remedy', 'Correct it, or mend the row it names.'))
 WHERE upload_id = %(upload)s AND outcome IN ('new', 'changed') AND after ->> %(column)s::text = ANY(%(lost)s)
"""


def _mark_lost(upload_id: int, of: Sheet) -> None:
    """Rows that name a row of their own sheet which neither is there nor comes; and, in turn, rows that name those."""
    for column in (c for c in of.columns if c.to_itself):
        asked: dict[str, Any] = {"upload": upload_id, "column": column.name, "what": column.refers}
        with connection.cursor() as cursor:
            cursor.execute(_NAMED, asked)
            named = {code for (code,) in cursor.fetchall()}
            coming = named - of.source.known(column.name, named).keys()
            while coming:
                cursor.execute(_MADE, {**asked, "keys": [code.upper() for code in coming]})
                made = {key for (key,) in cursor.fetchall()}
                lost = [code for code in coming if code.upper() not in made]
                if not lost:
                    break
                cursor.execute(_MARK_LOST, {**asked, "lost": lost})
                coming -= set(lost)
