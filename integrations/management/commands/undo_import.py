"""manage.py undo_import ID --reason TEXT: take an applied import back."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.actors import system
from core.errors import DomainError, InvalidInput
from integrations.models import Upload
from integrations.services.confirm_undo import confirm_undo
from integrations.services.undo_upload import undo_upload
from integrations.states import UploadState


class Command(BaseCommand):
    help = "Undo an applied import: changed records become what they were, new ones go where nothing refers to them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int, metavar="ID", help="as import_sheet and the console's list show it")
        parser.add_argument("--reason", required=True, help="why, in a sentence; it is kept")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        actor, upload_id = system("sheet import"), options["id"]
        try:
            confirm_undo(upload_id=upload_id, reason=options["reason"], actor=actor, now=clock.now(), queued=False)
            version = Upload.objects.values_list("version", flat=True).get(pk=upload_id)
            done = undo_upload(upload_id=upload_id, version=version, actor=actor, now=clock.db_now())
        except InvalidInput as refusal:
            raise CommandError(" ".join(e.message for e in refusal.errors), returncode=2) from refusal
        except DomainError as refusal:
            raise CommandError(refusal.in_words, returncode=2) from refusal
        found = {
            "import": upload_id,
            "undone": done.state == UploadState.UNDONE,
            "after": done.counts,
            "problem": done.problem,
        }
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        for name, value in found.items():
            self.stdout.write(f"{name}: {value}")
