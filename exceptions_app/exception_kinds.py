"""The kinds every installation has, whatever its rooms: effects that died and truths that broke."""

from exceptions_app.kinds import KindSpec, declare
from exceptions_app.severity import as_declared

JOB_DIED = "job_died"
INVARIANT_BROKEN = "invariant_broken"
APPROVAL_OVERDUE = "approval_overdue"
REPRICE_APPROVED = "reprice_approved"

declare(
    KindSpec(
        JOB_DIED,
        "Background job died",
        owner_queue="operations",
        severity="high",
        severity_rule=as_declared,
        respond_minutes=60,
        resolve_minutes=240,
        least_resolutions=1,
        why_fewer="the cause is mended where it lies; then the job is run again",
        description="A reaction to a fact failed five times. Mend the cause, then revive the job.",
    ),
    KindSpec(
        INVARIANT_BROKEN,
        "Ledger drift",
        owner_queue="operations",
        severity="critical",
        severity_rule=as_declared,
        respond_minutes=30,
        resolve_minutes=240,
        least_resolutions=1,
        why_fewer="no click may heal it: somebody finds out why, and it is checked again",
        description="Something that must always be true is not. Nothing heals silently: find out why first.",
    ),
    KindSpec(
        REPRICE_APPROVED,
        "Credit or rebill approved",
        owner_queue="finance",
        severity="medium",
        respond_minutes=480,
        resolve_minutes=2_400,
        least_resolutions=1,
        why_fewer="what was approved is issued; nobody takes an approval back at a click",
        description="A changed price was approved for goods that had shipped. Issue the credit, or bill the difference.",
    ),
    KindSpec(
        APPROVAL_OVERDUE,
        "Approval overdue",
        owner_queue="finance",
        severity="medium",
        respond_minutes=120,
        resolve_minutes=480,
        description="Nobody has decided in half the time. Decide, or find who may: what waits on it stands still.",
    ),
)
