"""The journal: said in the same transaction as the change it tells of.

`timeline` reads it back for a document.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from core import codec, sql
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
SELECT {_COLUMNS} FROM json_populate_recordset(null::core_journalentry, %(rows)s::json)
"""


@require_uow
def write(entries: Iterable[Entry], *, actor: Actor, now: datetime) -> None:
    """Append the entries, one statement for all of them."""
    rows = [_row(e, actor, now) for e in entries]
    if rows:
        sql.run(_WRITE, {"rows": json.dumps(rows)})


_companions: dict[str, list[Callable[[int], Sequence[DocumentRef]]]] = {}


def accompany(kind: str, companions: Callable[[int], Sequence[DocumentRef]]) -> None:
    """A room above says whose history is a part of this document's (an order's shipments)."""
    _companions.setdefault(kind, []).append(companions)


def timeline(ref: DocumentRef, *, limit: int = 200) -> list[TimelineItem]:
    """The latest entries of the document and of those that accompany it, newest first; what was written to both, once."""
    asked = Q(subject_kind=ref.kind, subject_id=ref.id)
    for companions in _companions.get(ref.kind, ()):
        for other in companions(ref.id):
            asked |= Q(subject_kind=other.kind, subject_id=other.id)
    told = {(r.at, r.verb, r.summary): r for r in reversed(JournalEntry.objects.filter(asked).order_by("-id")[:limit])}
    rows = sorted(told.values(), key=lambda r: -r.pk)
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
