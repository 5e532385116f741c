"""A list as CSV: streamed, safe to open in a spreadsheet, cut at CAP rows with a word about it."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

CAP = 50_000
CHUNK = 2_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_response(queryset: QuerySet[Any], columns: Sequence[tuple[str, str]], *, name: str) -> StreamingHttpResponse:
    """`columns` are (title, field path). Rows in the queryset's own order, one statement."""
    rows = queryset.values_list(*(path for _, path in columns))[: CAP + 1].iterator(chunk_size=CHUNK)
    response = StreamingHttpResponse(
        csv_lines([title for title, _ in columns], rows), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def csv_lines(titles: Sequence[str], rows: Iterable[Sequence[Any]], *, cap: int = CAP) -> Iterator[str]:
    """The file line by line; after `cap` rows the last line says that there were more."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(titles)  # spreadsheets take a file without the mark for another alphabet
    for count, row in enumerate(rows):
        if count == cap:
            yield writer.writerow([f"Only the first {cap:,} rows are in this file: narrow the list to get the others."])
            return
        yield writer.writerow([cell(value) for value in row])


def cell(value: Any) -> str:
    """A value as a spreadsheet reads it; an apostrophe before what it would run as a formula. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


class _Echo:
    """csv wants a file; the line is what is wanted."""

    def write(self, line: str) -> str:
        return line
