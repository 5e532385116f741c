"""manage.py restore BACKUP: into an empty database, compared table by table; --drill tries it beside the running site."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backups import BackupRefused, Manifest, drill, prove, restore_backup


class Command(BaseCommand):
    help = "Restore a backup into an empty database and prove it; --drill restores into a database of its own, and drops it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", metavar="BACKUP", type=Path)
        parser.add_argument(
            "--drill", action="store_true", help="prove that this backup can be restored; change nothing"
        )

    def handle(self, *args: Any, backup: Path, **options: Any) -> None:
        try:
            manifest = self._restore(backup, is_drill=options["drill"])
        except (BackupRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        done = "would come back" if options["drill"] else "came back"
        self.stdout.write(
            f"The backup of {manifest.made_at} is whole: {manifest.rows:,} rows in {len(manifest.tables)} tables {done} "
            "as they were, the invariants hold, the override log is whole."
        )

    def _restore(self, backup: Path, *, is_drill: bool) -> Manifest:
        url, say = settings.OWNER_DATABASE_URL, self.stderr.write
        if is_drill:
            return drill(backup, url, say=say)
        manifest = restore_backup(backup, url, Path(settings.MEDIA_ROOT), say=say)
        self._close_append_only_tables()
        prove(url, say=say)
        return manifest

    def _close_append_only_tables(self) -> None:
        """The new database's default privileges opened every table to the app's role again."""
        role = settings.APP_DATABASE_ROLE
        if role and role != unquote(urlsplit(settings.OWNER_DATABASE_URL).username or ""):
            call_command("secure_audit", role=role, verbosity=0)
