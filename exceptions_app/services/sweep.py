"""Advance the clocks: every due step fires exactly once, in order, also after a downtime.

Each step is told to a person: at 50 % the owner (or the team's lead), at 75 % their manager, at 100 % on up; whoever is
away is skipped. Steps of a case that fire together are one notice to each person.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.queries import escalation_chains
from core.actors import system
from core.outbox import Fact, Note, publish_many
from core.uow import door_verb
from exceptions_app import kinds, locks
from exceptions_app.events import CaseBreached, CaseEscalated
from exceptions_app.models import Case, Queue, SlaStep
from exceptions_app.rules.escalation import Fired, Told, collapsed, whom_to_tell
from exceptions_app.rules.sla import is_late
from exceptions_app.services.tell_people import Word, tell_people
from exceptions_app.states import Clock, NoticeKind

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
    if not cases:
        return Swept(0, 0, 0, 0)
    # Read after the locks: what another sweep fired while we looked is fired.
    due = SlaStep.objects.filter(case__in=list(cases), due_at__lte=now, fired_at=None, is_running=True)
    steps = list(due.order_by("due_at", "case_id", "threshold", "clock"))
    chains = _chains(cases.values(), now)
    fired = [_fired(step, cases[step.case_id], chains, now) for step in steps]
    _store(steps, fired, now)
    _keep_history(steps, fired, now)
    publish_many(list(_notes(steps, fired, cases)), now=now, actor=SWEEPER)
    _note_on_cases(steps, cases)
    tell_people([_word(told, cases[told.case_id]) for told in collapsed(fired)], now=now)
    breaches = sum(step.threshold == 100 for step in steps)
    return Swept(len({s.case_id for s in steps}), len(steps), breaches, sum(done.is_late for done in fired))


def _chains(cases: Iterable[Case], now: datetime) -> dict[int, list[int]]:
    """Whom to tell about each case, nearest first: its owner's line, or its team's lead's."""
    owners = {case.pk: case.assignee_id or case.queue.lead_id for case in cases}
    people = escalation_chains({owner for owner in owners.values() if owner}, at=now)
    return {pk: people.get(owner or 0, []) for pk, owner in owners.items()}


def _fired(step: SlaStep, case: Case, chains: Mapping[int, list[int]], now: datetime) -> Fired:
    told = whom_to_tell(step.threshold, chains[case.pk])
    return Fired(case.pk, step.clock, step.threshold, is_late(step.due_at, now), told)


def _store(steps: Sequence[SlaStep], fired: Sequence[Fired], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exceptions_app_slastep s SET fired_at = %s, late = f.late, told_id = f.told "
            "FROM unnest(%s::bigint[], %s::boolean[], %s::bigint[]) AS f(id, late, told) WHERE s.id = f.id",
            [now, [s.pk for s in steps], [f.is_late for f in fired], [f.told for f in fired]],
        )


# Written as arrays: as rows of the model they cost half of the tick.
_HISTORY = """
INSERT INTO exceptions_app_caseevent (case_id, verb, at, actor_id, actor_label, note, data)
SELECT e.case_id, e.verb, %(now)s, NULL, %(who)s, e.note, e.data::jsonb
  FROM unnest(%(cases)s::bigint[], %(verbs)s::text[], %(notes)s::text[], %(data)s::text[]) AS e(case_id, verb, note, data)
"""


def _keep_history(steps: Sequence[SlaStep], fired: Sequence[Fired], now: datetime) -> None:
    """In the order in which the steps were due."""
    columns: dict[str, Any] = {
        "now": now,
        "who": SWEEPER.label,
        "cases": [step.case_id for step in steps],
        "verbs": ["breached" if step.threshold == 100 else "escalated" for step in steps],
        "notes": [_words(step, done) for step, done in zip(steps, fired, strict=True)],
        "data": [_told(step, done) for step, done in zip(steps, fired, strict=True)],
    }
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, columns)


def _words(step: SlaStep, done: Fired) -> str:
    late = ", noticed late" if done.is_late else ""
    return f"{step.threshold} % of the time to {step.clock} has passed{late}"


def _told(step: SlaStep, done: Fired) -> str:
    told = {"told": done.told} if done.told else {}
    due = step.due_at.isoformat()
    return json.dumps({"clock": step.clock, "threshold": step.threshold, "due_at": due, "late": done.is_late, **told})


def _notes(steps: Sequence[SlaStep], fired: Sequence[Fired], cases: dict[int, Case]) -> Iterable[Note]:
    """Facts in the order the steps were due; the case's version counts them."""
    for step, done in zip(steps, fired, strict=True):
        case = cases[step.case_id]
        for fact in _facts(step, done, case):
            case.version += 1
            yield Note(fact, f"case:{case.pk}", case.version)


def _facts(step: SlaStep, done: Fired, case: Case) -> Iterable[Fact]:
    queue = case.queue
    to_role = queue.escalation_role if step.threshold == 100 else ""
    yield CaseEscalated(
        case.pk,
        case.number,
        case.kind,
        queue.code,
        step.clock,
        step.threshold,
        done.is_late,
        to_role,
        case.assignee_id,
        done.told,
    )
    if step.threshold == 100:
        yield CaseBreached(case.pk, case.number, case.kind, queue.code, step.clock, step.due_at)


def _note_on_cases(steps: Iterable[SlaStep], cases: dict[int, Case]) -> None:
    """How far each case's clocks got, when the first ran out, and the team that takes over what was not answered."""
    for step in steps:
        case = cases[step.case_id]
        case.escalation = max(case.escalation, step.threshold)
        if step.threshold == 100:
            case.breached_at = min(step.due_at, case.breached_at or step.due_at)
    _hand_on([cases[s.case_id] for s in steps if s.threshold == 100 and s.clock == Clock.RESPOND])
    rows = sorted(cases.values(), key=lambda case: case.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exceptions_app_case c SET breached_at = n.breached, escalation = n.escalation, version = n.version, "
            "queue_id = n.queue FROM unnest(%s::bigint[], %s::timestamptz[], %s::smallint[], %s::integer[], %s::bigint[]) "
            "AS n(id, breached, escalation, version, queue) WHERE c.id = n.id",
            [
                [c.pk for c in rows],
                [c.breached_at for c in rows],
                [c.escalation for c in rows],
                [c.version for c in rows],
                [c.queue_id for c in rows],
            ],
        )


def _hand_on(cases: Sequence[Case]) -> None:
    """To the team its kind names for what its owner did not answer ("rep, then CS"); nobody's case goes to nobody."""
    names = kinds.then_queues()
    wanted = {names[case.kind] for case in cases if case.kind in names}
    teams = {queue.code: queue.pk for queue in Queue.objects.filter(code__in=wanted)} if wanted else {}
    for case in cases:
        if (code := names.get(case.kind)) in teams:
            case.queue_id = teams[code or ""]


def _word(told: Told, case: Case) -> Word:
    kind = NoticeKind.BREACH if told.is_breach else NoticeKind.WARNING
    return Word(case.pk, told.user_id, kind, f"{case.number}, {kinds.label(case.kind)}: {told.words}", told.is_late)
