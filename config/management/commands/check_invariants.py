"""Assert what must always be true. Run it after any test, fault or restore; in production on a schedule."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import invariants


class Command(BaseCommand):
    help = "Check every invariant of the product; exit 1 when any is broken, 2 when a named check does not exist."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object on standard output")
        parser.add_argument("--only", nargs="+", metavar="NAME", help="run only these checks")
        parser.add_argument("--list", action="store_true", dest="only_list", help="name the checks and stop")

    def handle(self, *args: Any, as_json: bool, only: list[str] | None, only_list: bool, **options: Any) -> None:
        unknown = sorted(set(only or ()) - set(invariants.names()))
        if unknown:
            self.stderr.write(f"No such check: {', '.join(unknown)}. `check_invariants --list` names them all.")
            sys.exit(2)
        names = sorted(only) if only else invariants.names()
        if only_list:
            self.stdout.write("\n".join(names))
            return
        breaches = invariants.run(names)
        if as_json:
            found = [{"name": b.name, "detail": b.detail} for b in breaches]
            self.stdout.write(json.dumps({"checks": len(names), "breaches": found}))
        else:
            self._tell(names, breaches)
        if breaches:
            sys.exit(1)

    def _tell(self, names: list[str], breaches: list[invariants.Breach]) -> None:
        broken = {b.name for b in breaches}
        for name in names:
            self.stdout.write(f"{'BROKEN' if name in broken else 'holds '}  {name}")
        for breach in breaches:
            self.stdout.write(f"  {breach.name}: {breach.detail}")
