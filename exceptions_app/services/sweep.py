"""Advance the clocks: every due step fires exactly once, in order, also after a downtime."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.actors import system
from core.outbox import Fact, Note, publish_many
from core.uow import door_verb
from exceptions_app import locks
from exceptions_app.events import CaseBreached, CaseEscalated
from exceptions_app.models import Case, CaseEvent, SlaStep
from exceptions_app.rules.sla import is_late

SWEEPER = system("case clocks")


@dataclass(frozen=True)
class Swept:
    """`cases` had something due; `late` of the `steps` fired more than two minutes after their time."""

    cases: int
    steps: int
    breaches: int
    late: int


@door_verb
def sweep(*, now: datetime, limit: int = 200) -> Swept:
    """Fire what is due on up to `limit` cases, leaving those another sweep holds. Call again until `cases` is 0."""
    cases = {case.pk: case for case in locks.lock_cases_with_due_steps(now=now, limit=limit)}
    # Read after the locks: what another sweep fired while we looked is fired.
    due = SlaStep.objects.filter(case__in=list(cases), due_at__lte=now, fired_at=None, is_running=True)
    steps = list(due.order_by("due_at", "case_id", "threshold", "clock"))
    for step in steps:
        step.fired_at, step.late = now, is_late(step.due_at, now)
    SlaStep.objects.bulk_update(steps, ["fired_at", "late"])
    CaseEvent.objects.bulk_create(_event(step, now) for step in steps)
    publish_many(list(_notes(steps, cases)), now=now, actor=SWEEPER)
    _note_breaches(steps, cases)
    breaches = sum(step.threshold == 100 for step in steps)
    return Swept(len({s.case_id for s in steps}), len(steps), breaches, sum(step.late for step in steps))


def _event(step: SlaStep, now: datetime) -> CaseEvent:
    verb = "breached" if step.threshold == 100 else "escalated"
    late = ", noticed late" if step.late else ""
    return CaseEvent(
        case_id=step.case_id,
        verb=verb,
        at=now,
        actor_label=SWEEPER.label,
        note=f"{step.threshold} % of the time to {step.clock} has passed{late}",
        data={"clock": step.clock, "threshold": step.threshold, "due_at": step.due_at.isoformat(), "late": step.late},
    )


def _notes(steps: Sequence[SlaStep], cases: dict[int, Case]) -> Iterable[Note]:
    """Facts in the order the steps were due; the case's version counts them."""
    for step in steps:
        case = cases[step.case_id]
        for fact in _facts(step, case):
            case.version += 1
            yield Note(fact, f"case:{case.pk}", case.version)


def _facts(step: SlaStep, case: Case) -> Iterable[Fact]:
    queue = case.queue
    to_role = queue.escalation_role if step.threshold == 100 else ""
    yield CaseEscalated(
        case.pk,
        case.number,
        case.kind,
        queue.code,
        step.clock,
        step.threshold,
        step.late,
        to_role,
        case.assignee_id,
    )
    if step.threshold == 100:
        yield CaseBreached(case.pk, case.number, case.kind, queue.code, step.clock, step.due_at)


def _note_breaches(steps: Iterable[SlaStep], cases: dict[int, Case]) -> None:
    for step in steps:
        if step.threshold == 100:
            case = cases[step.case_id]
            case.breached_at = min(step.due_at, case.breached_at or step.due_at)
    Case.objects.bulk_update(cases.values(), ["breached_at", "version"])
