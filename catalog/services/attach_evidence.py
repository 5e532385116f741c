"""Keep the file that proves a licence. The bytes are stored first and the row points at them after: a file nobody points
at is harmless, a row that points at nothing is not."""

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from catalog.models import License
from catalog.rules import evidence
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.refs import DocumentRef
from core.uow import door_verb


def attach_evidence(*, licence_id: int, name: str, content: bytes, actor: Actor, now: datetime) -> str:
    """The stored name. A second file takes the place of the first; the first stays in the licence's history.

    Raises NotFound, and InvalidInput for anything but a PDF, PNG or JPEG of at most `evidence.LARGEST` bytes.
    """
    if wrong := evidence.problem(name, content):
        raise InvalidInput([FieldError("/evidence", "file", wrong, "Send a scan as PDF, PNG or JPEG.")])
    if not License.objects.filter(pk=licence_id).exists():
        raise NotFound(kind="licence", ident=licence_id)
    sha256, kind = hashlib.sha256(content).hexdigest(), evidence.kind_of(content)
    stored = evidence.stored_name(licence_id, sha256, kind)
    if not default_storage.exists(stored):
        stored = default_storage.save(stored, ContentFile(content))
    _point_at(licence_id, stored, evidence.shown_name(name), kind, sha256, actor=actor, now=now)
    return stored


@door_verb
def _point_at(licence_id: int, stored: str, shown: str, kind: str, sha256: str, *, actor: Actor, now: datetime) -> None:
    values = {"evidence": stored, "evidence_name": shown, "evidence_type": kind, "evidence_sha256": sha256}
    if not License.objects.filter(pk=licence_id).update(**values):
        raise NotFound(kind="licence", ident=licence_id)
    ref = DocumentRef("licence", licence_id, shown[:60])
    entry = journal.Entry(ref, "evidence_attached", f"evidence {shown} attached", {"sha256": sha256})
    journal.write([entry], actor=actor, now=now)
