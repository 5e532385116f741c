"""A cause is gone: its cases resolve themselves and keep their history."""

from collections.abc import Collection
from datetime import datetime

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
    actor = actor or system("exceptions")
    locks.announce()
    ended = _end(kind, subject, cause_keys, now)
    if not ended:
        return []
    ids = [case_id for case_id, _, _ in ended]
    SlaStep.objects.filter(case_id__in=ids, fired_at=None, due_at__gt=now).update(is_running=False)
    CaseEvent.objects.bulk_create(
        CaseEvent(case_id=pk, verb="auto_resolved", at=now, actor_id=actor.user_id, actor_label=actor.label, note=why)
        for pk in ids
    )
    label = kinds.label(kind)
    entries = [journal.Entry(subject, "case_resolved", f"{label}: case {n} resolved itself") for _, n, _ in ended]
    journal.write(entries, actor=actor, now=now)
    notes = [
        Note(CaseEnded(pk, number, kind, subject.kind, subject.id, True), f"case:{pk}", version)
        for pk, number, version in ended
    ]
    publish_many(notes, now=now, actor=actor)
    return ids


def _end(
    kind: str, subject: DocumentRef, cause_keys: Collection[str] | None, now: datetime
) -> list[tuple[int, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH held AS (SELECT id FROM exceptions_app_case WHERE kind = %s AND subject_kind = %s AND subject_id = %s "
            "AND (%s::text[] IS NULL OR cause_key = ANY(%s::text[])) AND status = ANY(%s) "
            "ORDER BY id FOR NO KEY UPDATE) "
            "UPDATE exceptions_app_case c SET status = 'auto_resolved', resolved_at = %s, waiting_since = NULL, "
            "version = c.version + 1 FROM held WHERE c.id = held.id AND c.status = ANY(%s) "
            "RETURNING c.id, c.number, c.version",
            [
                kind,
                subject.kind,
                subject.id,
                *[None if cause_keys is None else list(cause_keys)] * 2,
                _LIVE,
                now,
                _LIVE,
            ],
        )
        return sorted(cursor.fetchall())
