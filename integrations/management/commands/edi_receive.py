"""manage.py edi_receive PATH… --json: X12 files into the inbox, 850s into orders, 997s out."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.actors import system
from integrations.services.receive_edi import Report, read_only, receive_edi

# What stands beside the files in a folder and is none: never read unless named itself.
_BESIDE = ("readme", "license", "licence", "manifest")
_SUFFIXES = {".md", ".tsv", ".json", ".py", ".zip"}


class Command(BaseCommand):
    help = "Receive X12 files: keep them, turn 850s into orders, answer with 997s. Folders are read whole."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file or a folder")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
        parser.add_argument("--out", metavar="DIR", help="also write the 997s and TA1s here")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = [p for p in options["paths"] if not Path(p).exists()]
        if missing:
            raise CommandError(f"No such file or folder: {', '.join(missing)}", returncode=2)
        out = Path(options["out"]) if options["out"] else None
        if out is not None and out.exists() and not out.is_dir():
            raise CommandError(f"--out {out} is not a folder", returncode=2)
        report = Report()
        for path in self._files(options["paths"]):
            self._receive(path, report, dry=options["dry_run"])
        if out is not None:
            self._write(out, report)
        self._tell(report, as_json=options["json"])

    def _files(self, paths: list[str]) -> Iterator[Path]:
        for given in map(Path, paths):
            if not given.is_dir():
                yield given
                continue
            for path in sorted(p for p in given.rglob("*") if p.is_file()):
                name = path.name.lower()
                if name.startswith((".", *_BESIDE)) or path.suffix.lower() in _SUFFIXES:
                    self.stderr.write(f"{path}: not an EDI file by its name, left out")
                else:
                    yield path

    def _receive(self, path: Path, report: Report, *, dry: bool) -> None:
        try:
            with path.open("rb") as stream:
                if dry:
                    read_only(name=str(path), stream=stream, report=report)
                else:
                    receive_edi(
                        name=str(path), stream=stream, report=report, actor=system("EDI receive"), now=clock.now()
                    )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}", returncode=2) from error

    def _write(self, out: Path, report: Report) -> None:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in report.texts:
            (out / name).write_text(text, newline="")

    def _tell(self, report: Report, *, as_json: bool) -> None:
        for note in report.notes:
            self.stderr.write(note)
        found = asdict(report)
        del found["texts"], found["notes"]
        if as_json:
            self.stdout.write(json.dumps(found))
            return
        for aside in report.quarantined:
            self.stdout.write(f"quarantined: {aside.file} {aside.control} {aside.segment} {aside.reason}")
        self.stdout.write(
            f"{report.files} files, {report.interchanges} interchanges, {report.transactions} transactions: "
            f"{report.orders_created} orders, {report.duplicates} duplicates, {len(report.quarantined)} quarantined"
        )
