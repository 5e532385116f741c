"""Every row lock of the room: rank 80, after all stock and money, before numbering.

Opening and auto-resolving touch cases by their natural key in one statement each and only say so to the ladder
(`climb` without keys): two such calls in one transaction may meet cases in any key order, and a deadlock between two
transactions doing that is retried by their door verbs.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min

from core.locks import Rank, climb, take
from exceptions_app.models import Case, SlaStep


def lock_case(case_id: int) -> Case | None:
    rows = take(Rank.CASE, Case.objects.filter(pk=case_id).select_related("queue"))
    return rows[0] if rows else None


def lock_cases(case_ids: Iterable[int]) -> list[Case]:
    return take(Rank.CASE, Case.objects.filter(pk__in=list(case_ids)))


def lock_cases_with_due_steps(*, now: datetime, limit: int) -> list[Case]:
    """Cases whose clock has something to fire, leaving those that another sweep has in hand."""
    waiting = SlaStep.objects.filter(due_at__lte=now, fired_at__isnull=True, is_running=True)
    earliest = waiting.values("case_id").annotate(first=Min("due_at")).order_by("first", "case_id")
    due = (
        Case.objects.filter(pk__in=earliest.values("case_id")[:limit])
        .select_related("queue")
        .defer("evidence", "summary")
    )
    return take(Rank.CASE, due, skip_locked=True)


def announce() -> None:
    """The next statement inserts or changes cases by natural key; nothing below rank 80 may follow."""
    climb(Rank.CASE, ())
