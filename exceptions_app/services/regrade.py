"""Keep the severity of cases true: what is known about them has changed."""

from collections.abc import Iterable
from datetime import datetime

from core.actors import Actor
from core.uow import require_uow
from exceptions_app import kinds
from exceptions_app.grading import accounts_of, grades
from exceptions_app.models import Case, CaseEvent
from exceptions_app.queries import snapshot
from exceptions_app.severity import Grade, moved
from exceptions_app.states import LIVE


@require_uow
def regrade(case_ids: Iterable[int], *, actor: Actor, now: datetime) -> int:
    """Weigh these live cases again, which the caller has locked or just written, and say in the history of each that
    became graver or milder why. How many did. What people raised by hand stays raised.

    At most 3 reads and 2 writes, whatever the number; no write when nothing moved.
    """
    wanted = list(case_ids)
    if not wanted:
        return 0
    declared = [spec.code for spec in kinds.kinds()]
    rows = Case.objects.filter(pk__in=wanted, status__in=LIVE, kind__in=declared)
    cases = list(rows.select_related("queue", "sla_policy").order_by("pk"))
    seen = [snapshot(case) for case in cases]
    found = grades(seen, accounts_of(seen, now=now), [case.sla_policy for case in cases], now=now)
    told = [(case, case.severity, grade) for case, grade in zip(cases, found, strict=True) if _differs(case, grade)]
    changed = [(case, before, _take(case, grade)) for case, before, grade in told]
    if not changed:
        return 0
    Case.objects.bulk_update([case for case, _, _ in changed], ["severity", "severity_why"])
    events = [_event(case, before, why, actor, now) for case, before, why in changed if case.severity != before]
    CaseEvent.objects.bulk_create(events)
    return len(events)


def _differs(case: Case, grade: Grade) -> bool:
    return (case.severity, case.severity_why) != (moved(grade.severity, case.raised_by_hand), grade.why[:300])


def _take(case: Case, grade: Grade) -> str:
    case.severity, case.severity_why = moved(grade.severity, case.raised_by_hand), grade.why[:300]
    return case.severity_why


def _event(case: Case, before: str, why: str, actor: Actor, now: datetime) -> CaseEvent:
    return CaseEvent(
        case=case,
        verb="severity changed",
        at=now,
        actor_id=actor.user_id,
        actor_label=actor.label,
        note=f"{before} to {case.severity}: {why}",
        data={"from": before, "to": case.severity},
    )
