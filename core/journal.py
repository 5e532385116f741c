"""The journal: said in the same transaction as the change it tells of.

`timeline` reads it back for a document.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from core import codec
from core.actors import Actor
from core.models import JournalEntry
from core.refs import DocumentRef
from core.uow import require_uow


@dataclass(frozen=True)
class Entry:
    """`verb` is the past-tense word filters use ("submitted"); `summary` one sentence for people."""

    subject: DocumentRef
    verb: str
    summary: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TimelineItem:
    at: datetime
    verb: str
    summary: str
    actor: str
    on_behalf_of: int | None
    data: Mapping[str, Any]


_COLUMNS = """subject_kind, subject_id, verb, summary, at, actor_id, actor_label, actor_roles, on_behalf_of, ip,
       request_id, data"""
_WRITE = f"""
INSERT INTO core_journalentry ({_COLUMNS})
SELECT {_COLUMNS} FROM json_populate_recordset(null::core_journalentry, %s)
"""


@require_uow
def write(entries: Iterable[Entry], *, actor: Actor, now: datetime) -> None:
    """Append the entries, one statement for all of them."""
    rows = [_row(e, actor, now) for e in entries]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [json.dumps(rows)])


def timeline(ref: DocumentRef, *, limit: int = 200) -> list[TimelineItem]:
    """The document's latest entries, newest first."""
    rows = JournalEntry.objects.filter(subject_kind=ref.kind, subject_id=ref.id).order_by("-id")[:limit]
    return [TimelineItem(r.at, r.verb, r.summary, r.actor_label, r.on_behalf_of, r.data) for r in rows]


def _row(entry: Entry, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "subject_kind": entry.subject.kind,
        "subject_id": entry.subject.id,
        "verb": entry.verb,
        "summary": entry.summary[:300],
        "at": now.isoformat(),
        "actor_id": actor.user_id,
        "actor_label": actor.label,
        "actor_roles": ",".join(sorted(actor.roles)),
        "on_behalf_of": actor.on_behalf_of,
        "ip": actor.ip,
        "request_id": actor.request_id,
        "data": codec.dump(entry.data),
    }
