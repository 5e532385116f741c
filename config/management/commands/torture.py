"""manage.py torture stock --seed N --clients 32 --seconds 60 --json: fight for the same stock, with kills."""

import json
import sys
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.torture.run import Verdict, torture_stock
from core.errors import Refused

MOST_CLIENTS, MOST_SECONDS = 64, 3600


class Command(BaseCommand):
    help = "Let many clients claim, cancel, correct and ship the same stock at once, kill some, and judge what is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["stock"])
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="of what the clients do")
        parser.add_argument(
            "--clients", type=_upto(MOST_CLIENTS), default=32, metavar="N", help="threads, in processes"
        )
        parser.add_argument("--seconds", type=_upto(MOST_SECONDS), default=60, metavar="N")
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object on standard output")

    def handle(self, *args: Any, seed: int, clients: int, seconds: int, as_json: bool, **options: Any) -> None:
        try:
            verdict = torture_stock(seed=seed, clients=clients, seconds=seconds)
        except Refused as refusal:
            raise CommandError(refusal.in_words, returncode=2) from refusal
        self._tell(verdict, as_json=as_json)
        if not verdict.is_clean:
            sys.exit(1)

    def _tell(self, verdict: Verdict, *, as_json: bool) -> None:
        told = verdict.as_json()
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        for name, value in told.items():
            if name not in ("breaches", "steps"):
                self.stdout.write(f"{name:12} {value:>8}")
        for name, count in sorted(told["steps"].items()):
            self.stdout.write(f"  {name:14} {count:>6}")
        self.stdout.write("invariants   " + ("hold" if not verdict.breaches else "BROKEN"))
        for breach in verdict.breaches:
            self.stdout.write(f"  {breach}")


def _upto(most: int) -> Any:
    def number(text: str) -> int:
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return int(text)

    return number
