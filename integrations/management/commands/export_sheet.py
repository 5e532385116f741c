"""manage.py export_sheet SHEET -o FILE: all rows of a sheet as CSV or XLSX; the file imports again as unchanged."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.sheets import sheet, sheets
from integrations.sheet_files import FORMATS, csv_chunks, exported, numbers_of, write_xlsx

T = TypeVar("T")


class Command(BaseCommand):
    help = "Export reference data as CSV or XLSX. What is exported imports again as unchanged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sheet", metavar="SHEET", help=", ".join(s.code for s in sheets()))
        parser.add_argument("--format", choices=sorted(FORMATS), help="by the file's name unless told otherwise")
        parser.add_argument("-o", "--output", metavar="FILE", help="standard output unless told otherwise (CSV only)")

    def handle(self, *args: Any, **options: Any) -> None:
        found = sheet(options["sheet"])
        if found is None:
            known = ", ".join(s.code for s in sheets())
            raise CommandError(f"There is no sheet {options['sheet']}. Sheets: {known}.", returncode=2)
        output = options["output"]
        form = options["format"] or ("xlsx" if str(output or "").lower().endswith(".xlsx") else "csv")
        if output is None and form == "xlsx":
            raise CommandError("A workbook needs -o FILE.", returncode=2)
        header = [c.label for c in found.columns]
        batches = self._told(exported(found), found.source.count())
        try:
            if form == "xlsx":
                with Path(output).open("wb") as target:
                    write_xlsx(target, header, batches, numbers_of(found))
            elif output is None:
                self.stdout.write("".join(csv_chunks(header, batches)), ending="")
            else:
                with Path(output).open("w", encoding="utf-8", newline="") as text:
                    text.writelines(csv_chunks(header, batches))
        except OSError as error:
            with suppress(OSError):
                Path(output).unlink(missing_ok=True)  # half a file looks like a whole one
            raise CommandError(f"{output}: {error.strerror or error}", returncode=2) from error

    def _told(self, batches: Iterable[list[T]], total: int) -> Iterator[list[T]]:
        """The batches, with a bar on a terminal."""
        shown, done = getattr(sys.stderr, "isatty", lambda: False)(), 0
        for batch in batches:
            done += len(batch)
            yield batch
            if shown:
                self.stderr.write(f"\r{'█' * int(24 * done / max(total, done)):░<24} {done:,} rows ", ending="")
        if shown:
            self.stderr.write("")
