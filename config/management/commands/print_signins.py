"""Who can sign in to the demo, and how: printed at each start of `./run`; silent where there is no demo."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from config.demo import signins
from config.demo.people import PERSONAS, Persona
from core import demo


class Command(BaseCommand):
    help = "Print the demo's sign-ins. They are made of this installation's secret key; only a local site prints them."

    def handle(self, *args: Any, **options: Any) -> None:
        there = demo.installation()
        if there is None or not there.company:
            return
        if not signins.is_local():
            self.stdout.write("This demo can be reached by others: its sign-ins are not printed.")
            return
        if not self._is_ours(PERSONAS[0]):
            self.stdout.write("The demo's sign-ins were made with another secret key and cannot be printed any more.")
            return
        first = there.company["customers"][0]["name"]
        self.stdout.write(f"\nDEMO ({there.scale}, seed {there.seed}): sign in as")
        rows = [(p.title.format(first), p.name, p.email, signins.password_of(p.email), p.door) for p in PERSONAS]
        widths = [max(len(row[n]) for row in rows) for n in range(5)]
        for row in rows:
            self.stdout.write(
                "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            )

    def _is_ours(self, persona: Persona) -> bool:
        user = get_user_model().objects.filter(email=persona.email).first()
        return user is not None and user.check_password(signins.password_of(persona.email))
