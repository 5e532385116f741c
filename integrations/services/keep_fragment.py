"""A piece of a file that is no interchange gets a row of its own in the inbox, once per content."""

import hashlib
from datetime import datetime

from core.actors import Actor
from core.uow import door_verb
from integrations.models import EdiTransaction
from integrations.queries import fragment_by_hash
from integrations.rules.x12_tree import Fragment


@door_verb
def keep_fragment(*, fragment: Fragment, file_id: int, actor: Actor, now: datetime) -> tuple[int, bool]:
    """(row id, whether it is new). The text is cut to its first 20,000 characters; the file has the rest."""
    said = hashlib.sha256(f"{fragment.problem.code}|{fragment.text}".encode()).hexdigest()
    known = fragment_by_hash(said)
    if known is not None:
        return known, False
    row = EdiTransaction.objects.create(
        file_id=file_id, content_hash=said, text=fragment.text.replace("\0", ""), received_at=now
    )
    return row.pk, True
