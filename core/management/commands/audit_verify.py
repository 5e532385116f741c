"""Prove the override log whole, or name what was touched."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import clock, codec, overrides


class Command(BaseCommand):
    help = "Verify the override log's hash chain; exit 1 when it is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from-head", help="a head exported earlier that must still be in the chain")
        parser.add_argument("--seal", action="store_true", help="seal what is pending first")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, from_head: str | None, seal: bool, as_json: bool, **options: Any) -> None:
        if seal:
            overrides.seal_pending(now=clock.db_now())
        found = overrides.verify(from_head=from_head)
        if as_json:
            self.stdout.write(json.dumps(codec.dump(found)))
        else:
            verdict = "whole" if not found.problems else "BROKEN"
            self.stdout.write(f"chain {verdict}: {found.sealed} sealed, {found.unsealed} unsealed, head {found.head}")
            for problem in found.problems:
                self.stdout.write(f"  {problem}")
        if found.problems:
            sys.exit(1)
