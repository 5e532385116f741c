"""Prove the override log whole, or name what was touched."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock, codec, overrides
from core.audit_heads import BadHead, export_head, read_head


class Command(BaseCommand):
    help = "Verify the override log's hash chain; exit 1 when it is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from-head", help="a head exported earlier, its file or its hash: still in the chain?")
        parser.add_argument("--export", action="store_true", help="write today's head to the folder of heads")
        parser.add_argument("--seal", action="store_true", help="seal what is pending first")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(
        self, *args: Any, from_head: str | None, seal: bool, export: bool, as_json: bool, **options: Any
    ) -> None:
        if seal:
            overrides.seal_pending(now=clock.db_now())
        if export:
            self.stderr.write(f"head written to {export_head(now=clock.db_now())}")
        try:
            kept = read_head(from_head) if from_head else None
        except BadHead as wrong:
            raise CommandError(str(wrong)) from wrong
        found = overrides.verify(kept=kept)
        if as_json:
            self.stdout.write(json.dumps(codec.dump(found)))
        else:
            verdict = "whole" if not found.problems else "BROKEN"
            self.stdout.write(f"chain {verdict}: {found.sealed} sealed, {found.unsealed} unsealed, head {found.head}")
            for problem in found.problems:
                self.stdout.write(f"  {problem}")
        if found.problems:
            sys.exit(1)
