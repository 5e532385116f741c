"""Reads. A constant number of statements whatever the number of cases or subjects."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from core.calendars import OFFICE_HOURS, BusinessCalendar
from core.opening_hours import business_calendars
from core.refs import DocumentRef
from exceptions_app import kinds, suggestions
from exceptions_app.models import Case, CaseEvent, Queue, SlaStep
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Suggestion, ranked
from exceptions_app.states import LIVE, CaseStatus
from exceptions_app.wording import ShownClock, shown_clock

SOON = timedelta(hours=1)


@dataclass(frozen=True)
class QueueCount:
    """A team's live cases: `overdue` past their next clock (a paused one runs not), `soon` within an hour of it."""

    code: str
    name: str
    live: int
    unassigned: int
    overdue: int
    soon: int


@dataclass(frozen=True)
class KindCount:
    kind: str
    label: str
    opened: int
    breached: int


def queue_counts(*, now: datetime) -> list[QueueCount]:
    """Every queue, by name, in two statements; only live cases are read, however many there ever were."""
    live = Case.objects.filter(status__in=LIVE).values("queue")
    rows = live.annotate(
        live=Count("id"),
        unassigned=Count("id", filter=Q(assignee__isnull=True)),
        overdue=Count("id", filter=Q(breach_at__lt=now)),
        soon=Count("id", filter=Q(breach_at__gte=now, breach_at__lt=now + SOON)),
    )
    found = {r["queue"]: (r["live"], r["unassigned"], r["overdue"], r["soon"]) for r in rows}
    return [QueueCount(q.code, q.name, *found.get(q.pk, (0, 0, 0, 0))) for q in Queue.objects.order_by("name")]


def kind_counts(*, since: datetime, until: datetime) -> list[KindCount]:
    """Cases opened in [since, until) by kind, and how many of them breached a clock."""
    rows = (
        Case.objects.filter(opened_at__gte=since, opened_at__lt=until)
        .values("kind")
        .annotate(opened=Count("id"), breached=Count("id", filter=Q(breached_at__isnull=False)))
        .order_by("-opened", "kind")
    )
    return [KindCount(r["kind"], kinds.label(r["kind"]), r["opened"], r["breached"]) for r in rows]


def live_breaches(*, limit: int = 20) -> list[CaseSnapshot]:
    """Live cases whose clock ran out, oldest breach first."""
    rows = Case.objects.filter(status__in=LIVE, breached_at__isnull=False).select_related("queue")
    return [snapshot(row) for row in rows.order_by("breached_at", "id")[:limit]]


def live_count(kinds_wanted: Collection[str] | None = None) -> int:
    """Live cases, of these kinds only when given."""
    rows = Case.objects.filter(status__in=LIVE)
    return (rows if kinds_wanted is None else rows.filter(kind__in=kinds_wanted)).count()


def live_cases(kind: str, *, prefix: str = "") -> list[CaseSnapshot]:
    """The live cases of a kind whose cause key starts so, oldest first. 1 SQL."""
    rows = Case.objects.filter(kind=kind, status__in=LIVE, cause_key__startswith=prefix).select_related("queue")
    return [snapshot(row) for row in rows.order_by("id")]


def settled_lately(kind: str, *, prefix: str, since: datetime) -> dict[tuple[str, str, int, str], CaseSnapshot]:
    """The newest case by its key among those a person resolved since then. 1 SQL."""
    over = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
    rows = Case.objects.filter(kind=kind, status__in=over, cause_key__startswith=prefix, resolved_at__gte=since)
    by_people = rows.filter(Exists(CaseEvent.objects.filter(case=OuterRef("pk"), verb="resolved")))
    found = (snapshot(row) for row in by_people.select_related("queue").order_by("id"))
    return {case.key: case for case in found}


def case_snapshots(case_ids: Iterable[int]) -> dict[int, CaseSnapshot]:
    rows = Case.objects.filter(pk__in=list(case_ids)).select_related("queue")
    return {row.pk: snapshot(row) for row in rows}


def cases_for(refs: Iterable[DocumentRef], *, live_only: bool = False) -> dict[tuple[str, int], list[CaseSnapshot]]:
    """The cases of each subject, newest first, by (kind, id); subjects of one statement may differ in kind."""
    found: dict[tuple[str, int], list[CaseSnapshot]] = {(ref.kind, ref.id): [] for ref in refs}
    wanted = Q(pk__in=[])
    for subject_kind in {kind for kind, _ in found}:
        wanted |= Q(subject_kind=subject_kind, subject_id__in=[pk for kind, pk in found if kind == subject_kind])
    rows = Case.objects.filter(wanted).select_related("queue").order_by("-id")
    for row in rows.filter(status__in=LIVE) if live_only else rows:
        found[row.subject_kind, row.subject_id].append(snapshot(row))
    return found


def suggested(case: CaseSnapshot, *, now: datetime) -> list[Suggestion]:
    """What could be done about the case, best first; nothing once it is over."""
    if not case.is_live:
        return []
    offers = suggestions.of_case(case, now)
    return ranked([Suggestion(r.code, r.label, r.preview(case, now)) for r in offers])


def calendars_of(queues: Iterable[Queue]) -> dict[int, BusinessCalendar]:
    """The calendar each queue's clocks run on, by queue id."""
    queues = list(queues)
    stored = business_calendars(q.calendar_id for q in queues if q.calendar_id)
    return {q.pk: stored.get(q.calendar_id or 0, OFFICE_HOURS) for q in queues}


def steps_of(case_id: int) -> list[SlaStep]:
    return list(SlaStep.objects.filter(case_id=case_id).order_by("due_at", "clock", "threshold"))


def clock_of(case: Case | CaseSnapshot, now: datetime) -> ShownClock:
    """The clock people look at."""
    return shown_clock(
        status=case.status,
        breach_at=case.breach_at,
        respond_by=case.respond_by,
        is_answered=case.responded_at is not None,
        now=now,
    )


def snapshot(row: Case) -> CaseSnapshot:
    return CaseSnapshot(
        id=row.pk,
        number=row.number,
        kind=row.kind,
        status=row.status,
        subject=DocumentRef(row.subject_kind, row.subject_id, row.subject_number),
        cause_key=row.cause_key,
        account_id=row.account_id,
        money_at_risk=row.money_at_risk,
        currency=row.currency,
        severity=row.severity,
        severity_why=row.severity_why,
        queue=row.queue.code,
        assignee_id=row.assignee_id,
        summary=row.summary,
        evidence=row.evidence,
        opened_at=row.opened_at,
        respond_by=row.respond_by,
        resolve_by=row.resolve_by,
        breach_at=row.breach_at,
        responded_at=row.responded_at,
        breached_at=row.breached_at,
        is_live=row.status in LIVE,
        is_paused=row.status == CaseStatus.WAITING,
    )
