"""manage.py edi_advise_stock PARTNER [CODE …] --out DIR: an 846 of what the partner's account can have now."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.actors import system
from core.errors import DomainError
from integrations.queries import outbound_text, partner_called
from integrations.services.advise_stock import advise_stock


class Command(BaseCommand):
    help = (
        "Write a stock advice (X12 846) for a trading partner: what its account can have of each product, and by when."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("partner", metavar="PARTNER", help="the partner's code")
        parser.add_argument(
            "codes", nargs="*", metavar="CODE", help="SKUs or part numbers; none: all it has numbers for"
        )
        parser.add_argument("--out", metavar="DIR", help="write the file here instead of on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        partner_id = partner_called(options["partner"])
        if partner_id is None:
            raise CommandError(f"No trading partner is called {options['partner']}.", returncode=2)
        out = Path(options["out"]) if options["out"] else None
        if out is not None and out.exists() and not out.is_dir():
            raise CommandError(f"--out {out} is not a folder", returncode=2)
        try:
            written = advise_stock(
                partner_id=partner_id, codes=options["codes"], actor=system("EDI advice"), now=clock.now()
            )
        except DomainError as refusal:
            raise CommandError(" ".join(refusal.each_in_words), returncode=2) from refusal
        control, text = outbound_text(written)
        if out is None:
            self.stdout.write(text)
            return
        out.mkdir(parents=True, exist_ok=True)
        (out / f"846-{control}.edi").write_text(text, newline="")
