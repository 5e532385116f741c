"""manage.py backup FOLDER: a dump, the documents and a manifest that proves a restore whole."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backups import BackupRefused, make_backup
from core import clock


class Command(BaseCommand):
    help = "Write a backup below FOLDER while the site runs. docs/how-to/production.md says how often and where."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            made = make_backup(
                settings.OWNER_DATABASE_URL,
                Path(settings.MEDIA_ROOT),
                folder,
                now=clock.db_now(),
                say=self.stderr.write,
            )
        except (BackupRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(str(made))
