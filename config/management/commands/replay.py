"""manage.py replay FILE --until DATE --json: a real order history through the live services, day by day."""

import gc
import json
import os
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.replay.history import read_history
from config.replay.report import Report
from config.replay.run import Asked, replay
from core.errors import DomainError
from integrations.order_files import NotAnOrderFile
from integrations.rules.import_columns import ColumnsNotFound


class Command(BaseCommand):
    help = "Replay an order history in date order as if it happened now. Needs an empty database; goes on where it stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", help="order lines: CSV, CSV.xz, CSV.gz or XLSX, as import_orders takes"
        )
        parser.add_argument("--until", required=True, type=_day, metavar="DATE", help="the last day, YYYY-MM-DD")
        parser.add_argument("--from", dest="start", type=_day, metavar="DATE", help="the first day (the file's first)")
        parser.add_argument(
            "--service-level", type=_share, default=0.95, metavar="SHARE", help="of lines, 0.95 if not said"
        )
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="of chance: payments and short picks")
        parser.add_argument(
            "--lanes", type=int, default=min(4, os.cpu_count() or 1), metavar="N", help="processes that share the work"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        path, start, until = Path(options["file"]), options["start"], options["until"]
        if not path.is_file():
            raise CommandError(f"No such file: {path}", returncode=2)
        if start is not None and until < start:
            raise CommandError(f"--until {until} is before --from {start}.", returncode=2)
        try:
            history = read_history(path)
            for said in history.notes:
                self.stderr.write(said)
            if history.undated:
                self.stderr.write(f"{history.undated} rows have a date that was not understood; they are left out.")
            asked = Asked(until, options["service_level"], options["seed"], start, max(1, options["lanes"]))
            with _few_collections():
                found = replay(history, asked, tell=_Bar(self.stderr))
        except (NotAnOrderFile, ColumnsNotFound) as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror or error}", returncode=2) from error
        except DomainError as refusal:
            raise CommandError(refusal.in_words, returncode=2) from refusal
        self._tell(found, as_json=options["json"])
        if found.breaches:
            sys.exit(1)

    def _tell(self, found: Report, *, as_json: bool) -> None:
        told = found.as_json()
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        for name in ("lines", "orders", "days", "lines_per_second", "fill_rate", "short_picks", "holds", "backorders"):
            self.stdout.write(f"{name.replace('_', ' '):20} {told[name]:,}")
        for name, value in told["kpis"].items():
            self.stdout.write(f"  {name:18} {'no data' if value is None else value}")
        for name, seconds in sorted(told["stages"].items(), key=lambda item: -item[1]):
            self.stdout.write(f"  {name:18} {seconds:8.1f} s  {seconds / found.seconds:6.1%}")
        self.stdout.write("invariants           " + ("hold" if not found.breaches else "BROKEN"))
        for breach in found.breaches:
            self.stdout.write(f"  {breach}")


@contextmanager
def _few_collections() -> Iterator[None]:
    """What is loaded stays, and a day's rows are many and short-lived: looking for cycles among them is a waste."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day: write YYYY-MM-DD") from None


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number between 0 and 1") from None
    if not 0 < value < 1:
        raise ArgumentTypeError(f"{text} is not between 0 and 1, both excluded: write 0.95 for 95 %")
    return value


class _Bar:
    """The day, the share done and the pace, on a terminal only."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.began, self.first = stream, time.monotonic(), 0
        self.shown = getattr(sys.stderr, "isatty", lambda: False)()

    def __call__(self, day: date, done: int, all_days: int) -> None:
        self.first = self.first or done
        if self.shown:
            spent = time.monotonic() - self.began
            left = spent / (done - self.first + 1) * (all_days - done)
            filled = "█" * (30 * done // all_days)
            end = "\n" if done == all_days else ""
            self.stream.write(f"\r{filled:░<30} {day} {done}/{all_days} days, {left:,.0f} s left  ", ending=end)
