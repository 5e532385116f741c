"""manage.py import_sheet SHEET FILE: preview a file of reference data, and with --apply write it."""

import json
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.actors import Actor, system
from core.errors import DomainError
from core.sheets import folded, sheet, sheets
from integrations.models import UploadRow
from integrations.services.apply_upload import apply_upload
from integrations.services.confirm_upload import NothingToApply, RowsAreWrong, confirm_upload
from integrations.services.keep_upload import Kept, keep_upload
from integrations.services.name_columns import name_columns
from integrations.services.preview_upload import Preview, preview_upload
from integrations.states import ApplyMode, RowOutcome

_SHOWN = 20


class Command(BaseCommand):
    help = "Import reference data from CSV, CSV.xz, CSV.gz or XLSX. Without --apply it is a preview and writes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sheet", metavar="SHEET", help=", ".join(s.code for s in sheets()))
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--map", default="", metavar="COLUMN=HEADING,…", help="what the headings do not say")
        parser.add_argument("--dry-run", action="store_true", help="preview only (as without --apply)")
        parser.add_argument("--apply", choices=[str(m) for m in ApplyMode], help="all rows or none, or the valid ones")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        path, actor, seconds = Path(options["file"]), system("sheet import"), _Seconds()
        if sheet(options["sheet"]) is None:
            known = ", ".join(s.code for s in sheets())
            raise CommandError(f"There is no sheet {options['sheet']}. Sheets: {known}.", returncode=2)
        try:
            with path.open("rb") as source:
                kept = keep_upload(
                    sheet_code=options["sheet"], name=path.name, source=source, actor=actor, now=clock.now()
                )
            columns = {**kept.columns, **_mapped(options["map"], options["sheet"], kept)}
            preview = self._preview(kept, columns, actor)
            seconds.lap("preview")
            found = self._apply(kept, preview, options, actor) if options["apply"] and not options["dry_run"] else {}
            seconds.lap("apply")
        except DomainError as refusal:
            raise CommandError(" ".join(refusal.each_in_words), returncode=2) from refusal
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror or error}", returncode=2) from error
        self._tell(kept, preview, found, seconds, as_json=options["json"])

    def _preview(self, kept: Kept, columns: Mapping[str, int], actor: Actor) -> Preview:
        version = name_columns(upload_id=kept.upload_id, columns=columns, actor=actor, now=clock.now(), queued=False)
        bar = _Bar(self.stderr, "preview")
        preview = preview_upload(upload_id=kept.upload_id, version=version, now=clock.db_now(), told=bar)
        bar.end()
        if preview.problem:
            raise CommandError(preview.problem, returncode=2)
        return preview

    def _apply(self, kept: Kept, preview: Preview, options: dict[str, Any], actor: Actor) -> dict[str, Any]:
        mode = ApplyMode(options["apply"])
        try:
            confirm_upload(upload_id=kept.upload_id, version=1, mode=mode, actor=actor, now=clock.now(), queued=False)
        except (NothingToApply, RowsAreWrong) as refusal:
            return {"applied": False, "problem": refusal.in_words}
        bar = _Bar(self.stderr, "apply")
        done = apply_upload(upload_id=kept.upload_id, version=1, actor=actor, now=clock.db_now(), told=bar)
        bar.end()
        return {"applied": done.state == "applied", "problem": done.problem, "counts": done.counts}

    def _tell(
        self, kept: Kept, preview: Preview, applied: dict[str, Any], seconds: "_Seconds", *, as_json: bool
    ) -> None:
        for note in preview.notes:
            self.stderr.write(note)
        rows = sum(preview.counts.values())
        found = {
            "import": kept.upload_id,
            "rows": rows,
            **{str(o): preview.counts.get(o, 0) for o in list(RowOutcome)[:4]},
            "same_file_before": kept.earlier_id is not None,
            "applied": applied.get("applied", False),
            "after": applied.get("counts", {}),
            "problem": applied.get("problem", ""),
            "seconds": {**seconds.laps, "all": round(sum(seconds.laps.values()), 2)},
            "rows_per_second": round(rows / max(sum(seconds.laps.values()), 0.001)),
            "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        if as_json:
            self.stdout.write(json.dumps(found))
            return
        for name, value in found.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {value}")
        self._show_problems(kept.upload_id)

    def _show_problems(self, upload_id: int) -> None:
        wrong = UploadRow.objects.filter(upload_id=upload_id, outcome__in=[RowOutcome.ERROR, RowOutcome.MOVED])
        for row in wrong.order_by("number")[:_SHOWN]:
            for p in row.problems:
                self.stdout.write(f"row {row.number}, {p['column'] or 'the row'}: {p['why']} {p['remedy']}".rstrip())


def _mapped(text: str, code: str, kept: Kept) -> dict[str, int]:
    """`sku=Artikel,name=Bezeichnung` as places. Raises CommandError."""
    found: dict[str, int] = {}
    known = {name for s in sheets() if s.code == code for name in s.by_name}
    headings = {folded(h): i for i, h in reversed(list(enumerate(kept.header)))}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, heading = (p.strip() for p in part.partition("="))
        if name not in known:
            raise CommandError(
                f"--map: there is no column {name!r}. Columns: {', '.join(sorted(known))}.", returncode=2
            )
        if folded(heading) not in headings:
            raise CommandError(
                f"--map: the file has no heading {heading!r}. It has: {', '.join(kept.header)}.", returncode=2
            )
        found[name] = headings[folded(heading)]
    return found


class _Seconds:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.began = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self.began = round(now - self.began, 2), now


class _Bar:
    """A bar with rows and speed, on a terminal only."""

    def __init__(self, stream: Any, what: str) -> None:
        self.stream, self.what, self.began = stream, what, time.monotonic()
        self.shown = getattr(sys.stderr, "isatty", lambda: False)()

    def __call__(self, part: float, rows: int) -> None:
        if self.shown:
            speed = rows / max(time.monotonic() - self.began, 0.001)
            bar = "█" * int(part * 24)
            self.stream.write(f"\r{self.what:8}{bar:░<24} {rows:,} rows, {speed:,.0f} rows/s ", ending="")
            self.stream.flush()

    def end(self) -> None:
        if self.shown:
            self.stream.write("")
