"""What opens the cases every installation may have."""

from exceptions_app.detection import pushed
from exceptions_app.exception_kinds import APPROVAL_OVERDUE, INVARIANT_BROKEN, JOB_DIED, REPRICE_APPROVED

pushed(JOB_DIED, "the fact JobDied")
pushed(INVARIANT_BROKEN, "check_invariants")
pushed(APPROVAL_OVERDUE, "the fact ApprovalEscalated")
pushed(REPRICE_APPROVED, "the fact ApprovalDecided")
