"""Cases for tests: kinds of our own, and cases opened by the real verb."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from core.models import Calendar
from core.refs import DocumentRef
from core.testing import unit
from exceptions_app.kinds import KindSpec, declare
from exceptions_app.models import Case, Queue
from exceptions_app.services.detect import detect_all
from exceptions_app.services.open_case import open_case
from exceptions_app.severity import as_declared
from exceptions_app.states import QUEUES

OFFICE_WEEK = {str(day): [["09:00", "17:00"]] for day in range(5)}

SPILL = KindSpec(
    "test_spill",
    "Spill",
    "warehouse",
    "high",
    respond_minutes=60,
    resolve_minutes=240,
    awaits="a test",
    severity_rule=as_declared,
    least_resolutions=0,
    why_fewer="a test",
)
LEAK = KindSpec(
    "test_leak",
    "Leak",
    "finance",
    "low",
    respond_minutes=120,
    resolve_minutes=480,
    awaits="a test",
    least_resolutions=0,
    why_fewer="a test",
)
declare(SPILL, LEAK)


def teams() -> dict[str, Queue]:
    """Every team, on office hours: those the migration seeds, also after a test that emptied the tables."""
    office, _ = Calendar.objects.get_or_create(code="office", defaults={"name": "Office", "week": OFFICE_WEEK})
    for code, (name, roles, escalation_role) in QUEUES.items():
        values = {"name": name, "roles": list(roles), "escalation_role": escalation_role, "calendar": office}
        Queue.objects.get_or_create(code=code, defaults=values)
    return {queue.code: queue for queue in Queue.objects.all()}


def subject(pk: int = 1, kind: str = "order") -> DocumentRef:
    return DocumentRef(kind, pk, f"{kind.upper()}-{pk}")


def opened(
    *, now: datetime, kind: str = SPILL.code, subject_id: int = 1, subject_kind: str = "order", cause_key: str = "",
    **values: Any,
) -> Case:  # fmt: skip
    """A case just opened (its own unit of work)."""
    values.setdefault("account_id", None)
    values.setdefault("money_at_risk", Decimal("12.50"))
    values.setdefault("currency", "USD")
    with unit():
        case_id = open_case(kind, subject=subject(subject_id, subject_kind), cause_key=cause_key, now=now, **values)
    return Case.objects.get(pk=case_id)


def ends_by_itself(kind: str, now: datetime) -> bool:
    """The sweep is run; whether the one case of the kind is over then, its history kept."""
    detect_all(now=now, only=kind)
    case = Case.objects.get(kind=kind)
    if case.status != "auto_resolved":
        return False
    assert [e.verb for e in case.events.order_by("pk")] == ["opened", "auto_resolved"]
    return True
