"""What became of an import's rows, as a file: the rows as they came with `result` and `problems`, or the values before."""

from collections.abc import Iterator, Sequence

from core.cells import tidy, unguarded
from core.sheets import Sheet
from integrations.models import Upload, UploadRow
from integrations.rules.sheet_rows import values_of

BATCH = 2_000
RESULT_COLUMNS = ("result", "problems")


def result_header(upload: Upload, of: Sheet, *, before: bool = False) -> list[str]:
    if before:
        return [c.label for c in of.columns if c.name in upload.columns]
    return [h for _, h in _own(upload)] + list(RESULT_COLUMNS)


def result_numbers(header: Sequence[str]) -> list[bool]:
    """All text: what came is given back as it came."""
    return [False] * len(header)


def result_batches(
    upload: Upload, of: Sheet, only: Sequence[str] = (), *, before: bool = False
) -> Iterator[list[list[str]]]:
    """The rows in the file's order, a statement for each batch. With `before`, the values that updated rows had: import
    that file, and the update is undone."""
    places = [i for i, _ in _own(upload)]
    columns = [c for c in of.columns if c.name in upload.columns]
    outcomes = ["updated"] if before else list(only)
    last = 0
    while True:
        rows = UploadRow.objects.filter(upload=upload, number__gt=last)
        found = list((rows.filter(outcome__in=outcomes) if outcomes else rows).order_by("number")[:BATCH])
        if not found:
            return
        last = found[-1].number
        if before:
            yield [values_of({**r.after, **(r.before or {})}, columns) for r in found]
        else:
            yield [_line(r, places) for r in found]


def _own(upload: Upload) -> list[tuple[int, str]]:
    """The file's own columns: without those an earlier result file added."""
    return [(i, h) for i, h in enumerate(upload.header) if h.strip().lower() not in RESULT_COLUMNS]


def _line(row: UploadRow, places: Sequence[int]) -> list[str]:
    told = " ".join(f"{p['column'] or 'Row'}: {p['why']} {p['remedy']}".replace("_", " ").strip() for p in row.problems)
    cells = [tidy(unguarded(row.cells[i])) if i < len(row.cells) else "" for i in places]
    return [*cells, row.outcome, told]
