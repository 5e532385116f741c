"""The queue as a list for machines and people: whose, how soon, what kind. One statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Q, QuerySet

from core import lists
from exceptions_app.models import Case, CaseEvent
from exceptions_app.states import LIVE

SOON = timedelta(hours=1)


class CaseView(StrEnum):
    """What one looks at: own cases, one's teams', nobody's, those out of time or nearly, all live ones, all there were."""

    MINE = "mine"
    TEAM = "team"
    UNASSIGNED = "unassigned"
    BREACHING = "breaching"
    LIVE = "live"
    ALL = "all"


@dataclass(frozen=True)
class CaseLine:
    """A case in a list; `breach_at` is when its next clock runs out."""

    id: int
    number: str
    kind: str
    status: str
    subject_kind: str
    subject_number: str
    account: str
    money_at_risk: str
    currency: str
    severity: str
    severity_why: str
    queue: str
    assignee: str
    summary: str
    opened_at: datetime
    respond_by: datetime
    resolve_by: datetime
    breach_at: datetime | None
    breached_at: datetime | None
    escalation: int
    is_live: bool


def of_view(
    rows: QuerySet[Case], view: CaseView, *, user_id: int | None, roles: Iterable[str], now: datetime
) -> QuerySet[Case]:
    """The rows of that view; snoozed cases are hidden from all but `live` and `all`."""
    if view == CaseView.ALL:
        return rows
    live = rows.filter(status__in=LIVE)
    if view == CaseView.LIVE:
        return live
    return live.filter(_of_view(view, user_id=user_id, roles=roles, now=now))


def _of_view(view: CaseView, *, user_id: int | None, roles: Iterable[str], now: datetime) -> Q:
    """Which live cases: of the four views that hide what is snoozed, or all of them."""
    wanted = {
        CaseView.MINE: Q(assignee_id=user_id),
        CaseView.TEAM: Q(queue__roles__overlap=list(roles)),
        CaseView.UNASSIGNED: Q(assignee__isnull=True),
        CaseView.BREACHING: Q(breach_at__lt=now + SOON),
    }
    awake = Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now)
    return awake & wanted[view] if view in wanted else Q()


def view_counts(*, user_id: int | None, roles: Iterable[str], now: datetime) -> dict[CaseView, int]:
    """How many live cases each view but ALL shows. 1 SQL over the live cases, however many there ever were."""
    views = [view for view in CaseView if view != CaseView.ALL]
    counts = {
        view.value: Count("pk", filter=_of_view(view, user_id=user_id, roles=roles, now=now) or None) for view in views
    }
    found = Case.objects.filter(status__in=LIVE).aggregate(**counts)
    return {view: found[view.value] for view in views}


SEARCHED = ("number", "subject_number", "account__code", "account__name")


def desk_rows(
    view: CaseView,
    *,
    user_id: int | None,
    roles: Iterable[str],
    now: datetime,
    kind: str = "",
    words: str = "",
    page: int = 1,
    size: int = 50,
) -> tuple[list[Case], bool]:
    """A page of the cases to work through, whose clock runs out first comes first, and whether more follow. The paused
    come last. 1 SQL, and those of the search."""
    rows = of_view(Case.objects.all(), view, user_id=user_id, roles=roles, now=now)
    rows = rows.filter(kind=kind) if kind else rows
    rows = lists.search(rows, SEARCHED, words, is_long=True) if words else rows
    rows = rows.select_related("queue", "account__tier", "assignee").defer("evidence")
    start = (page - 1) * size
    found = list(rows.order_by(F("breach_at").asc(nulls_last=True), "resolve_by", "pk")[start : start + size + 1])
    return found[:size], len(found) > size


def find_cases(
    view: CaseView,
    *,
    user_id: int | None,
    roles: Iterable[str],
    now: datetime,
    kind: str = "",
    before_id: int | None = None,
    limit: int = 50,
) -> list[CaseLine]:
    """The newest first. 1 SQL."""
    rows = of_view(Case.objects.all(), view, user_id=user_id, roles=roles, now=now)
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(pk__lt=before_id) if before_id is not None else rows
    return [_line(row) for row in rows.select_related("queue", "account", "assignee").order_by("-pk")[:limit]]


def case_by_number(number: str) -> CaseLine | None:
    row = Case.objects.filter(number=number).select_related("queue", "account", "assignee").first()
    return _line(row) if row else None


def comments_of(case_id: int, *, limit: int = 100) -> list[tuple[datetime, str, str, str]]:
    """[(at, who, verb, words)] of a case's history, the newest first. 1 SQL."""
    rows = CaseEvent.objects.filter(case_id=case_id).order_by("-pk")
    return list(rows.values_list("at", "actor_label", "verb", "note")[:limit])


def _line(row: Case) -> CaseLine:
    return CaseLine(
        id=row.pk,
        number=row.number,
        kind=row.kind,
        status=row.status,
        subject_kind=row.subject_kind,
        subject_number=row.subject_number,
        account=str(row.account) if row.account else "",
        money_at_risk=str(row.money_at_risk),
        currency=row.currency,
        severity=row.severity,
        severity_why=row.severity_why,
        queue=row.queue.code,
        assignee=str(row.assignee) if row.assignee else "",
        summary=row.summary,
        opened_at=row.opened_at,
        respond_by=row.respond_by,
        resolve_by=row.resolve_by,
        breach_at=row.breach_at,
        breached_at=row.breached_at,
        escalation=row.escalation,
        is_live=row.status in LIVE,
    )
