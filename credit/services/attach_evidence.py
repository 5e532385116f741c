"""Keep what a limit is asked for with. The bytes are stored first and the row points at them after: a file nobody points
at is harmless, a row that points at nothing is not."""

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from catalog.rules import evidence
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refused
from core.uow import door_verb
from credit.authority import authority_of
from credit.models import CreditAccount, LimitEvidence
from credit.services.change_limit import ref_of

LEAST_NOTE = 10


class EvidenceKnown(Refused):
    template = "This file is attached to the credit account already."
    remedy_template = "Ask for the limit: it is shown with the request."


def attach_evidence(
    *, account_id: int, note: str, name: str = "", content: bytes = b"", actor: Actor, now: datetime
) -> int:
    """The evidence's id. Without a name and content it is a note alone: what was said, by whom.

    Raises NotPermitted, NotFound, EvidenceKnown, InvalidInput (a note under ten characters; anything but a PDF, PNG or
    JPEG, told by its first bytes, of at most `evidence.LARGEST` bytes).
    """
    if authority_of(actor) is None:
        raise NotPermitted(actor=actor.label, verb="attach evidence for a limit", roles="finance")
    row = CreditAccount.objects.filter(account_id=account_id).select_related("account").first()
    if row is None:
        raise NotFound(kind="credit account of account", ident=account_id)
    errors = []
    if len(note.strip()) < LEAST_NOTE:
        errors.append(FieldError("/note", "too_short", "Say in at least ten characters what it shows."))
    if (name or content) and (wrong := evidence.problem(name, content)):
        errors.append(FieldError("/file", "file", wrong, "Send a scan as PDF, PNG or JPEG."))
    if errors:
        raise InvalidInput(errors)
    found = LimitEvidence(credit_account=row, note=note.strip()[:300], attached_at=now, attached_by=actor.label)
    if content:
        _store(found, row.pk, name, content)
    return _keep(found, row, actor=actor, now=now)


def _store(found: LimitEvidence, credit_account_id: int, name: str, content: bytes) -> None:
    kind, sha256 = evidence.kind_of(content), hashlib.sha256(content).hexdigest()
    stored = f"credit/{credit_account_id}-{sha256[:32]}.{evidence.ENDINGS[kind]}"
    if not default_storage.exists(stored):
        stored = default_storage.save(stored, ContentFile(content))
    found.file, found.file_name, found.file_type = stored, evidence.shown_name(name), kind
    found.sha256, found.size = sha256, len(content)


@door_verb(refuse_on={"one_file_once_per_credit_account": EvidenceKnown})
def _keep(found: LimitEvidence, row: CreditAccount, *, actor: Actor, now: datetime) -> int:
    found.pk = None
    found.save(force_insert=True)
    what = f"{found.file_name}: {found.note}" if found.file_name else found.note
    entry = journal.Entry(ref_of(row), "evidence_attached", what[:300], {"sha256": found.sha256})
    journal.write([entry], actor=actor, now=now)
    return int(found.pk or 0)
