"""What happens to approvals. Stream "approval:<id>", seq 1: an approval is decided once."""

from dataclasses import dataclass

from core.outbox import Fact


@dataclass(frozen=True)
class ApprovalDecided(Fact):
    """Somebody with the authority said yes or no; what waits on it is worth another look."""

    approval_id: int
    approval_kind: str
    subject_kind: str
    subject_id: int
    is_approved: bool
