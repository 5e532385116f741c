"""CSV files for spreadsheets: UTF-8 with a byte order mark, no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from integrations.rules.import_rows import safe_cell

BYTE_ORDER_MARK = "\ufeff"


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> HttpResponse:
    """The file as a download; `note`, where given, is its last row."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out)
    writer.writerow([safe_cell(cell) for cell in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    if note:
        writer.writerow([safe_cell(note)])
    answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
