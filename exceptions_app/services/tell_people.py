"""Tell people about cases: a notice on their page in the same transaction, and a fact that the mail follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.actors import Actor
from core.outbox import Note, publish_many
from core.uow import require_uow
from exceptions_app import kinds
from exceptions_app.events import CaseNoticed
from exceptions_app.models import Case, Notice
from exceptions_app.states import NoticeKind


@dataclass(frozen=True)
class Word:
    """What one person is told about one case."""

    case_id: int
    user_id: int
    kind: NoticeKind
    text: str
    is_late: bool = False


@require_uow
def tell_people(words: Sequence[Word], *, now: datetime, actor: Actor | None = None) -> None:
    """Two statements whatever the number. Nobody is told what they did themselves."""
    rows = [
        Notice(case_id=w.case_id, user_id=w.user_id, kind=w.kind, text=w.text[:300], at=now, is_late=w.is_late)
        for w in words
        if actor is None or w.user_id != actor.user_id
    ]
    if not rows:
        return
    Notice.objects.bulk_create(rows)
    facts = [Note(CaseNoticed(row.case_id, row.pk), f"notice:{row.pk}", 1) for row in rows]
    publish_many(facts, now=now, actor=actor)


def assigned(case: Case) -> Word:
    """The word to the new owner of a case."""
    words = f"{case.number} is yours: {kinds.label(case.kind)}, {case.summary}"
    return Word(case.pk, case.assignee_id or 0, NoticeKind.ASSIGNED, words)
