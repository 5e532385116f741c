"""What happens to cases. Stream "case:<id>", seq = the case's version."""

from dataclasses import dataclass
from datetime import datetime

from core.outbox import Fact


@dataclass(frozen=True)
class CaseOpened(Fact):
    case_id: int
    number: str
    case_kind: str
    queue: str
    account_id: int | None
    subject_kind: str
    subject_id: int


@dataclass(frozen=True)
class CaseEscalated(Fact):
    """`threshold` percent of the clock has passed; `is_late` when the sweep itself came late (a downtime)."""

    case_id: int
    number: str
    case_kind: str
    queue: str
    clock: str
    threshold: int
    is_late: bool
    to_role: str
    assignee_id: int | None
    told_id: int | None = None


@dataclass(frozen=True)
class CaseBreached(Fact):
    case_id: int
    number: str
    case_kind: str
    queue: str
    clock: str
    due_at: datetime


@dataclass(frozen=True)
class CaseEnded(Fact):
    """Resolved by a person, or by itself because its cause is gone."""

    case_id: int
    number: str
    case_kind: str
    subject_kind: str
    subject_id: int
    is_automatic: bool


@dataclass(frozen=True)
class CaseReopened(Fact):
    case_id: int
    number: str
    case_kind: str


@dataclass(frozen=True)
class CaseNoticed(Fact):
    """Somebody was told about a case; the notice says who and what."""

    case_id: int
    notice_id: int
