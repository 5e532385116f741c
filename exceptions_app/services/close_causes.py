"""A cause is gone: its cases resolve themselves and keep their history."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from core import journal
from core.actors import Actor, system
from core.outbox import Note, publish_many
from core.refs import DocumentRef
from core.uow import require_uow
from exceptions_app import kinds, locks
from exceptions_app.events import CaseEnded
from exceptions_app.models import CaseEvent, SlaStep
from exceptions_app.states import LIVE

_LIVE = [status.value for status in LIVE]


@require_uow
def close_causes(
    kind: str,
    subject: DocumentRef,
    cause_keys: Collection[str] | None,
    *,
    now: datetime,
    actor: Actor | None = None,
    why: str = "The cause is gone.",
) -> list[int]:
    """Auto-resolve the live cases of these causes (None: all of the subject's of this kind). Their ids.

    Nothing below lock rank 80 may follow in the caller's transaction.
    """
    keys = [None] if cause_keys is None else sorted(set(cause_keys))
    return close_many([Cause(kind, subject, key) for key in keys], now=now, actor=actor, why=why)


@dataclass(frozen=True)
class Cause:
    """What cases are about. `cause_key` None: every cause of the subject of this kind."""

    kind: str
    subject: DocumentRef
    cause_key: str | None = None


@require_uow
def close_many(
    causes: Sequence[Cause], *, now: datetime, actor: Actor | None = None, why: str = "The cause is gone."
) -> list[int]:
    """The same for causes of many subjects: the statements of one."""
    actor = actor or system("exceptions")
    locks.announce()
    ended = _end(causes, now) if causes else []
    if not ended:
        return []
    ids = [end.case_id for end in ended]
    SlaStep.objects.filter(case_id__in=ids, fired_at=None, due_at__gt=now).update(is_running=False)
    CaseEvent.objects.bulk_create(
        CaseEvent(case_id=pk, verb="auto_resolved", at=now, actor_id=actor.user_id, actor_label=actor.label, note=why)
        for pk in ids
    )
    journal.write([_entry(end) for end in ended], actor=actor, now=now)
    publish_many([_note(end) for end in ended], now=now, actor=actor)
    return ids


@dataclass(frozen=True)
class _Ended:
    case_id: int
    number: str
    version: int
    kind: str
    subject: DocumentRef


def _entry(end: _Ended) -> journal.Entry:
    summary = f"{kinds.label(end.kind)}: case {end.number} resolved itself"
    return journal.Entry(end.subject, "case_resolved", summary)


def _note(end: _Ended) -> Note:
    fact = CaseEnded(end.case_id, end.number, end.kind, end.subject.kind, end.subject.id, True)
    return Note(fact, f"case:{end.case_id}", end.version)


_END = """
WITH gone AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS g(kind, subject_kind, subject_id, cause)
), held AS (
    SELECT c.id FROM exceptions_app_case c
     WHERE c.status = ANY(%s)
       AND EXISTS (SELECT FROM gone g WHERE (g.kind, g.subject_kind, g.subject_id)
                                            = (c.kind, c.subject_kind, c.subject_id)
                                        AND (g.cause IS NULL OR g.cause = c.cause_key))
     ORDER BY c.id FOR NO KEY UPDATE
)
UPDATE exceptions_app_case c SET status = 'auto_resolved', resolved_at = %s, waiting_since = NULL,
       breach_at = NULL, version = c.version + 1 FROM held WHERE c.id = held.id AND c.status = ANY(%s)
RETURNING c.id, c.number, c.version, c.kind, c.subject_kind, c.subject_id, c.subject_number
"""


def _end(causes: Sequence[Cause], now: datetime) -> list[_Ended]:
    asked: list[Any] = [
        [c.kind for c in causes],
        [c.subject.kind for c in causes],
        [c.subject.id for c in causes],
        [c.cause_key for c in causes],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_END, [*asked, _LIVE, now, _LIVE])
        rows = sorted(cursor.fetchall())
    return [_Ended(pk, number, version, kind, DocumentRef(*ref)) for pk, number, version, kind, *ref in rows]
