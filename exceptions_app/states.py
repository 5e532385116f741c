"""The life of a case, its clocks and who owns it."""

from enum import StrEnum

from core.lifecycle import Lifecycle


class CaseStatus(StrEnum):
    OPEN = "open"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    AUTO_RESOLVED = "auto_resolved"


LIVE: tuple[CaseStatus, ...] = (
    CaseStatus.OPEN,
    CaseStatus.ASSIGNED,
    CaseStatus.IN_PROGRESS,
    CaseStatus.WAITING,
    CaseStatus.REOPENED,
)

_ENDS = {CaseStatus.RESOLVED, CaseStatus.AUTO_RESOLVED}

CASE = Lifecycle(
    "case",
    {
        CaseStatus.OPEN: {CaseStatus.ASSIGNED, CaseStatus.IN_PROGRESS, CaseStatus.WAITING, *_ENDS},
        CaseStatus.ASSIGNED: {CaseStatus.OPEN, CaseStatus.IN_PROGRESS, CaseStatus.WAITING, *_ENDS},
        CaseStatus.IN_PROGRESS: {CaseStatus.ASSIGNED, CaseStatus.WAITING, *_ENDS},
        CaseStatus.WAITING: {CaseStatus.OPEN, CaseStatus.ASSIGNED, CaseStatus.IN_PROGRESS, *_ENDS},
        CaseStatus.REOPENED: {CaseStatus.ASSIGNED, CaseStatus.IN_PROGRESS, CaseStatus.WAITING, *_ENDS},
        CaseStatus.RESOLVED: {CaseStatus.CLOSED, CaseStatus.REOPENED},
        CaseStatus.AUTO_RESOLVED: {CaseStatus.CLOSED, CaseStatus.REOPENED},
        CaseStatus.CLOSED: {CaseStatus.REOPENED},
    },
)


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Clock(StrEnum):
    """`respond` runs until somebody takes the case, `resolve` until it is resolved."""

    RESPOND = "respond"
    RESOLVE = "resolve"


class NoticeKind(StrEnum):
    """Why somebody is told about a case."""

    ASSIGNED = "assigned"
    MENTIONED = "mentioned"
    WARNING = "warning"
    BREACH = "breach"


class QueueCode(StrEnum):
    WAREHOUSE = "warehouse"
    CS = "cs"
    PLANNER = "planner"
    FINANCE = "finance"
    PRICING = "pricing"
    EDI_DESK = "edi_desk"
    QUALITY = "quality"
    OPERATIONS = "operations"
    REP = "rep"


# Code → (name, roles that own it, role it escalates to). Seeded by a migration and made again when missing.
QUEUES: dict[QueueCode, tuple[str, tuple[str, ...], str]] = {
    QueueCode.WAREHOUSE: ("Warehouse", ("warehouse",), "planner"),
    QueueCode.CS: ("Customer service", ("cs", "cs_lead"), "cs_lead"),
    QueueCode.PLANNER: ("Planning", ("planner",), "cs_lead"),
    QueueCode.FINANCE: ("Finance", ("finance", "finance_approver"), "finance_approver"),
    QueueCode.PRICING: ("Pricing", ("pricing",), "finance_approver"),
    QueueCode.EDI_DESK: ("EDI desk", ("cs", "cs_lead", "operator"), "operator"),
    QueueCode.QUALITY: ("Quality", ("warehouse", "planner"), "planner"),
    QueueCode.OPERATIONS: ("Operations", ("operator",), "operator"),
    QueueCode.REP: ("Field reps", ("rep", "cs"), "cs_lead"),
}
