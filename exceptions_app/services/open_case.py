"""Open cases: one live case per kind, subject and cause; a second sighting refreshes the first."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from core import codec, journal
from core.actors import Actor, system
from core.errors import Busy
from core.numbering import draw
from core.outbox import Note, publish_many
from core.refs import DocumentRef
from core.uow import require_uow
from exceptions_app import kinds, locks
from exceptions_app.detection import valued
from exceptions_app.events import CaseOpened
from exceptions_app.models import Case, CaseEvent, Queue, SlaStep
from exceptions_app.ownership import Terms, terms_of
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.rules.sla import DuesOfMany
from exceptions_app.services import clocks
from exceptions_app.services.regrade import regrade
from exceptions_app.services.tell_people import assigned, tell_people
from exceptions_app.states import LIVE, QUEUES, CaseStatus, QueueCode

_ATTEMPTS = 3
_LIVE = [status.value for status in LIVE]
_Key = tuple[str, str, int, str]


@require_uow
def open_case(
    kind: str,
    *,
    subject: DocumentRef,
    account_id: int | None,
    money_at_risk: Decimal,
    cause_key: str,
    now: datetime,
    summary: str = "",
    evidence: Mapping[str, Any] | None = None,
    currency: str = "",
    actor: Actor | None = None,
) -> int:
    """The live case of this kind, subject and cause: a new one, or the existing one with fresh evidence. Its id.

    Raises UnknownKind. Nothing below lock rank 80 may follow in the caller's transaction.
    """
    spec = CaseSpec(kind, subject, cause_key, account_id, money_at_risk, currency, summary, evidence or {})
    return open_cases([spec], now=now, actor=actor)[0]


@require_uow
def open_cases(specs: Sequence[CaseSpec], *, now: datetime, actor: Actor | None = None) -> list[int]:
    """One case id per spec, in their order; the same number of statements for one and for a thousand."""
    if not specs:
        return []
    actor = actor or system("exceptions")
    for spec in specs:
        kinds.kind(spec.kind)
    locks.announce()
    wanted = dict(sorted({spec.key: spec for spec in valued(specs)}.items()))
    ids: dict[_Key, int] = {}
    for _ in range(_ATTEMPTS):
        seen = _refresh([spec for key, spec in wanted.items() if key not in ids], now=now)
        regrade(seen.values(), actor=actor, now=now)
        ids |= seen
        missing = [spec for key, spec in wanted.items() if key not in ids]
        if not missing:
            break
        ids |= {_key(case): case.pk for case in _open(missing, actor=actor, now=now)}
    if len(ids) < len(wanted):
        raise Busy(cause="a case of the same cause is being closed", attempts=_ATTEMPTS)
    return [ids[spec.key] for spec in specs]


def _open(specs: list[CaseSpec], *, actor: Actor, now: datetime) -> list[Case]:
    """The ones that were really new."""
    terms = terms_of(specs, _queues({kinds.kind(spec.kind).owner_queue for spec in specs}), now=now)
    numbers = draw("case", prefix="EX-", count=len(specs))
    count = DuesOfMany()
    rows = [_row(spec, number, its, now, count) for spec, number, its in zip(specs, numbers, terms, strict=True)]
    created = _insert(rows)
    _follow_up(created, {row.number: its for row, its in zip(rows, terms, strict=True)}, count, actor=actor, now=now)
    return created


def _queues(codes: set[str]) -> dict[str, Queue]:
    found = {q.code: q for q in Queue.objects.filter(code__in=codes)}
    if missing := codes - set(found):
        Queue.objects.bulk_create([_seeded(QueueCode(code)) for code in sorted(missing)], ignore_conflicts=True)
        found = {q.code: q for q in Queue.objects.filter(code__in=codes)}
    return found


def _seeded(code: QueueCode) -> Queue:
    name, roles, escalation_role = QUEUES[code]
    return Queue(code=code, name=name, roles=list(roles), escalation_role=escalation_role)


def _row(spec: CaseSpec, number: str, terms: Terms, now: datetime, count: DuesOfMany) -> Case:
    respond_by = count(now, terms.respond_minutes, terms.calendar)[-1].due_at
    resolve_by = count(now, terms.resolve_minutes, terms.calendar)[-1].due_at
    return Case(
        number=number,
        kind=spec.kind,
        subject_kind=spec.subject.kind,
        subject_id=spec.subject.id,
        subject_number=spec.subject.number,
        cause_key=spec.cause_key,
        account_id=spec.account_id,
        money_at_risk=spec.money_at_risk,
        currency=spec.currency,
        severity=terms.grade.severity,
        severity_why=terms.grade.why[:300],
        queue=terms.queue,
        assignee_id=terms.assignee_id,
        status=CaseStatus.ASSIGNED if terms.assignee_id else CaseStatus.OPEN,
        summary=(spec.summary or kinds.kind(spec.kind).label)[:300],
        evidence=codec.dump(spec.evidence),
        opened_at=now,
        last_seen_at=now,
        respond_by=respond_by,
        resolve_by=resolve_by,
        breach_at=min(respond_by, resolve_by),
        sla_policy_id=terms.policy_id,
        respond_minutes=terms.respond_minutes,
        resolve_minutes=terms.resolve_minutes,
    )


def _insert(cases: list[Case]) -> list[Case]:
    """The ones that were really new: an equal live case, also one being opened right now, wins."""
    Case.objects.bulk_create(cases, ignore_conflicts=True)
    ids = dict(Case.objects.filter(number__in=[c.number for c in cases]).values_list("number", "pk"))
    for case in cases:
        case.pk = ids.get(case.number)
    return [case for case in cases if case.pk]


def _refresh(specs: list[CaseSpec], *, now: datetime) -> dict[_Key, int]:
    """Note the new sighting on cases that are still live; those closed meanwhile are absent from the answer."""
    if not specs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH seen AS (SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::numeric[], "
            "%s::text[], %s::text[], %s::text[]) AS s(kind, subject_kind, subject_id, cause_key, money, currency, evidence, "
            "summary)), "
            "held AS (SELECT c.id, s.money, s.currency, s.evidence, s.summary FROM exceptions_app_case c "
            "JOIN seen s USING (kind, subject_kind, subject_id, cause_key) "
            "WHERE c.status = ANY(%s) ORDER BY c.id FOR NO KEY UPDATE OF c) "
            "UPDATE exceptions_app_case c SET times_seen = c.times_seen + 1, last_seen_at = %s, version = c.version + 1, "
            "money_at_risk = h.money, currency = COALESCE(NULLIF(h.currency, ''), c.currency), "
            "evidence = h.evidence::jsonb, "
            "summary = CASE WHEN h.summary = '' THEN c.summary ELSE h.summary END "
            "FROM held h WHERE c.id = h.id AND c.status = ANY(%s) "
            "RETURNING c.kind, c.subject_kind, c.subject_id, c.cause_key, c.id",
            [
                [s.kind for s in specs],
                [s.subject.kind for s in specs],
                [s.subject.id for s in specs],
                [s.cause_key for s in specs],
                [s.money_at_risk for s in specs],
                [s.currency for s in specs],
                [json.dumps(codec.dump(s.evidence)) for s in specs],
                [s.summary[:300] for s in specs],
                _LIVE,
                now,
                _LIVE,
            ],
        )
        return {(kind, of, pk, cause): case_id for kind, of, pk, cause, case_id in cursor.fetchall()}


def _follow_up(
    cases: list[Case], terms: Mapping[str, Terms], count: DuesOfMany, *, actor: Actor, now: datetime
) -> None:
    """Clock steps, history, journal of the subjects, facts, and a word to whoever got one, of new cases."""
    if not cases:
        return
    steps = (clocks.steps(case, terms[case.number].calendar, count=count) for case in cases)
    SlaStep.objects.bulk_create([step for of_case in steps for step in of_case])
    CaseEvent.objects.bulk_create(
        CaseEvent(case=c, verb="opened", at=now, actor_id=actor.user_id, actor_label=actor.label, note=c.summary)
        for c in cases
    )
    journal.write([_journal_entry(case) for case in cases], actor=actor, now=now)
    publish_many([Note(_opened(case), f"case:{case.pk}", case.version) for case in cases], now=now, actor=actor)
    tell_people([assigned(case) for case in cases if case.assignee_id], now=now, actor=actor)


def _journal_entry(case: Case) -> journal.Entry:
    subject = DocumentRef(case.subject_kind, case.subject_id, case.subject_number)
    summary = f"{kinds.label(case.kind)}: case {case.number} opened for {case.queue.name}"
    return journal.Entry(subject, "case_opened", summary, {"case_id": case.pk, "summary": case.summary})


def _opened(case: Case) -> CaseOpened:
    return CaseOpened(
        case.pk, case.number, case.kind, case.queue.code, case.account_id, case.subject_kind, case.subject_id
    )


def _key(case: Case) -> _Key:
    return (case.kind, case.subject_kind, case.subject_id, case.cause_key)
