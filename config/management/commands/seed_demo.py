"""Fill an empty database with the demo company. The first `./run` calls it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import seed as demo_seed
from config.demo.company import COMPANY
from config.demo.progress import Progress
from config.demo.scale import SCALES
from core import clock, demo
from core.errors import DomainError

NOON = time(16)  # of a day that is given: late enough for a working day to lie behind it


@contextmanager
def no_mail() -> Iterator[None]:
    """What a made-up year writes to made-up people goes to nobody, and not over the progress on the terminal."""
    kept, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.EMAIL_BACKEND = kept


class Command(BaseCommand):
    help = f"Fill an empty database with {COMPANY}, a made-up distributor, and a year of its business."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scale", choices=sorted(SCALES), default="small")
        parser.add_argument("--seed", type=int, default=1, help="the same seed and day give the same numbers")
        parser.add_argument("--today", type=date.fromisoformat, metavar="DATE", help="the day the demo ends at (today)")
        parser.add_argument("--if-empty", action="store_true", help="do nothing in a database that holds data")
        parser.add_argument("--orders", type=int, metavar="N", help="large only: orders of the history laid by COPY")
        parser.add_argument("--lines-per-order", type=int, metavar="M", help="large only: lines of each of them")

    def handle(self, *args: Any, if_empty: bool, **options: Any) -> None:
        scale = SCALES[options["scale"]]
        if scale.is_large:
            scale = scale.with_history(options["orders"], options["lines_per_order"])
        elif options["orders"] or options["lines_per_order"]:
            raise CommandError("--orders and --lines-per-order are for --scale large.")
        if self._is_done(if_empty, scale.name, options["seed"]):
            return
        now = datetime.combine(options["today"], NOON, UTC) if options["today"] else clock.db_now()
        try:
            out: Any = self.stdout._out
            with no_mail():
                demo_seed.make(scale, options["seed"], now=now, progress=Progress(out))
        except DomainError as refusal:
            raise CommandError(refusal.in_words) from refusal
        self.stdout.write(f"{COMPANY} is open for business. `manage.py print_signins` shows who can sign in.")

    def _is_done(self, if_empty: bool, scale: str, seed: int) -> bool:
        there = demo.installation()
        if there and there.is_finished and (if_empty or (there.scale, there.seed) == (scale, seed)):
            if not if_empty:
                self.stdout.write(f"The demo is here already: {there.scale}, seed {there.seed}. Nothing was changed.")
            return True
        return there is None and if_empty and bool(demo_seed.other_data())
