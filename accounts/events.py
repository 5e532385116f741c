"""What happens to approvals. Stream "approval:<id>", seq 1: an approval is decided once."""

from dataclasses import dataclass
from decimal import Decimal

from core.outbox import Fact


@dataclass(frozen=True)
class ApprovalDecided(Fact):
    """Somebody with the authority said yes or no; what waits on it is worth another look."""

    approval_id: int
    approval_kind: str
    subject_kind: str
    subject_id: int
    is_approved: bool


@dataclass(frozen=True)
class ApprovalEscalated(Fact):
    """Nobody decided in time: it was asked of somebody above."""

    approval_id: int
    approval_kind: str
    subject_kind: str
    subject_id: int
    subject_number: str
    account_id: int | None
    amount: Decimal | None
    currency: str
    asked_by: str
    asked_of: str


@dataclass(frozen=True)
class ApprovalLapsed(Fact):
    """It ended undecided: whoever still wants it asks again."""

    approval_id: int
    approval_kind: str
    subject_kind: str
    subject_id: int
