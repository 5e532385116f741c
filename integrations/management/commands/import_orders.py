"""manage.py import_orders FILE --json: CSV, CSV.xz or XLSX order lines into draft orders and returns."""

import csv
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import queries as accounts
from accounts.rules.asks import AccountSpec
from accounts.services.create_accounts import create_accounts
from core import clock
from core.actors import Actor, system
from integrations.order_files import NotAnOrderFile, OrderFile, open_order_file
from integrations.rules.import_columns import (
    FIELDS,
    OCCURRENCE,
    REJECT_COLUMNS,
    ColumnsNotFound,
    find_columns,
    own_columns,
    parse_map,
)
from integrations.rules.import_rows import NOT_GOODS, Occurrence, Rejection, safe_cell
from integrations.services.import_orders import ImportReport, Options, RejectSink, import_orders


class Command(BaseCommand):
    help = "Import order lines from CSV, CSV.xz, CSV.gz or XLSX. Rejected rows are data: the exit code stays 0."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--map", default="", metavar="FIELD=COLUMN,…", help=f"fields: {', '.join(FIELDS)}")
        parser.add_argument("--create-missing", action="store_true", help="create unknown accounts and products")
        parser.add_argument("--default-account", metavar="CODE", help="for rows without a customer")
        parser.add_argument("--currency", default="USD", help="of accounts that are created")
        parser.add_argument("--not-goods", default="", metavar="CODE,…", help="codes to reject besides the usual ones")
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
        parser.add_argument(
            "--rejects", metavar="OUT", help="write rejected rows here as CSV, to be mended and imported"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        path, rejects = Path(options["file"]), options["rejects"]
        if not path.is_file():
            raise CommandError(f"No such file: {path}", returncode=2)
        if rejects and Path(rejects).resolve() == path.resolve():
            raise CommandError("--rejects must not be the file that is imported.", returncode=2)
        started = time.monotonic()
        try:
            with open_order_file(path) as found:
                report = self._import(found, Path(rejects) if rejects else None, options)
        except (NotAnOrderFile, ColumnsNotFound) as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror or error}", returncode=2) from error
        for note in found.notes:
            self.stderr.write(note)
        self._tell(report, time.monotonic() - started, as_json=options["json"])

    def _import(self, found: OrderFile, rejects: Path | None, options: dict[str, Any]) -> ImportReport:
        actor, now = system("order import"), clock.now()
        columns = find_columns(
            found.header, parse_map(options["map"]), customer_needed=options["default_account"] is None
        )
        more = {c.strip().upper() for c in options["not_goods"].split(",") if c.strip()}
        with ExitStack() as stack:
            sink: RejectSink | None = None
            if rejects is not None:
                target = stack.enter_context(rejects.open("w", encoding="utf-8", newline=""))
                sink = _RejectFile(target, found.header)
            return import_orders(
                rows=found.rows,
                options=Options(
                    columns=columns,
                    own=own_columns(found.header),
                    width=len(found.header),
                    create_missing=options["create_missing"],
                    default_account_id=self._default_account(options, actor),
                    currency=options["currency"],
                    not_goods=NOT_GOODS | more,
                    dry_run=options["dry_run"],
                ),
                reject=sink,
                actor=actor,
                now=now,
                progress=_Bar(self.stderr),
            )

    def _default_account(self, options: dict[str, Any], actor: Actor) -> int | None:
        code = options["default_account"]
        if code is None:
            return None
        found = accounts.accounts_by_code([code]).get(code.upper())
        if found is None and options["create_missing"]:
            if options["dry_run"]:
                return 0
            spec = AccountSpec(code=code, name=f"Customer {code}", currency=options["currency"])
            found = create_accounts([spec], actor=actor, now=clock.now())[code.upper()]
        if found is None:
            raise CommandError(f"--default-account: there is no account {code}.", returncode=2)
        return found

    def _tell(self, report: ImportReport, seconds: float, *, as_json: bool) -> None:
        if report.undated:
            self.stderr.write(f"{report.undated} rows have a date that was not understood; they were imported undated.")
        if report.partly_reversed:
            self.stderr.write(
                f"{report.partly_reversed} cancellations took back more than was sold; the part found was."
            )
        found = {
            "rows": report.rows,
            "imported": report.imported,
            "rejected": report.rejected,
            "rejected_by_reason": dict(sorted(report.rejected_by_reason.items())),
            "orders_created": report.orders_created,
            "returns_created": report.returns_created,
            "already_known": report.already_known,
            "partly_reversed": report.partly_reversed,
            "lines_per_second": round(report.rows / seconds) if seconds else 0,
        }
        if as_json:
            self.stdout.write(json.dumps(found))
            return
        for name, value in found.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {value}")


class _RejectFile:
    """The rejected rows as they came, with why, safe to open in a spreadsheet and to import again."""

    def __init__(self, target: Any, header: Sequence[str]) -> None:
        self.kept = own_columns(header)
        self.writer = csv.writer(target)
        self.writer.writerow([safe_cell(header[i]) for i in self.kept] + [*REJECT_COLUMNS, OCCURRENCE])

    def __call__(self, number: int, cells: list[str] | None, why: Rejection, occurrence: Occurrence) -> None:
        row = cells or []
        original = [safe_cell(row[i]) if i < len(row) else "" for i in self.kept]
        said = [str(number), why.reason.value, why.field, why.remedy, str(occurrence)]
        self.writer.writerow(original + [safe_cell(s) for s in said])


class _Bar:
    """Rows so far and their speed, on a terminal only."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.started = stream, time.monotonic()
        self.shown = getattr(sys.stderr, "isatty", lambda: False)()

    def __call__(self, rows: int) -> None:
        if self.shown:
            speed = rows / max(time.monotonic() - self.started, 0.001)
            self.stream.write(f"\r{rows:,} rows, {speed:,.0f} rows/s ", ending="")
